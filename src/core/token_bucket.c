/* Token bucket. */
#include "core/token_bucket.h"

enum { WHOLE = 1000000 };

struct token_bucket token_bucket_initial(unsigned rate, unsigned burst, usec_t now)
{
    return (struct token_bucket){
        .rate = rate, .burst = burst, .tokens = (usec_t)burst * WHOLE, .at = now};
}

bool token_bucket_take(struct token_bucket *b, usec_t now)
{
    if (b->rate == 0)
        return true;
    usec_t room = (usec_t)b->burst * WHOLE - b->tokens;
    usec_t passed = now > b->at ? now - b->at : 0;
    b->tokens += passed > room / b->rate ? room : passed * b->rate;
    b->at = now > b->at ? now : b->at;
    if (b->tokens < WHOLE)
        return false;
    b->tokens -= WHOLE;
    return true;
}
