/* What a browser shows, and what only the status page asks for. */
#include "base/num.h"
#include "daemon/api/api_parts.h"
#include "daemon/daemon.h"
#include "daemon/metrics/samples.h"
#include "daemon/page/page.h"

#include <limits.h>
#include <stdlib.h>
#include <string.h>

static void answer_page(const struct api_exchange *x, const struct page *page)
{
    x->answer->status = 200;
    x->answer->content_type = "text/html; charset=utf-8";
    x->answer->policy = page->policy;
    x->answer->body = malloc(page->len);
    if (!x->answer->body)
        return;
    x->answer->body_len = page->len;
    memcpy(x->answer->body, page->bytes, page->len);
}

void api_get_page(const struct api_exchange *x)
{
    answer_page(x, &PAGE_STATUS);
}

void api_get_runbook(const struct api_exchange *x)
{
    answer_page(x, &PAGE_RUNBOOK);
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
