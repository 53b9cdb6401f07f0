/* What the text of a single value must look like; each returns 0 or -EINVAL with the reason. */
#pragma once

#include "base/err.h"

int config_check_name(const char *text, struct err *e);        /* of an agent or a section */
int config_check_path(const char *text, struct err *e);        /* absolute */
int config_check_socket(const char *text, struct err *e);      /* absolute, fits a socket address */
int config_check_env(const char *text, struct err *e);         /* NAME=value */
int config_check_variable(const char *text, struct err *e);    /* NAME */
int config_check_secret_file(const char *text, struct err *e); /* absolute, or a name */
int config_check_header(const char *text, struct err *e);      /* NAME: and maybe a word */
int config_check_env_file(const char *text, struct err *e);    /* absolute, maybe after '-' */
int config_check_account(const char *text, struct err *e);     /* user or group */
int config_check_host(const char *text, struct err *e);        /* a host's name, no port */
int config_check_release(const char *text, struct err *e);     /* /FILE or |COMMAND */
int config_check_probe_url(const char *text, struct err *e);   /* http(s)://… or /path */
int config_check_url(const char *text, struct err *e);         /* http(s)://… */
int config_check_base_url(const char *text, struct err *e);    /* http(s)://… or file://… */
int config_check_redis_url(const char *text, struct err *e);
int config_check_status(const char *text, struct err *e);  /* 200 or 200-299 */
int config_check_term(const char *text, struct err *e);    /* of ExpectJson= */
int config_check_pattern(const char *text, struct err *e); /* PREFIX* */
int config_check_skip(const char *text, struct err *e);    /* ITEM: reason */
int config_check_person(const char *text, struct err *e);  /* some words */
int config_check_peak(const char *text, struct err *e);    /* [DAYS] [HOURS] CALLERS */
int config_check_glob(const char *text, struct err *e);    /* not empty */
int config_check_log_pattern(const char *text, struct err *e);
int config_check_member(const char *text, struct err *e); /* not empty */
int config_check_doctor(const char *text, struct err *e); /* name of a check */
