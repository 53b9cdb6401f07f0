/* What the journal says of lines that it dropped. */
#include "io/journal/journal_reader.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <systemd/sd-journal.h>

/* SD_MESSAGE_JOURNAL_DROPPED; the header that names it is not everywhere. */
static const char dropped[] = "MESSAGE_ID=a596d6fe7bfa4994828e72309e95d61e";

/* "Suppressed 1234 messages from voxkeeper.service". */
static uint64_t count_of(const void *data, size_t len, const char *unit)
{
    static const char before[] = "MESSAGE=Suppressed ";
    char text[512];
    uint64_t n = 0;
    if (len >= sizeof text || len < sizeof before)
        return 0;
    memcpy(text, data, len);
    text[len] = '\0';
    if (strncmp(text, before, sizeof before - 1) != 0 || !strstr(text, unit))
        return 0;
    n = strtoull(text + sizeof before - 1, NULL, 10);
    return n;
}

int journal_reader_suppressed(const char *unit, usec_t since_wall, uint64_t *out_lines)
{
    sd_journal *j = NULL;
    uint64_t lines = 0;
    int r = sd_journal_open(&j, SD_JOURNAL_LOCAL_ONLY);
    if (r >= 0)
        r = sd_journal_add_match(j, dropped, 0);
    if (r >= 0)
        r = sd_journal_add_match(j, "_SYSTEMD_UNIT=systemd-journald.service", 0);
    if (r >= 0)
        r = sd_journal_seek_realtime_usec(j, since_wall);
    while (r >= 0 && (r = sd_journal_next(j)) > 0) {
        const void *data = NULL;
        size_t len = 0;
        if (sd_journal_get_data(j, "MESSAGE", &data, &len) >= 0)
            lines += count_of(data, len, unit);
    }
    sd_journal_close(j);
    if (r < 0)
        return r;
    *out_lines = lines;
    return 0;
}
