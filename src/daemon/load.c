/* Reading and checking the whole configuration. */
#include "daemon/load.h"

#include "io/config_files.h"

#include <string.h>

int load_config(const char *path, struct config **out, struct strbuf *out_complaints)
{
    struct err e = {0};
    struct config_files files = {0};
    struct config_diagnostics diagnostics = {0};
    int r = config_files_read(path, CONFIG_FILES_VENDOR, CONFIG_FILES_RUNTIME, &files, &e);
    if (r < 0) {
        strbuf_addf(out_complaints, "%s\n", e.msg);
        return r;
    }
    r = config_parse(files.sources, files.n, out, &diagnostics);
    config_diagnostics_write(&diagnostics, out_complaints);
    if (r < 0 && out_complaints->len == 0) /* no memory for what there was to say */
        strbuf_addf(out_complaints, "reading %s: %s\n", path, strerror(-r));
    config_diagnostics_fini(&diagnostics);
    config_files_fini(&files);
    return r;
}
