/*
 * What goes into the change log by itself: events that are changes, and what is found to be other
 * than it was: the agent's release, our unit and its drop-ins, our own version.
 */
#pragma once

struct change_watch;
struct daemon;

/* Needs `d->history` and `d->changes`. Returns owned; NULL when memory is out. */
struct change_watch *change_watch_new(struct daemon *d);
void change_watch_free(struct change_watch *w); /* NULL is fine */
