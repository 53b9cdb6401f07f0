/* Multiply and fold, eight bytes at a time. */
#include "base/checksum.h"

#include <string.h>

static uint64_t mix(uint64_t sum, uint64_t word)
{
    sum = (sum ^ word) * UINT64_C(0x9e3779b97f4a7c15);
    return sum ^ (sum >> 29);
}

uint64_t checksum_add(uint64_t sum, const void *bytes, size_t len)
{
    const unsigned char *at = bytes;
    sum = mix(sum, len);
    while (len > 0) {
        uint64_t word = 0;
        size_t n = len < sizeof word ? len : sizeof word;
        memcpy(&word, at, n);
        sum = mix(sum, word);
        at += n;
        len -= n;
    }
    return sum;
}
