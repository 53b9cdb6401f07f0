/* The kinds of values that keys have. */
#pragma once

#include "core/config/config_table.h"

extern const struct config_type config_type_string;   /* char * */
extern const struct config_type config_type_span;     /* usec_t, min..max in microseconds */
extern const struct config_type config_type_unsigned; /* unsigned */
extern const struct config_type config_type_u64;      /* uint64_t */
extern const struct config_type config_type_bool;     /* bool */
extern const struct config_type config_type_size;     /* uint64_t bytes, `256K`, min..max */
extern const struct config_type config_type_factor;   /* double, min..max */
extern const struct config_type config_type_percent;  /* unsigned, `10%` */
extern const struct config_type config_type_share;    /* struct rollout_share, `3` or `25%` */
extern const struct config_type config_type_cap;      /* struct sweep_cap, `10000 20%` */
extern const struct config_type config_type_choice;   /* an enum or a bool, by choices */
extern const struct config_type config_type_signal;   /* int */
extern const struct config_type config_type_command;  /* struct strlist: one command's words */
extern const struct config_type config_type_list;     /* struct strlist */
extern const struct config_type config_type_texts;    /* struct strlist: each a whole value */
extern const struct config_type config_type_endpoint; /* struct endpoint; port 0 of no path: none */
extern const struct config_type config_type_endpoints; /* struct endpoint[LIMIT_LISTEN] */
extern const struct config_type config_type_set;       /* unsigned: bits 1 << value, by choices */
extern const struct config_type config_type_rate;      /* struct config_rate, `10/1min` */
extern const struct config_type config_type_waitfor;   /* three bools of struct drain_conf */
