/* The alternate screen, its keys, and the ways out. */
#include "cli/watch_screen.h"

#include "base/strbuf.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <termios.h>
#include <unistd.h>

#define ENTER "\033[?1049h\033[?25l\033[2J"
#define LEAVE "\033[0m\033[?25h\033[?1049l"

enum { COLUMNS_DEFAULT = 80, ROWS_DEFAULT = 24 };

/* A signal's handler gets nothing passed: this is what it needs to leave the terminal as it was. */
static struct {
    volatile sig_atomic_t taken;
    volatile sig_atomic_t keys; /* stdin's settings were changed */
    struct termios before;
} screen;

static void put(const char *text, size_t len)
{
    while (len > 0) {
        ssize_t n = write(STDOUT_FILENO, text, len);
        if (n < 0 && errno != EINTR && errno != EAGAIN)
            return; /* the terminal is gone; what ends us is on its way */
        if (n > 0) {
            text += n;
            len -= (size_t)n;
        }
    }
}

/* Only what a signal's handler may call. */
static void restore(void)
{
    int error = errno;
    if (screen.keys)
        tcsetattr(STDIN_FILENO, TCSANOW, &screen.before);
    if (screen.taken)
        put(LEAVE, sizeof LEAVE - 1);
    screen.keys = screen.taken = 0;
    errno = error;
}

/* Somebody in the background must not change the terminal: that would stop us. */
static void take_keys(void)
{
    struct termios now;
    if (tcgetpgrp(STDIN_FILENO) != getpgrp() || tcgetattr(STDIN_FILENO, &screen.before) < 0)
        return;
    now = screen.before;
    now.c_lflag &= ~(tcflag_t)(ICANON | ECHO);
    screen.keys = tcsetattr(STDIN_FILENO, TCSANOW, &now) == 0;
}

static void enter(void)
{
    screen.taken = 1;
    take_keys();
    put(ENTER, sizeof ENTER - 1);
}

static void on_interrupt(int signum)
{
    (void)signum;
    restore();
    _exit(0);
}

/* The handler was for once: the default is in force again, and ends or stops us. */
static void on_end(int signum)
{
    restore();
    raise(signum);
}

static void on_resize(int signum)
{
    (void)signum; /* ends the waiting; the size is asked for at every drawing */
}

static void watch_signal(int signum, void (*handler)(int), int flags)
{
    struct sigaction action = {.sa_handler = handler, .sa_flags = flags};
    sigemptyset(&action.sa_mask);
    sigaction(signum, &action, NULL);
}

/* Ctrl-Z: the shell gets its screen back, and we ours when we go on. */
static void on_stop(int signum)
{
    (void)signum;
    int error = errno;
    restore();
    raise(SIGSTOP);
    enter();
    errno = error;
}

void screen_end_by_interrupt(void)
{
    watch_signal(SIGINT, on_interrupt, 0);
}

bool screen_take(void)
{
    static const int ends[] = {SIGTERM, SIGHUP, SIGQUIT, SIGABRT, SIGSEGV};
    const char *term = getenv("TERM");
    if (!isatty(STDOUT_FILENO) || !term || !term[0] || strcmp(term, "dumb") == 0)
        return false;
    screen_end_by_interrupt();
    for (size_t i = 0; i < sizeof ends / sizeof *ends; i++)
        watch_signal(ends[i], on_end, (int)SA_RESETHAND);
    watch_signal(SIGTSTP, on_stop, SA_RESTART);
    watch_signal(SIGWINCH, on_resize, 0);
    enter();
    return true;
}

void screen_leave(void)
{
    restore();
}

struct screen_size screen_size(void)
{
    struct winsize size = {0};
    if (ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) < 0 || size.ws_col == 0 || size.ws_row == 0)
        return (struct screen_size){COLUMNS_DEFAULT, ROWS_DEFAULT};
    return (struct screen_size){size.ws_col, size.ws_row};
}

/* Over what is there, line by line: nothing flickers. */
void screen_draw(const char *text)
{
    struct strbuf out = STRBUF_INIT;
    strbuf_adds(&out, "\033[H");
    while (*text) {
        size_t len = strcspn(text, "\n");
        strbuf_add(&out, text, len);
        strbuf_adds(&out, "\033[0m\033[K");
        text += len;
        if (*text == '\n') {
            strbuf_adds(&out, "\r\n");
            text++;
        }
    }
    strbuf_adds(&out, "\033[J");
    put(strbuf_text(&out), out.len);
    strbuf_fini(&out);
}

bool screen_wait(int ms)
{
    struct pollfd key = {.fd = screen.keys ? STDIN_FILENO : -1, .events = POLLIN};
    char pressed = 0;
    if (poll(&key, 1, ms) <= 0)
        return true;
    ssize_t n = read(STDIN_FILENO, &pressed, 1);
    if (n == 0 || (n < 0 && errno != EINTR && errno != EAGAIN))
        screen.keys = 0; /* nobody presses keys there any more */
    return n <= 0 || (pressed != 'q' && pressed != 'Q');
}
