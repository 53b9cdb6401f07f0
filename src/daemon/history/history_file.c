/* The file of events. */
#include "daemon/history/history_file.h"

#include "base/timestamp.h"
#include "core/limits.h"
#include "io/boot.h"
#include "io/files/files.h"
#include "io/files/line_file.h"
#include "io/loop/loop.h"

#include <cjson/cJSON.h>
#include <stdlib.h>
#include <string.h>

/* How long a disk that was full is left alone. */
#define RETRY_AFTER (5 * USEC_PER_SEC)

/* A number of an event that a double still tells from the next. */
#define SEQ_MAX 9007199254740991.0

struct history_file {
    struct line_file *lines;
    usec_t retry_at; /* 0: the file is whole */
};

struct history_file *history_file_new(const char *path)
{
    struct history_file *f = calloc(1, sizeof *f);
    if (!f)
        return NULL;
    f->lines = line_file_new(path);
    if (f->lines)
        return f;
    free(f);
    return NULL;
}

static const char *text_of(const cJSON *object, const char *name)
{
    return cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(object, name));
}

static void read_fields(const cJSON *fields, struct happening *out)
{
    const cJSON *field;
    cJSON_ArrayForEach(field, fields)
    {
        const char *value = cJSON_GetStringValue(field);
        if (!value || out->n_fields == EVENT_FIELDS_MAX)
            continue;
        struct happening_field copy = {strdup(field->string), strdup(value)};
        if (copy.name && copy.value) {
            out->fields[out->n_fields++] = copy;
            continue;
        }
        free(copy.name);
        free(copy.value);
    }
}

/* False if it is none, or one that this version does not know. */
static bool read_happening(const cJSON *json, uint64_t after, struct happening *out)
{
    const cJSON *seq = cJSON_GetObjectItemCaseSensitive(json, "seq");
    const char *time = text_of(json, "time");
    const char *event = text_of(json, "event");
    const char *message = text_of(json, "message");
    *out = (struct happening){0};
    if (!cJSON_IsNumber(seq) || !(seq->valuedouble > (double)after) || seq->valuedouble > SEQ_MAX ||
        !event || !event_find(event, strlen(event), &out->id) || !time ||
        timestamp_parse(time, strlen(time), &out->wall) < 0)
        return false;
    out->seq = (uint64_t)seq->valuedouble;
    out->at = usec_sub(loop_now(), usec_sub(loop_wall_now(), out->wall));
    out->message = strdup(message ? message : "");
    read_fields(cJSON_GetObjectItemCaseSensitive(json, "fields"), out);
    return true;
}

/* After another boot of the machine the last lines may be missing. */
static char *read_boot(const char *line, size_t len)
{
    char machine[BOOT_ID_MAX];
    cJSON *json = cJSON_ParseWithLength(line, len);
    const char *written = text_of(json, "machine");
    const char *boot = text_of(json, "boot");
    boot_id(machine);
    char *found = boot && boot[0] && written && strcmp(written, machine) == 0 ? strdup(boot) : NULL;
    cJSON_Delete(json);
    return found;
}

char *history_file_read(
    const char *path, void (*each)(struct happening *taken, void *arg), void *arg)
{
    char *text = NULL;
    char *boot = NULL;
    size_t len = 0;
    uint64_t newest = 0;
    struct err not_there = {0};
    if (files_read(path, 2 * LIMIT_HISTORY_FILE, &text, &len, &not_there) < 0)
        return NULL;
    for (const char *line = text, *end; (end = memchr(line, '\n', len)) != NULL; line = end + 1) {
        size_t n = (size_t)(end - line);
        struct happening happening;
        len -= n + 1;
        if (line == text) {
            boot = read_boot(line, n);
            continue;
        }
        cJSON *json = cJSON_ParseWithLength(line, n);
        if (read_happening(json, newest, &happening)) {
            newest = happening.seq;
            each(&happening, arg);
        }
        cJSON_Delete(json);
    }
    free(text);
    return boot;
}

static char *line_of(const struct happening *happening)
{
    cJSON *json = happening_json(happening, true);
    char *line = cJSON_PrintUnformatted(json);
    cJSON_Delete(json);
    return line;
}

static void write_header(const struct history *h, struct strbuf *out)
{
    char machine[BOOT_ID_MAX];
    boot_id(machine);
    strbuf_addf(out, "{\"boot\":\"%s\",\"machine\":\"%s\"}\n", history_boot(h), machine);
}

/* The newest that half the file has room for, so that it can grow. */
static void write_all(const struct history *h, struct strbuf *out)
{
    char *lines[LIMIT_HISTORY_EVENTS];
    size_t n = 0;
    size_t total = 0;
    write_header(h, out);
    for (const struct happening *next = history_after(h, 0); next && n < LIMIT_HISTORY_EVENTS;
         next = history_after(h, next->seq)) {
        char *line = line_of(next);
        total += line ? strlen(line) : 0;
        if (line)
            lines[n++] = line;
    }
    for (size_t i = 0; i < n; i++) {
        if (total <= LIMIT_HISTORY_FILE / 2) {
            strbuf_adds(out, lines[i]);
            strbuf_addc(out, '\n');
        } else {
            total -= strlen(lines[i]);
        }
        free(lines[i]);
    }
}

bool history_file_rewrite(struct history_file *f, const struct history *h)
{
    struct strbuf text = STRBUF_INIT;
    write_all(h, &text);
    bool written = !text.failed && line_file_replace(f->lines, strbuf_text(&text), text.len);
    strbuf_fini(&text);
    f->retry_at = written ? 0 : usec_add(loop_now(), RETRY_AFTER);
    return written;
}

/* A next instance that reads the file must not give numbers again that are not in it. */
static void append(struct history_file *f, const struct happening *newest)
{
    struct strbuf text = STRBUF_INIT;
    char *line = line_of(newest);
    strbuf_adds(&text, line ? line : "");
    strbuf_addc(&text, '\n');
    if (!line || text.failed || !line_file_append(f->lines, strbuf_text(&text), text.len)) {
        line_file_spoil(f->lines);
        f->retry_at = usec_add(loop_now(), RETRY_AFTER);
    }
    free(line);
    strbuf_fini(&text);
}

void history_file_add(struct history_file *f, const struct history *h)
{
    if (f->retry_at == 0 && line_file_size(f->lines) < LIMIT_HISTORY_FILE)
        append(f, history_after(h, history_newest(h) - 1));
    else if (loop_now() >= f->retry_at)
        history_file_rewrite(f, h);
}

void history_file_free(struct history_file *f)
{
    if (!f)
        return;
    line_file_free(f->lines);
    free(f);
}
