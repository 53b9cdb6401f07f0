/* What a program file tells about itself before it runs. */
#pragma once

/* Why the dynamic loader preloads nothing into it, a few words; NULL if nothing speaks against it,
 * or if it cannot be read. A script is not followed to its interpreter. */
const char *program_resists_preload(const char *path);
