/* Callers as `voxkeeper status` shows them, and why a number of them is not known. */
#pragma once

struct cJSON;
struct daemon;

/* Returns owned JSON. */
struct cJSON *status_callers_json(const struct daemon *d);
