/* Which boot of the machine this is. */
#pragma once

enum { BOOT_ID_MAX = 40 };

/* 32 hex digits; "" when it cannot be known. */
void boot_id(char out[BOOT_ID_MAX]);
