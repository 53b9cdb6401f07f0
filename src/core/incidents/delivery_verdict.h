/* What an answer to a notice means. */
#pragma once

#include "core/config/config_sections.h"
#include "core/incidents/delivery.h"

/* DELIVERY_EV_SENT, _TRANSIENT or _PERMANENT for the status of an HTTP answer. */
enum delivery_event_type delivery_verdict_http(enum config_notify_type type, int status);

/* The same for the exit code of a command. */
enum delivery_event_type delivery_verdict_exit(int code);
