/* Code and constants go and come back; what was written stays. */
#include "io/child/startup_pages.h"

#include "cmocka_all.h"

#include <link.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* Both live in writable segments: in one the loader wrote addresses, in the other we do. */
static const char *const names[] = {"one", "two", "three"};
static unsigned written;

/* Reads one byte of every page of read-only segments, so that all are resident. */
static int touch_object(struct dl_phdr_info *object, size_t size, void *arg)
{
    (void)size;
    unsigned *sum = arg;
    for (unsigned i = 0; i < object->dlpi_phnum; i++) {
        const ElfW(Phdr) *segment = &object->dlpi_phdr[i];
        if (segment->p_type != PT_LOAD || segment->p_flags & PF_W)
            continue;
        const volatile char *at = (const char *)object->dlpi_addr + segment->p_vaddr;
        for (size_t offset = 0; offset < segment->p_memsz; offset += 4096)
            *sum += (unsigned char)at[offset];
    }
    return 0;
}

static unsigned touch_all(void)
{
    unsigned sum = 0;
    dl_iterate_phdr(touch_object, &sum);
    return sum;
}

/* Resident pages of files. */
static long file_pages(void)
{
    FILE *f = fopen("/proc/self/statm", "re");
    long size = 0, resident = 0, shared = 0;
    assert_non_null(f);
    assert_int_equal(fscanf(f, "%ld %ld %ld", &size, &resident, &shared), 3);
    fclose(f);
    return shared;
}

static void lets_go_of_what_is_not_used(void **state)
{
    (void)state;
    touch_all();
    long before = file_pages();
    startup_pages_release();
    long after = file_pages();
    print_message("resident file pages: %ld, then %ld\n", before, after);
    assert_true(after < before - before / 4);
}

static int by_text(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

static void everything_still_works(void **state)
{
    (void)state;
    const char *copy[3];
    unsigned sum = touch_all();
    written = sum ^ 0x5a5a5a5aU;
    for (int i = 0; i < 3; i++) {
        startup_pages_release();
        memcpy(copy, names, sizeof copy);
        qsort(copy, 3, sizeof copy[0], by_text);
        assert_string_equal(copy[0], "one");
        assert_string_equal(copy[1], "three");
        assert_int_equal(written, sum ^ 0x5a5a5a5aU);
        assert_int_equal(touch_all(), sum);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(lets_go_of_what_is_not_used),
        cmocka_unit_test(everything_still_works),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
