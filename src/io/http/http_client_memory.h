/* Memory of libcurl that is emptied when it is given back: headers hold secrets. */
#pragma once

#include <curl/curl.h>

/* As curl_global_init(). */
CURLcode http_client_init_curl(void);
