/*
 * The token that lets somebody change things by TCP: the first line of a file that is read anew
 * each time, so that a new one needs no reload, and that no memory, log or answer keeps.
 */
#pragma once

#include "base/err.h"

enum token_verdict {
    TOKEN_RIGHT,
    TOKEN_WRONG,    /* or there is none */
    TOKEN_UNUSABLE, /* the file cannot be read, or holds nothing that could be one */
};

/* Returns 0 if the file holds a token: 16 to 512 printable bytes without spaces. */
int token_check_file(const char *path, struct err *e);

/* `authorization` is the header's value; NULL: absent. *e is set for TOKEN_UNUSABLE. */
enum token_verdict token_judge(const char *path, const char *authorization, struct err *e);
