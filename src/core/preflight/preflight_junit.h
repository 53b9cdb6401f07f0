/* The outcome of a checklist as JUnit's XML, which what runs a deployment knows how to show. */
#pragma once

#include "core/preflight/preflight.h"

/*
 * Appends a document: a <testsuite> for each item and a <testcase> for each check, with <failure>
 * or <skipped>. Checks that are pending are failures. Text is UTF-8; what XML cannot hold becomes
 * U+FFFD.
 */
void preflight_write_junit(const struct preflight *p, usec_t began_wall, struct strbuf *out);

/* Appends text as the content of an element or of an attribute in double quotes. */
void preflight_write_xml(struct strbuf *out, const char *text, size_t len);
