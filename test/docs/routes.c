/* Prints the table of routes as JSON, to be held against docs/openapi.json. */
#include "daemon/api/api_parts.h"

#include <stdio.h>

#define X(symbol, name) name,
static const char *const member_names[] = {API_MEMBERS(X)};
#undef X

static void print_members(const struct api_route *route)
{
    const char *comma = "";
    for (unsigned i = 0; i < API_MEMBER_COUNT; i++) {
        if (route->members & 1U << i) {
            printf("%s\"%s\"", comma, member_names[i]);
            comma = ", ";
        }
    }
}

int main(void)
{
    for (size_t i = 0; i < api_n_routes; i++) {
        const struct api_route *route = &api_routes[i];
        printf("%s{\"path\": \"%s\", \"prefix\": %s, \"get\": %s, \"post\": %s, \"members\": [",
            i == 0 ? "[" : ",\n ", route->path, route->prefix ? "true" : "false",
            route->get ? "true" : "false", route->verb ? "true" : "false");
        print_members(route);
        printf("]}");
    }
    printf("]\n");
    return 0;
}
