/* Runs a harness on every file of the directories named. Fails if there is none. */
#include "fuzz.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { FILE_MAX = 1 << 20 };

static int replay_file(const char *dir, const char *name)
{
    char path[4096];
    snprintf(path, sizeof path, "%s/%s", dir, name);
    FILE *f = fopen(path, "r");
    char *data = f ? malloc(FILE_MAX) : NULL;
    if (!data) {
        perror(path);
        if (f)
            fclose(f);
        return -1;
    }
    size_t len = fread(data, 1, FILE_MAX, f);
    fclose(f);
    /* Memory of exactly this size, so that a sanitizer sees a read past it. */
    char *exact = realloc(data, len ? len : 1);
    fprintf(stderr, "%s\n", path);
    LLVMFuzzerTestOneInput((const uint8_t *)(exact ? exact : data), len);
    free(exact ? exact : data);
    return 0;
}

static int replay_dir(const char *path)
{
    int n = 0;
    DIR *d = opendir(path);
    if (!d) {
        perror(path);
        return -1;
    }
    for (const struct dirent *e; n >= 0 && (e = readdir(d));) {
        if (e->d_name[0] != '.')
            n = replay_file(path, e->d_name) < 0 ? -1 : n + 1;
    }
    closedir(d);
    return n;
}

int main(int argc, char **argv)
{
    int total = 0;
    for (int i = 1; i < argc; i++) {
        int n = replay_dir(argv[i]);
        if (n < 0)
            return 1;
        total += n;
    }
    fprintf(stderr, "%d inputs\n", total);
    return total == 0;
}
