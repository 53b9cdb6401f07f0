/*
 * docs/config.md is the reference that the table of keys writes. With `--update` it is written anew
 * (ninja update-docs), else compared.
 */
#include "base/strbuf.h"
#include "core/config/config.h"

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

static const char marker[] = "writes what follows. -->\n\n";

static int read_whole(const char *path, struct strbuf *out)
{
    char chunk[4096];
    FILE *f = fopen(path, "r");
    if (!f)
        return -errno;
    for (size_t n; (n = fread(chunk, 1, sizeof chunk, f)) > 0;)
        strbuf_add(out, chunk, n);
    return fclose(f) == 0 ? 0 : -errno;
}

static int write_whole(const char *path, const struct strbuf *text)
{
    FILE *f = fopen(path, "w");
    if (!f)
        return -errno;
    bool whole = fwrite(text->data, 1, text->len, f) == text->len;
    return fclose(f) == 0 && whole ? 0 : -EIO;
}

int main(int argc, char **argv)
{
    const char *path = argv[argc - 1];
    bool update = argc == 3 && strcmp(argv[1], "--update") == 0;
    struct strbuf now = STRBUF_INIT;
    struct strbuf want = STRBUF_INIT;
    int r = read_whole(path, &now);
    const char *at = strstr(strbuf_text(&now), marker);
    if (r < 0 || !at) {
        fprintf(stderr, "read %s: %s\n", path, r < 0 ? strerror(-r) : "the marker is missing");
        return 1;
    }
    strbuf_add(&want, now.data, (size_t)(at + strlen(marker) - now.data));
    config_write_reference(&want);
    bool same = strcmp(strbuf_text(&now), strbuf_text(&want)) == 0;
    r = 0;
    if (update && !same)
        r = write_whole(path, &want);
    else if (!same)
        fprintf(stderr, "%s is not what the table says: run `ninja -C build update-docs`\n", path);
    strbuf_fini(&now);
    strbuf_fini(&want);
    return r < 0 || (!same && !update);
}
