/* Which boot of the machine this is. */
#include "io/boot.h"

#include <systemd/sd-id128.h>

void boot_id(char out[BOOT_ID_MAX])
{
    sd_id128_t id;
    out[0] = '\0';
    if (sd_id128_get_boot(&id) >= 0)
        sd_id128_to_string(id, out);
}
