/*
 * Makes the n-th fallible call fail. The linker sends the calls of the code under test through
 * inject.c (--wrap); libraries are not touched.
 */
#pragma once

/* The `nth` call from now on fails (1 is the next one), once, in this process. */
void inject_arm(unsigned nth);

/* The same of the calls of that name; NULL: of any. */
void inject_arm_call(const char *name, unsigned nth);

/* The same in the next process that is cloned, counted from there. */
void inject_arm_clone(unsigned nth);

/* Every call of this name fails with `errno_value` from now on, until inject_nothing(). */
void inject_always(const char *name, int errno_value);
void inject_nothing(void);

/* How often this one was called since inject_count(). */
void inject_count(const char *name);
unsigned inject_counted(void);

/* What failed since inject_arm(), in this process or a cloned one; NULL: nothing. */
const char *inject_failed(void);
