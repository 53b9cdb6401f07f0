/* io/journal: records reach a journald stand-in, which may be slow, stopped, gone or new. */
#include "io/journal/journal.h"

#include "base/log.h"
#include "base/strbuf.h"
#include "cmocka_all.h"
#include "core/event.h"
#include "core/limits.h"
#include "io/journal/journal_parts.h"
#include "turning.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

struct stand_in {
    char dir[32];
    struct sockaddr_un address;
    int fd;
    struct strbuf record; /* the latest */
    unsigned received;
    unsigned wanted;
};

static void stand_in_listen(struct stand_in *j)
{
    unlink(j->address.sun_path);
    j->fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    assert_true(j->fd >= 0);
    assert_int_equal(bind(j->fd, (const struct sockaddr *)&j->address, sizeof j->address), 0);
}

static void stand_in_prepare(struct stand_in *j)
{
    *j = (struct stand_in){.dir = "/tmp/journal.XXXXXX", .fd = -1};
    assert_non_null(mkdtemp(j->dir));
    j->address.sun_family = AF_UNIX;
    snprintf(j->address.sun_path, sizeof j->address.sun_path, "%s/socket", j->dir);
}

static void stand_in_end(struct stand_in *j)
{
    if (j->fd >= 0)
        close(j->fd);
    unlink(j->address.sun_path);
    rmdir(j->dir);
    strbuf_fini(&j->record);
}

static void read_memfd(struct stand_in *j, int fd)
{
    const int all = F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE | F_SEAL_SEAL;
    struct stat st;
    assert_int_equal(fcntl(fd, F_GET_SEALS) & all, all); /* journald takes no other */
    assert_int_equal(fstat(fd, &st), 0);
    char *bytes = malloc((size_t)st.st_size);
    assert_int_equal(pread(fd, bytes, (size_t)st.st_size, 0), st.st_size);
    strbuf_add(&j->record, bytes, (size_t)st.st_size);
    free(bytes);
    close(fd);
}

/* Takes one record, as journald would; false if none is there. */
static bool stand_in_receive(struct stand_in *j)
{
    static char bytes[16 << 20];
    union {
        struct cmsghdr header;
        char space[CMSG_SPACE(sizeof(int))];
    } control = {0};
    struct iovec part = {.iov_base = bytes, .iov_len = sizeof bytes};
    struct msghdr message = {.msg_iov = &part,
        .msg_iovlen = 1,
        .msg_control = &control,
        .msg_controllen = sizeof control};
    ssize_t n = recvmsg(j->fd, &message, MSG_CMSG_CLOEXEC);
    if (n < 0)
        return false;
    strbuf_reset(&j->record);
    strbuf_add(&j->record, bytes, (size_t)n);
    struct cmsghdr *c = CMSG_FIRSTHDR(&message);
    if (c) {
        int fd = -1;
        memcpy(&fd, CMSG_DATA(c), sizeof fd);
        read_memfd(j, fd);
    }
    j->received++;
    return true;
}

static void say(const char *text)
{
    log_printf(LOG_LEVEL_INFO, "%s", text);
}

static void assert_received(struct stand_in *j, const char *expected)
{
    assert_true(stand_in_receive(j));
    assert_string_equal(strbuf_text(&j->record), expected);
}

static void sends_events_and_text(void **state)
{
    (void)state;
    struct stand_in j;
    stand_in_prepare(&j);
    stand_in_listen(&j);
    journal_install_at("voxkeeper", j.address.sun_path);
    assert_true(journal_in_use());
    say("hello");
    assert_received(&j, "MESSAGE=hello\nPRIORITY=6\nSYSLOG_IDENTIFIER=voxkeeper\n");
    struct event ev;
    event_init(&ev, EVENT_REDIS_DOWN);
    event_message(&ev, "Redis is down");
    event_emit(&ev);
    event_fini(&ev);
    assert_true(stand_in_receive(&j));
    assert_non_null(strstr(j.record.data, "\nMESSAGE_ID=27f82f9467094347bf0283a32bc318aa\n"));
    assert_int_equal(journal_dropped(), 0);
    journal_uninstall();
    stand_in_end(&j);
}

static void send_large_record(struct stand_in *j, size_t len)
{
    char *text = malloc(len + 1);
    memset(text, 'x', len);
    text[len] = '\0';
    say(text);
    assert_true(stand_in_receive(j));
    assert_int_equal(
        j->record.len, len + strlen("MESSAGE=\nPRIORITY=6\nSYSLOG_IDENTIFIER=voxkeeper\n"));
    free(text);
}

/* Beyond what a datagram, the kernel's memory in one piece, or any send buffer takes. */
static void sends_large_records_whole(void **state)
{
    (void)state;
    struct stand_in j;
    stand_in_prepare(&j);
    stand_in_listen(&j);
    journal_install_at("voxkeeper", j.address.sun_path);
    static const size_t lengths[] = {100 << 10, 1 << 20, 12 << 20, 32 << 20};
    for (size_t i = 0; i < sizeof lengths / sizeof *lengths; i++)
        send_large_record(&j, lengths[i]);
    assert_int_equal(journal_dropped(), 0);
    journal_uninstall();
    stand_in_end(&j);
}

static void say_event(unsigned number)
{
    struct event ev;
    event_init(&ev, EVENT_WORKER_CRASHED);
    event_message(&ev, "event %u", number);
    event_emit(&ev);
    event_fini(&ev);
}

static bool drained(const void *arg)
{
    struct stand_in *j = (struct stand_in *)arg;
    while (stand_in_receive(j))
        continue;
    return j->received >= j->wanted;
}

/* A stopped journald: nobody waits, what fits in the backlog comes later, the rest is counted. */
static void never_waits_for_a_stopped_journald(void **state)
{
    (void)state;
    struct stand_in j;
    struct err e;
    struct loop *l = loop_new(&e);
    stand_in_prepare(&j);
    stand_in_listen(&j);
    journal_install_at("voxkeeper", j.address.sun_path);
    journal_attach(l);
    char text[1001] = "";
    memset(text, 'x', sizeof text - 1);
    usec_t from = loop_now();
    unsigned said = 0;
    while (journal_dropped() == 0 && said < 100000) {
        say(text);
        said++;
    }
    assert_int_equal(journal_dropped(), 1);
    assert_true(said > LIMIT_JOURNAL_BACKLOG / 2 / 1100);
    assert_true(loop_now() - from < 5 * USEC_PER_SEC);
    assert_true(stand_in_receive(&j)); /* a place for what waits, not for what comes */
    for (unsigned i = 1; i <= 1000; i++)
        say_event(i);
    assert_int_equal(journal_dropped(), 1); /* events still find room */

    said += 1000;
    j.wanted = said - 1;
    assert_true(turn_until(l, drained, &j));
    assert_int_equal(j.received, said - 1);
    assert_memory_equal(j.record.data, "MESSAGE=event 1000\n", 19);

    say("again");
    assert_true(stand_in_receive(&j));
    assert_memory_equal(j.record.data, "MESSAGE=again\n", 14);
    assert_true(stand_in_receive(&j));
    assert_memory_equal(j.record.data, "MESSAGE=1 log records were lost", 31);
    assert_false(stand_in_receive(&j));

    journal_detach();
    journal_uninstall();
    loop_free(l);
    stand_in_end(&j);
}

static void keeps_the_order(void **state)
{
    (void)state;
    struct stand_in j;
    stand_in_prepare(&j);
    stand_in_listen(&j);
    journal_install_at("voxkeeper", j.address.sun_path);
    enum { RECORDS = 2000 }; /* more than any queue of the kernel's */
    for (int i = 0; i < RECORDS; i++) {
        log_printf(LOG_LEVEL_INFO, "%d", i);
        if (i % 10 == 9) /* a place comes free while others wait for one */
            assert_true(stand_in_receive(&j));
    }
    journal_uninstall();
    assert_true(j.received < RECORDS / 2);
    int next = (int)j.received;
    while (stand_in_receive(&j))
        assert_int_equal(strtol(j.record.data + strlen("MESSAGE="), NULL, 10), next++);
    assert_true(next > (int)RECORDS / 10);
    stand_in_end(&j);
}

static void leaves_a_stuck_journald_behind(void **state)
{
    (void)state;
    struct stand_in j;
    struct err e;
    struct loop *l = loop_new(&e);
    stand_in_prepare(&j);
    stand_in_listen(&j);
    journal_install_at("voxkeeper", j.address.sun_path);
    journal_attach(l);
    for (unsigned i = 0; i < 20000; i++)
        say_event(i);
    loop_run(l); /* what waits does not keep it running */
    usec_t from = loop_now();
    journal_detach();
    assert_true(loop_now() - from < 5 * USEC_PER_SEC);
    loop_free(l);
    journal_uninstall();
    stand_in_end(&j);
}

static void finds_a_journald_that_comes_and_comes_anew(void **state)
{
    (void)state;
    struct stand_in j;
    stand_in_prepare(&j);
    journal_install_at("voxkeeper", j.address.sun_path);
    say("nobody hears this");
    assert_int_equal(journal_dropped(), 1);
    stand_in_listen(&j);
    say("first");
    assert_received(&j, "MESSAGE=first\nPRIORITY=6\nSYSLOG_IDENTIFIER=voxkeeper\n");
    assert_true(stand_in_receive(&j));
    assert_memory_equal(j.record.data, "MESSAGE=1 log records were lost", 31);
    close(j.fd);
    stand_in_listen(&j);
    say("second");
    assert_received(&j, "MESSAGE=second\nPRIORITY=6\nSYSLOG_IDENTIFIER=voxkeeper\n");
    assert_int_equal(journal_dropped(), 1);
    journal_uninstall();
    stand_in_end(&j);
}

static void set_journal_stream(unsigned long long offset)
{
    struct stat st;
    char text[64];
    assert_int_equal(fstat(STDERR_FILENO, &st), 0);
    snprintf(text, sizeof text, "%llu:%llu", (unsigned long long)st.st_dev,
        (unsigned long long)st.st_ino + offset);
    setenv("JOURNAL_STREAM", text, 1);
}

static void chooses_by_journal_stream(void **state)
{
    (void)state;
    unsetenv("JOURNAL_STREAM");
    journal_install("voxkeeper", false);
    assert_false(journal_in_use());
    journal_install("voxkeeper", true);
    assert_true(journal_in_use());
    set_journal_stream(0);
    journal_install("voxkeeper", false);
    assert_true(journal_in_use());
    set_journal_stream(1);
    journal_install("voxkeeper", false);
    assert_false(journal_in_use());
    setenv("JOURNAL_STREAM", "nonsense", 1);
    journal_install("voxkeeper", false);
    assert_false(journal_in_use());
    journal_uninstall();
    unsetenv("JOURNAL_STREAM");
}

static void writes_json_to_stderr_without_it(void **state)
{
    (void)state;
    int fds[2];
    int saved = dup(STDERR_FILENO);
    assert_int_equal(pipe2(fds, O_CLOEXEC), 0);
    dup2(fds[1], STDERR_FILENO);
    journal_install("voxkeeper", false);
    say("hello \xff");
    log_printf(LOG_LEVEL_DEBUG, "not wanted");
    journal_uninstall();
    dup2(saved, STDERR_FILENO);
    close(saved);
    close(fds[1]);
    char line[256] = "";
    ssize_t n = read(fds[0], line, sizeof line - 1);
    assert_true(n > 0);
    static const char expected[] = "\", \"level\": \"info\", \"message\": \"hello \\ufffd\"}\n";
    assert_memory_equal(line, "{\"ts\": \"20", 9);
    assert_string_equal(line + strlen("{\"ts\": \"2026-01-02T03:04:05.678901Z"), expected);
    close(fds[0]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(sends_events_and_text),
        cmocka_unit_test(sends_large_records_whole),
        cmocka_unit_test(never_waits_for_a_stopped_journald),
        cmocka_unit_test(keeps_the_order),
        cmocka_unit_test(leaves_a_stuck_journald_behind),
        cmocka_unit_test(finds_a_journald_that_comes_and_comes_anew),
        cmocka_unit_test(chooses_by_journal_stream),
        cmocka_unit_test(writes_json_to_stderr_without_it),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
