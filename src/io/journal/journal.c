/* The log sink: journald, or lines on stderr. */
#include "io/journal/journal.h"

#include "base/log.h"
#include "base/strbuf.h"
#include "core/logs/log_format.h"
#include "io/journal/journal_parts.h"
#include "io/journal/journal_socket.h"
#include "io/journal/log_stderr.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define LAST_PATIENCE (100 * USEC_PER_MSEC)

/* With base/log.c's pointer to it, the one mutable global. */
static struct {
    char *identifier;
    struct journal_socket *journal; /* exactly one of the two, while installed */
    struct log_stderr *lines;
    struct strbuf bytes;
    uint64_t told; /* lost records that were told */
} sink;

static bool is_event(const struct log_record *record)
{
    for (size_t i = 0; i < record->n_fields; i++) {
        if (strcmp(record->fields[i].name, "MESSAGE_ID") == 0)
            return true;
    }
    return false;
}

static void put(const struct log_record *record)
{
    strbuf_reset(&sink.bytes);
    if (sink.journal) {
        log_format_native(&sink.bytes, record, sink.identifier);
        journal_socket_send(
            sink.journal, strbuf_text(&sink.bytes), sink.bytes.len, is_event(record));
    } else {
        log_format_json(&sink.bytes, record, loop_wall_now());
        log_stderr_write(sink.lines, strbuf_text(&sink.bytes), sink.bytes.len);
    }
}

/* Said once things flow again: a gap that nobody mentions is a lie. */
static void tell_losses(void)
{
    uint64_t dropped = journal_dropped();
    if (dropped == sink.told || (sink.journal && !journal_socket_idle(sink.journal)))
        return;
    char text[96];
    int len = snprintf(text, sizeof text, "%llu log records were lost: the log could not take them",
        (unsigned long long)(dropped - sink.told));
    put(&(struct log_record){
        .level = LOG_LEVEL_WARNING, .message = text, .message_len = (size_t)len});
    if (journal_dropped() == dropped)
        sink.told = dropped;
}

static void on_record(const struct log_record *record, void *arg)
{
    (void)arg;
    uint64_t dropped = journal_dropped();
    put(record);
    if (journal_dropped() == dropped)
        tell_losses();
}

static bool stderr_is_journal(void)
{
    const char *stream = getenv("JOURNAL_STREAM");
    unsigned long long device = 0;
    unsigned long long inode = 0;
    struct stat st;
    return stream && sscanf(stream, "%llu:%llu", &device, &inode) == 2 &&
           fstat(STDERR_FILENO, &st) == 0 && st.st_dev == device && st.st_ino == inode;
}

static void install(const char *identifier, const char *path)
{
    journal_uninstall();
    signal(SIGPIPE, SIG_IGN);
    sink.identifier = strdup(identifier);
    if (path)
        sink.journal = journal_socket_new(path);
    if (!sink.journal)
        sink.lines = log_stderr_new(STDERR_FILENO);
    if (sink.identifier && (sink.journal || sink.lines))
        log_set_sink(on_record, NULL);
}

void journal_install(const char *identifier, bool force_journal)
{
    bool journal = force_journal || stderr_is_journal();
    install(identifier, journal ? JOURNAL_SOCKET_PATH : NULL);
}

void journal_install_at(const char *identifier, const char *path)
{
    install(identifier, path);
}

void journal_attach(struct loop *l)
{
    if (sink.journal)
        journal_socket_attach(sink.journal, l);
}

void journal_detach(void)
{
    if (sink.journal)
        journal_socket_detach(sink.journal, LAST_PATIENCE);
}

void journal_uninstall(void)
{
    log_set_sink(NULL, NULL);
    journal_detach();
    journal_socket_free(sink.journal);
    log_stderr_free(sink.lines);
    strbuf_fini(&sink.bytes);
    free(sink.identifier);
    memset(&sink, 0, sizeof sink);
}

bool journal_in_use(void)
{
    return sink.journal != NULL;
}

uint64_t journal_dropped(void)
{
    if (sink.journal)
        return journal_socket_dropped(sink.journal);
    return sink.lines ? log_stderr_dropped(sink.lines) : 0;
}
