/*
 * What libFuzzer calls. Each harness defines it once; with clang and -Dfuzz=true it becomes
 * fuzz-NAME, which searches, and always fuzz-NAME-replay, which runs the corpus as a plain test.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
