/* The table of routes. */
#include "daemon/api/api_parts.h"
#include "voxkeeper/control.h"

#include <string.h>

/* What the team is told of a deployment. */
#define TEAM (API_MEMBER_BIT(RELEASE) | API_MEMBER_BIT(RESPONSIBLE) | API_MEMBER_BIT(ETA))

const struct api_route api_routes[] = {
    {"/", false, api_get_page, NULL, 0},
    {"/runbook", false, api_get_runbook, NULL, 0},
    {"/livez", false, api_get_livez, NULL, 0},
    {"/readyz", false, api_get_readyz, NULL, 0},
    {"/metrics", false, api_get_metrics, NULL, 0},
    {VK_API_STATUS, false, api_get_status, NULL, 0},
    {VK_API_WORKERS, false, api_get_workers, NULL, 0},
    {VK_API_EVENTS, false, api_get_events, NULL, 0},
    {VK_API_STREAM, false, api_get_stream, NULL, 0},
    {VK_API_CONFIG, false, api_get_config, NULL, 0},
    {VK_API_LOGS, false, api_get_logs, NULL, 0},
    {VK_API_OPERATIONS, true, api_get_operation, NULL, 0},
    {VK_API_SAMPLES, false, api_get_samples, NULL, 0},
    {VK_API_RESTART, false, NULL, api_do_restart,
        API_MEMBER_BIT(PREFLIGHT) | API_MEMBER_BIT(OVERRIDE) | TEAM},
    {VK_API_RELOAD, false, NULL, api_do_reload,
        API_MEMBER_BIT(PREFLIGHT) | API_MEMBER_BIT(OVERRIDE) | TEAM},
    {VK_API_ROLLOUT, false, api_get_rollout, NULL, 0},
    {VK_API_ROLLOUT_CANCEL, false, NULL, api_do_cancel, 0},
    {VK_API_ROLLOUT_PROMOTE, false, NULL, api_do_promote, 0},
    {VK_API_ROLLOUT_ABORT, false, NULL, api_do_abort, 0},
    {VK_API_SCALE, false, NULL, api_do_scale, API_MEMBER_BIT(WORKERS) | API_MEMBER_BIT(DEFAULT)},
    {VK_API_DRAIN, false, NULL, api_do_drain, 0},
    {VK_API_RESUME, false, NULL, api_do_resume, 0},
    {VK_API_UPGRADE, false, NULL, api_do_upgrade, 0},
    {VK_API_SWEEP, false, api_get_sweep, api_do_sweep,
        API_MEMBER_BIT(DRY_RUN) | API_MEMBER_BIT(KEYSPACE) | API_MEMBER_BIT(OLDER_THAN) |
            API_MEMBER_BIT(LIMIT) | API_MEMBER_BIT(CONFIRM) | API_MEMBER_BIT(NO_BACKUP)},
    {VK_API_SWEEP_CANCEL, false, NULL, api_do_sweep_cancel, API_MEMBER_BIT(OPERATION)},
    {VK_API_KEYS, false, NULL, api_do_keys,
        API_MEMBER_BIT(STUCK) | API_MEMBER_BIT(KEYSPACE) | API_MEMBER_BIT(SORT) |
            API_MEMBER_BIT(LIMIT)},
    {VK_API_BACKUPS, false, api_get_backups, api_do_show_backup,
        API_MEMBER_BIT(FILE) | API_MEMBER_BIT(KEY)},
    {VK_API_SILENCE, false, api_get_silence, api_do_silence,
        API_MEMBER_BIT(SPAN) | API_MEMBER_BIT(END)},
    {VK_API_ALERT_TEST, false, NULL, api_do_alert_test, API_MEMBER_BIT(NOTIFIER)},
    {VK_API_RESTORE, false, NULL, api_do_restore,
        API_MEMBER_BIT(FILE) | API_MEMBER_BIT(KEY) | API_MEMBER_BIT(REPLACE) |
            API_MEMBER_BIT(DRY_RUN)},
    {VK_API_DOCTOR, false, NULL, api_do_doctor, API_MEMBER_BIT(SUPPRESSED)},
    {VK_API_INCIDENTS, false, api_get_incidents, NULL, 0},
    {VK_API_INCIDENTS, true, api_get_incident, api_do_acknowledge, 0},
    {VK_API_PREFLIGHT, false, NULL, api_do_preflight, API_MEMBER_BIT(JUNIT) | TEAM},
    {VK_API_CHANGELOG, false, api_get_changelog, api_do_note, API_MEMBER_BIT(TEXT)},
};

const size_t api_n_routes = sizeof api_routes / sizeof *api_routes;

const struct api_route *api_route_of(const char *path)
{
    for (size_t i = 0; i < api_n_routes; i++) {
        size_t len = strlen(api_routes[i].path);
        if (api_routes[i].prefix ? strncmp(path, api_routes[i].path, len) == 0 && path[len] == '/'
                                 : strcmp(path, api_routes[i].path) == 0)
            return &api_routes[i];
    }
    return NULL;
}
