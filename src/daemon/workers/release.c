/* The name of the running release. */
#include "daemon/workers/release.h"

#include "base/strbuf.h"
#include "base/text.h"
#include "core/limits.h"
#include "io/files/files.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void release_read(const char *path, char out[RELEASE_MAX])
{
    char *text = NULL;
    size_t len = 0;
    out[0] = '\0';
    if (!path || files_read(path, LIMIT_CONFIG_LINE, &text, &len, NULL) < 0)
        return;
    struct strbuf shown = STRBUF_INIT;
    text[strcspn(text, "\n")] = '\0';
    char *trimmed = text_trim(text);
    text_escape(&shown, trimmed, strlen(trimmed), RELEASE_MAX - 1);
    snprintf(out, RELEASE_MAX, "%s", strbuf_text(&shown));
    strbuf_fini(&shown);
    free(text);
}
