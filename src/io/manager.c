/* What the service manager says of our unit. */
#include "io/manager.h"

#include "base/span.h"
#include "io/child/procinfo_cgroup.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <systemd/sd-bus.h>

int manager_own_unit(struct own_unit *out, struct err *e)
{
    char *text = NULL;
    int r = proc_cgroup_read(PROC_CGROUP_OWN, &text, e);
    if (r < 0)
        return r;
    if (!own_unit_read(text, out))
        r = err_set(e, -ENOENT,
            "looking for the unit that this is part of: \"" PROC_CGROUP_OWN "\" names none");
    free(text);
    return r;
}

#define MANAGER "org.freedesktop.systemd1"
#define BUS_TIMEOUT (2 * USEC_PER_SEC)

/* The object of a loaded unit, into `path` (owned). */
static int unit_object(sd_bus *bus, const char *unit, char **out)
{
    sd_bus_message *reply = NULL;
    const char *path = NULL;
    int r = sd_bus_call_method(bus, MANAGER, "/org/freedesktop/systemd1", MANAGER ".Manager",
        "GetUnit", NULL, &reply, "s", unit);
    if (r >= 0)
        r = sd_bus_message_read(reply, "o", &path);
    if (r >= 0)
        r = (*out = strdup(path)) ? 0 : -ENOMEM;
    sd_bus_message_unref(reply);
    return r;
}

static int job_type(sd_bus *bus, const char *object, void *arg)
{
    char **out = arg;
    sd_bus_message *job = NULL;
    const char *path = NULL;
    int r = sd_bus_get_property(bus, MANAGER, object, MANAGER ".Unit", "Job", NULL, &job, "(uo)");
    if (r >= 0)
        r = sd_bus_message_read(job, "(uo)", NULL, &path);
    if (r >= 0 && strcmp(path, "/") == 0)
        r = (*out = strdup("")) ? 0 : -ENOMEM;
    else if (r >= 0)
        r = sd_bus_get_property_string(bus, MANAGER, path, MANAGER ".Job", "JobType", NULL, out);
    sd_bus_message_unref(job);
    return r;
}

static int unit_files(sd_bus *bus, const char *object, void *arg)
{
    struct strlist *out = arg;
    char *fragment = NULL;
    char **drop_ins = NULL;
    int r = sd_bus_get_property_string(
        bus, MANAGER, object, MANAGER ".Unit", "FragmentPath", NULL, &fragment);
    if (r >= 0)
        r = sd_bus_get_property_strv(
            bus, MANAGER, object, MANAGER ".Unit", "DropInPaths", NULL, &drop_ins);
    if (r >= 0 && fragment[0])
        r = strlist_add(out, fragment);
    for (char **path = drop_ins; path && *path; path++) {
        if (r >= 0)
            r = strlist_add(out, *path);
        free(*path);
    }
    free(drop_ins);
    free(fragment);
    return r;
}

static int needs_reload(sd_bus *bus, const char *object, void *arg)
{
    bool *out = arg;
    int needs = 0;
    int r = sd_bus_get_property_trivial(
        bus, MANAGER, object, MANAGER ".Unit", "NeedDaemonReload", NULL, 'b', &needs);
    if (r >= 0)
        *out = needs != 0;
    return r;
}

static int ask(
    const char *unit, int (*question)(sd_bus *bus, const char *object, void *arg), void *arg)
{
    sd_bus *bus = NULL;
    char *object = NULL;
    int r = sd_bus_open_system(&bus);
    if (r >= 0)
        r = sd_bus_set_method_call_timeout(bus, BUS_TIMEOUT);
    if (r >= 0)
        r = unit_object(bus, unit, &object);
    if (r >= 0)
        r = question(bus, object, arg);
    free(object);
    sd_bus_unref(bus);
    return r < 0 ? r : 0;
}

int manager_job_type(const char *unit, char **out, struct err *e)
{
    int r = ask(unit, job_type, out);
    return r < 0 ? err_sys(e, r, "asking the service manager for the job of \"%s\"", unit) : 0;
}

int manager_unit_files(const char *unit, struct strlist *out, struct err *e)
{
    struct strlist files = {0};
    int r = ask(unit, unit_files, &files);
    if (r < 0) {
        strlist_fini(&files);
        return err_sys(e, r, "asking the service manager for the files of \"%s\"", unit);
    }
    *out = files;
    return 0;
}

int manager_needs_reload(const char *unit, bool *out, struct err *e)
{
    int r = ask(unit, needs_reload, out);
    return r < 0 ? err_sys(e, r, "asking the service manager whether \"%s\" changed", unit) : 0;
}

int manager_clock_synced(bool *out, struct err *e)
{
    static const char timedate[] = "org.freedesktop.timedate1";
    sd_bus *bus = NULL;
    int synced = 0;
    int r = sd_bus_open_system(&bus);
    if (r >= 0)
        r = sd_bus_set_method_call_timeout(bus, BUS_TIMEOUT);
    if (r >= 0)
        r = sd_bus_get_property_trivial(bus, timedate, "/org/freedesktop/timedate1", timedate,
            "NTPSynchronized", NULL, 'b', &synced);
    sd_bus_unref(bus);
    if (r < 0)
        return err_sys(e, r, "asking systemd-timedated for the clock");
    *out = synced != 0;
    return 0;
}
