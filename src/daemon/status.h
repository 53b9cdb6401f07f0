/* What `voxkeeper status` and `workers` show, as JSON. */
#pragma once

struct cJSON;
struct daemon;

/* Each returns owned JSON. */
struct cJSON *status_json(const struct daemon *d);
struct cJSON *status_workers_view(const struct daemon *d); /* {"workers": [..]} */
