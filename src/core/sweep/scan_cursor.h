/*
 * How far a SCAN is, from its cursor alone. Redis counts the buckets with the bits of the cursor in
 * reverse, so that a table may grow or shrink meanwhile: read backwards, the cursor is the fraction
 * of the table that was walked, whatever its size. Pure.
 */
#pragma once

#include <stdint.h>

/* 0 at the begin; never 1, as the cursor of the end is that of the begin. Of a cluster node, whose
 * cursors carry slots too (Redis 8), it is only rough. */
double scan_cursor_fraction(uint64_t cursor);
