/* The insides of the log sink, for journal.c and its tests. */
#pragma once

#define JOURNAL_SOCKET_PATH "/run/systemd/journal/socket"

/* As journal_install with `force_journal`, to a journald that listens elsewhere. */
void journal_install_at(const char *identifier, const char *path);
