/* How many of something may pass in a time. */
#pragma once

#include "base/span.h"

#include <stdbool.h>
#include <stdint.h>

struct token_bucket {
    unsigned rate;  /* tokens a second; 0: everything passes */
    unsigned burst; /* tokens it can hold */
    usec_t tokens;  /* in millionths, so that nothing is lost to rounding */
    usec_t at;      /* when `tokens` was true */
};

/* Full. */
struct token_bucket token_bucket_initial(unsigned rate, unsigned burst, usec_t now);

/* Takes one token; false if there was none. A clock that steps back costs and gives nothing. */
bool token_bucket_take(struct token_bucket *b, usec_t now);
