/* A drain in words, the same for the journal, the status line and whoever waits at the terminal. */
#pragma once

#include "base/strbuf.h"
#include "core/drain.h"

/* "1 caller", "3 callers" */
void drain_words_count(uint64_t n, struct strbuf *out);

/* "3 callers, 12s left" */
void drain_words_waiting(const struct drain *drain, usec_t now, struct strbuf *out);

/* "2 connections, 1 pending task, sessions unknown": the kinds that are waited for. */
void drain_words_kinds(
    const struct drain_conf *conf, const struct callers *callers, struct strbuf *out);
