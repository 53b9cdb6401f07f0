/* What libvoxkeeper-listen.so shows; everything else in it is hidden. */
#pragma once

#define HOOK __attribute__((visibility("default")))
