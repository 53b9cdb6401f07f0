/* Reading and checking the whole configuration: files in, structure or every complaint out. */
#pragma once

#include "base/strbuf.h"
#include "core/config/config.h"

/*
 * Returns 0 with *out owned by the caller, or a negative errno with one line for each complaint
 * appended to *out_complaints.
 */
int load_config(const char *path, struct config **out, struct strbuf *out_complaints);

/*
 * Appends what the files say of [Admin] ControlSocket=, or its default, though they may be refused
 * for whatever else they say: workers of an instance before are found by it.
 */
void load_control_socket(const char *path, struct strbuf *out);
