/* Preparing what the new process will do: executable, environment, descriptors, user, limits. */
#include "io/child/child_plan.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define DEFAULT_PATH "/usr/local/bin:/usr/bin:/bin"

static const char *environment_get(char *const *envp, const char *prefix)
{
    for (; envp && *envp; envp++) {
        if (strncmp(*envp, prefix, strlen(prefix)) == 0)
            return *envp + strlen(prefix);
    }
    return NULL;
}

static bool is_executable(const char *path)
{
    struct stat st;
    return stat(path, &st) == 0 && S_ISREG(st.st_mode) && (st.st_mode & 0111) != 0;
}

/* Returns owned; looks where the worker itself would look. */
static char *find_in_path(const char *name, char *const *envp, struct err *e)
{
    const char *path = environment_get(envp, "PATH=");
    if (!path)
        path = DEFAULT_PATH;
    for (const char *at = path; at; at = strchr(at, ':') ? strchr(at, ':') + 1 : NULL) {
        int len = (int)strcspn(at, ":");
        char *candidate = NULL;
        if (len > 0 && asprintf(&candidate, "%.*s/%s", len, at, name) < 0) {
            err_sys(e, -ENOMEM, "starting \"%s\"", name);
            return NULL;
        }
        if (candidate && is_executable(candidate))
            return candidate;
        free(candidate);
    }
    err_set(e, -ENOENT, "starting \"%s\": not found in PATH \"%s\"", name, path);
    return NULL;
}

/* The worker's environment with our mark in it, whatever the configuration says about that. */
static int plan_environment(struct child_plan *p, const struct child_spec *spec, struct err *e)
{
    size_t n = 0;
    while (spec->envp && spec->envp[n])
        n++;
    char **envp = calloc(n + 2, sizeof *envp);
    char *mark = NULL;
    if (!envp || asprintf(&mark, CHILD_MARK "%s", spec->name) < 0) {
        free(envp);
        return err_sys(e, -ENOMEM, "preparing the environment");
    }
    size_t used = 0;
    envp[used++] = mark;
    for (size_t i = 0; i < n; i++) {
        if (strncmp(spec->envp[i], CHILD_MARK, strlen(CHILD_MARK)) != 0)
            envp[used++] = spec->envp[i];
    }
    p->envp = envp;
    memcpy(p->pid_texts, spec->pid_texts, sizeof p->pid_texts);
    return 0;
}

static bool has_target(const struct child_spec *spec, int target)
{
    for (unsigned i = 0; i < spec->n_fds; i++) {
        if (spec->fds[i].target == target)
            return true;
    }
    return false;
}

static int plan_descriptors(struct child_plan *p, const struct child_spec *spec, struct err *e)
{
    p->fds = calloc(spec->n_fds + 3, sizeof *p->fds);
    if (!p->fds)
        return err_sys(e, -ENOMEM, "preparing descriptors");
    for (unsigned i = 0; i < spec->n_fds; i++) {
        p->fds[p->n_fds++] = (struct child_plan_fd){
            .source = spec->fds[i].source,
            .target = spec->fds[i].target,
        };
    }
    for (int target = 0; target < 3; target++) {
        if (has_target(spec, target))
            continue;
        if (p->null_fd < 0)
            p->null_fd = open("/dev/null", O_RDWR | O_CLOEXEC);
        if (p->null_fd < 0)
            return err_sys(e, -errno, "opening \"/dev/null\"");
        p->fds[p->n_fds++] = (struct child_plan_fd){.source = p->null_fd, .target = target};
    }
    return 0;
}

/* Left as it is where ours cannot be read, and where the worker's would be safer than ours. */
static void plan_oom_score(struct child_plan *p, const struct child_spec *spec)
{
    int ours = 0;
    FILE *f = spec->oom_score_adj != 0 ? fopen("/proc/self/oom_score_adj", "re") : NULL;
    if (!f)
        return;
    if (fscanf(f, "%d", &ours) == 1 && spec->oom_score_adj > ours)
        snprintf(p->oom_score_adj, sizeof p->oom_score_adj, "%d", spec->oom_score_adj);
    fclose(f);
}

static int copy_text(char **out, const char *text, struct err *e)
{
    *out = text ? strdup(text) : NULL;
    return text && !*out ? err_sys(e, -ENOMEM, "preparing a process") : 0;
}

static int plan_all(struct child_plan *p, const struct child_spec *spec, struct err *e)
{
    int r = plan_environment(p, spec, e);
    if (r < 0)
        return r;
    if (strchr(spec->path, '/')) {
        r = copy_text(&p->path, spec->path, e);
    } else {
        p->path = find_in_path(spec->path, spec->envp, e);
        r = p->path ? 0 : e ? e->code : -ENOENT;
    }
    if (r < 0)
        return r;
    r = copy_text(&p->working_directory, spec->working_directory, e);
    if (r == 0)
        r = copy_text(&p->user_name, spec->user, e);
    if (r == 0)
        r = copy_text(&p->group_name, spec->group, e);
    if (r == 0)
        r = plan_descriptors(p, spec, e);
    if (r == 0)
        r = child_user_find(spec->user, spec->group, &p->user, e);
    return r;
}

int child_plan_init(struct child_plan *p, const struct child_spec *spec, struct err *e)
{
    *p = CHILD_PLAN_NONE;
    p->argv = spec->argv;
    p->limit_nofile = spec->limit_nofile;
    plan_oom_score(p, spec);
    int r = plan_all(p, spec, e);
    if (r < 0)
        child_plan_fini(p);
    return r;
}

void child_plan_fini(struct child_plan *p)
{
    if (p->envp)
        free(p->envp[0]);
    free(p->envp);
    free(p->path);
    free(p->working_directory);
    free(p->user_name);
    free(p->group_name);
    free(p->fds);
    if (p->null_fd >= 0)
        close(p->null_fd);
    child_user_fini(&p->user);
    *p = CHILD_PLAN_NONE;
}

static void explain_exec(const struct child_plan *p, int code, struct err *e)
{
    /* execve(2) says ENOENT for a missing interpreter too, and then the file is there. */
    if (code == -ENOENT && p->path[0] == '/' && access(p->path, F_OK) == 0)
        err_sys(e, code, "starting \"%s\": running the interpreter that it names", p->path);
    else
        err_sys(e, code, "starting \"%s\"", p->path);
}

void child_plan_explain(
    const struct child_plan *p, const struct child_report *report, struct err *e)
{
    int code = -report->errno_value;
    switch (report->step) {
    case CHILD_STEP_SESSION:
        err_sys(e, code, "starting a session for \"%s\"", p->path);
        return;
    case CHILD_STEP_FD:
        err_sys(e, code, "passing descriptor %d as %d", p->fds[report->index].source,
            p->fds[report->index].target);
        return;
    case CHILD_STEP_LIMIT:
        err_sys(e, code, "setting LimitNOFILE to %" PRIu64, p->limit_nofile);
        return;
    case CHILD_STEP_GROUPS:
        err_sys(e, code, "taking the groups of user \"%s\"", p->user_name ? p->user_name : "");
        return;
    case CHILD_STEP_GROUP:
        err_sys(e, code, "switching to group \"%s\"", p->group_name ? p->group_name : p->user_name);
        return;
    case CHILD_STEP_USER:
        err_sys(e, code, "switching to user \"%s\"", p->user_name ? p->user_name : "");
        return;
    case CHILD_STEP_DIRECTORY:
        err_sys(e, code, "changing to directory \"%s\"", p->working_directory);
        return;
    case CHILD_STEP_EXEC:
        explain_exec(p, code, e);
        return;
    }
}
