/* An error that a person will read: set once where it happens, wrapped outward with context. */
#pragma once

#include <stdarg.h>

enum { ERR_MSG_MAX = 512 };

struct err {
    int code; /* negative errno */
    char msg[ERR_MSG_MAX];
};

/*
 * Sets *e (which may be NULL) and returns `code`, so that a function can end with
 * `return err_set(e, -EINVAL, ...)`. Grammar: verb, object, cause; no trailing dot; the offending
 * value quoted.
 */
int err_set(struct err *e, int code, const char *fmt, ...) __attribute__((format(printf, 3, 4)));

/* As err_set, and appends `: ` and the text of errno `-code`. */
int err_sys(struct err *e, int code, const char *fmt, ...) __attribute__((format(printf, 3, 4)));

/* Puts "context: " in front of what *e already says and returns its code. */
int err_wrap(struct err *e, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
