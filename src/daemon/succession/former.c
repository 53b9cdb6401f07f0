/* Reading what the instance before this one left. */
#include "daemon/succession/former.h"

#include "io/boot.h"
#include "io/keep/snapshot.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

static int parse(const char *text, const char *what, struct config **out, struct err *e)
{
    const struct config_source source = {.path = what, .text = text, .len = strlen(text)};
    struct config_diagnostics diagnostics = {0};
    int r = config_parse(&source, 1, out, &diagnostics);
    if (r < 0) {
        struct strbuf complaints = STRBUF_INIT;
        config_diagnostics_write(&diagnostics, &complaints);
        err_set(e, r, "reading the configuration that was in force: %s", strbuf_text(&complaints));
        strbuf_fini(&complaints);
    }
    config_diagnostics_fini(&diagnostics);
    return r;
}

static int check_boot(const struct saved *s, struct err *e)
{
    char boot[BOOT_ID_MAX];
    boot_id(boot);
    if (strcmp(boot, s->boot_id) == 0)
        return 0;
    return err_set(e, -ESTALE, "reading the state: it is of boot \"%s\", this is boot \"%s\"",
        s->boot_id, boot);
}

static int read_all(int fd, struct former *f, struct err *e)
{
    struct strbuf text = STRBUF_INIT;
    int r = snapshot_read(fd, &text, e);
    if (r == 0)
        r = saved_read(strbuf_text(&text), text.len, &f->saved, e);
    strbuf_fini(&text);
    if (r == 0)
        r = check_boot(&f->saved, e);
    if (r == 0)
        r = parse(f->saved.config ? f->saved.config : "", "(state)", &f->config, e);
    if (r == 0 && f->saved.previous)
        r = parse(f->saved.previous, "(state, previous)", &f->previous, e);
    return r;
}

int former_read(int fd, struct former **out, struct err *e)
{
    struct former *f = calloc(1, sizeof *f);
    if (!f)
        return err_sys(e, -ENOMEM, "reading the state");
    int r = read_all(fd, f, e);
    if (r < 0)
        former_free(f);
    else
        *out = f;
    return r;
}

void former_free(struct former *f)
{
    if (!f)
        return;
    saved_fini(&f->saved);
    config_free(f->config);
    config_free(f->previous);
    free(f);
}
