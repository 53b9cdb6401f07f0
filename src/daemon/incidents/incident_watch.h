/*
 * From what the daemon's parts know to incidents: events that say that something is wrong, and
 * looks at how things stand, after each change and once in a while.
 */
#pragma once

struct daemon;
struct incident_record;
struct incident_watch;

/* Begins to listen, and to look; `d` has its incidents. Returns owned; NULL: out of memory. */
struct incident_watch *incident_watch_new(struct daemon *d);

/* NULL is fine. */
void incident_watch_free(struct incident_watch *w);

/* Something begins to be wrong: adds what led to it. NULL is fine. */
void incident_watch_began(struct incident_watch *w, struct incident_record *record);

/* An incident opens: adds whom it concerns. NULL is fine. */
void incident_watch_opened(struct incident_watch *w, struct incident_record *record);

/* The configuration changed: looks at everything. NULL is fine. */
void incident_watch_configure(struct incident_watch *w);

/* Something may stand differently: looks in the next turn of the loop. NULL is fine. */
void incident_watch_look(struct incident_watch *w);

/* Another instance ended without handing over to this one. */
void incident_watch_crashed(struct incident_watch *w, const char *words);
