/* Checks across fields: who is told of incidents. */
#include "core/config/config_check.h"

#include "core/incidents/notice.h"

#include <string.h>
#include <strings.h>

static const char *const types[] = {
    [CONFIG_NOTIFY_ALERTMANAGER] = "alertmanager",
    [CONFIG_NOTIFY_PAGERDUTY] = "pagerduty",
    [CONFIG_NOTIFY_SLACK] = "slack",
    [CONFIG_NOTIFY_WEBHOOK] = "webhook",
    [CONFIG_NOTIFY_EXEC] = "exec",
};

/* The first of the section's keys that was assigned; NULL: none. */
static const struct config_place *any_place(const struct config_build *b, unsigned index)
{
    for (size_t i = 0; i < config_n_keys; i++) {
        const struct config_place *place = config_build_place(b, &config_keys[i], index);
        if (place && strcmp(config_keys[i].section, "Notify") == 0)
            return place;
    }
    return NULL;
}

static const struct config_place *place_of(
    const struct config_build *b, const char *key, unsigned index)
{
    const struct config_place *place = config_place_of(b, "Notify", key, index);
    return place ? place : any_place(b, index);
}

/* A key that a notifier of this type never looks at was meant for something else. */
static void check_foreign(struct config_build *b, unsigned index)
{
    const struct config_notify *n = &b->config->notifiers[index];
    for (size_t i = 0; i < config_n_keys; i++) {
        const struct config_key *key = &config_keys[i];
        const struct config_place *place = config_build_place(b, key, index);
        if (key->object != CONFIG_OBJECT_NOTIFY || !key->types || key->types & 1U << n->type ||
            !place)
            continue;
        if (n->type == CONFIG_NOTIFY_SLACK && strcmp(key->name, "Url") == 0)
            config_report_at(b, place,
                "refuse Url= of notifier %s: the address of a Slack webhook is a secret, want "
                "UrlCredential=",
                n->name);
        else
            config_report_at(b, place, "refuse %s= of notifier %s: it is not for Type=%s",
                key->name, n->name, types[n->type]);
    }
}

static void check_address(struct config_build *b, unsigned index)
{
    struct config_notify *n = &b->config->notifiers[index];
    if (n->url && n->url_credential) {
        config_report_at(b, place_of(b, "UrlCredential", index),
            "refuse UrlCredential= of notifier %s: there is a Url= as well", n->name);
        return;
    }
    if (config_was_refused(b, "Notify", "Url", index) ||
        config_was_refused(b, "Notify", "UrlCredential", index))
        return;
    if (!n->url && !n->url_credential && n->type == CONFIG_NOTIFY_PAGERDUTY) {
        n->url = strdup(CONFIG_PAGERDUTY_URL);
        b->out_of_memory = b->out_of_memory || !n->url;
    } else if (!n->url && !n->url_credential) {
        config_report_at(b, place_of(b, "Type", index),
            "no %s= of notifier %s, which is of Type=%s",
            n->type == CONFIG_NOTIFY_SLACK ? "UrlCredential" : "Url", n->name, types[n->type]);
    }
    if (n->ca_file && n->url && strncasecmp(n->url, "http://", 7) == 0)
        config_report_at(b, place_of(b, "CaFile", index),
            "refuse CaFile= of notifier %s: Url= is not https", n->name);
}

static void check_kinds(struct config_build *b, unsigned index)
{
    const struct config_notify *n = &b->config->notifiers[index];
    const unsigned both = 1U << NOTICE_OPENED | 1U << NOTICE_RESOLVED;
    bool keeps = n->type == CONFIG_NOTIFY_ALERTMANAGER || n->type == CONFIG_NOTIFY_PAGERDUTY;
    if (n->severities == 0 && !config_was_refused(b, "Notify", "Severity", index))
        config_report_at(b, place_of(b, "Severity", index),
            "refuse Severity= of notifier %s: without any it is never told", n->name);
    if (config_was_refused(b, "Notify", "Kinds", index))
        return;
    if (n->kinds == 0)
        config_report_at(b, place_of(b, "Kinds", index),
            "refuse Kinds= of notifier %s: without any it is never told", n->name);
    else if (keeps && (n->kinds & both) != both)
        config_report_at(b, place_of(b, "Kinds", index),
            "refuse Kinds= of notifier %s: Type=%s keeps what is open, and needs `opened` and "
            "`resolved`",
            n->name, types[n->type]);
}

static void check_notifier(struct config_build *b, unsigned index)
{
    const struct config_notify *n = &b->config->notifiers[index];
    if (config_was_refused(b, "Notify", "Type", index))
        return;
    check_foreign(b, index);
    check_kinds(b, index);
    if (n->type != CONFIG_NOTIFY_EXEC)
        check_address(b, index);
    else if (n->command.n == 0 && !config_was_refused(b, "Notify", "Command", index))
        config_report_at(b, place_of(b, "Type", index),
            "no Command= of notifier %s, which is of Type=exec", n->name);
    if (n->type == CONFIG_NOTIFY_PAGERDUTY && !n->key_credential &&
        !config_was_refused(b, "Notify", "KeyCredential", index))
        config_report_at(b, place_of(b, "Type", index),
            "no KeyCredential= of notifier %s: PagerDuty wants a routing key", n->name);
}

void config_check_notifiers(struct config_build *b)
{
    for (unsigned i = 0; i < b->config->n_notifiers; i++)
        check_notifier(b, i);
}
