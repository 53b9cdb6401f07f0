/* Reading and checking the whole configuration. */
#include "daemon/workers/load.h"

#include "core/config/config_lines.h"
#include "io/files/config_files.h"
#include "voxkeeper/control.h"

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

static void find_control_socket(const struct config_source *source, struct strbuf *out)
{
    static const char key[] = "ControlSocket=";
    struct config_lines lines;
    enum config_line kind;
    const char *cause = NULL;
    unsigned number = 0;
    bool in_admin = false;
    config_lines_init(&lines, source->text, source->len);
    while ((kind = config_lines_next(&lines, &number, &cause)) != CONFIG_LINE_END) {
        const char *line = kind == CONFIG_LINE_TEXT ? strbuf_text(&lines.text_of) : "";
        if (line[0] == '[')
            in_admin = strcmp(line, "[Admin]") == 0;
        if (!in_admin || strncmp(line, key, strlen(key)) != 0)
            continue;
        strbuf_reset(out);
        strbuf_adds(out, line + strlen(key));
    }
    config_lines_fini(&lines);
}

void load_control_socket(const char *path, struct strbuf *out)
{
    struct err e = {0};
    struct config_files files = {0};
    if (config_files_read(path, CONFIG_FILES_VENDOR, CONFIG_FILES_RUNTIME, &files, &e) == 0) {
        for (size_t i = 0; i < files.n; i++)
            find_control_socket(&files.sources[i], out);
        config_files_fini(&files);
    }
    if (out->len == 0)
        strbuf_adds(out, VK_CONTROL_SOCKET);
}
