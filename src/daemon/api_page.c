/* The status page, and what only it asks for. */
#include "base/num.h"
#include "daemon/api_parts.h"
#include "daemon/daemon.h"
#include "daemon/page.h"
#include "daemon/samples.h"

#include <limits.h>
#include <stdlib.h>
#include <string.h>

void api_get_page(const struct api_exchange *x)
{
    x->answer->status = 200;
    x->answer->content_type = "text/html; charset=utf-8";
    x->answer->policy = PAGE_POLICY;
    x->answer->body = malloc(PAGE_LEN);
    if (!x->answer->body)
        return;
    x->answer->body_len = PAGE_LEN;
    memcpy(x->answer->body, PAGE, PAGE_LEN);
}

void api_get_samples(const struct api_exchange *x)
{
    uint64_t limit = UINT_MAX;
    const char *query = http_server_query(x->request, "limit");
    if (query && num_parse_u64(query, 1, UINT_MAX, &limit) < 0) {
        api_answer_error(x, 400, "bad-request", "`limit` is a whole number above 0");
        return;
    }
    api_answer_json(x, 200, samples_json(x->daemon->samples, (unsigned)limit));
}
