/* The named limits of everything that comes from outside, and of our own tables. */
#pragma once

enum {
    LIMIT_WORKERS = 64,            /* slots of one agent */
    LIMIT_LISTEN = 8,              /* Listen= entries */
    LIMIT_PROBES = 16,             /* [Probe NAME] sections beside [Health] */
    LIMIT_KEYSPACES = 16,          /* [Keyspace NAME] sections */
    LIMIT_NOTIFIERS = 8,           /* [Notify NAME] sections */
    LIMIT_CREDENTIALS = 16,        /* [Credential NAME] sections */
    LIMIT_SECRET = 4096,           /* bytes of a credential's value */
    LIMIT_NOTICES = 500,           /* that wait for one receiver, or that it is to remember */
    LIMIT_LOG_WATCHES = 24,        /* [LogWatch NAME] sections, the built-in ones among them */
    LIMIT_LOG_PATTERNS = 32,       /* Pattern= of one of them */
    LIMIT_LOG_WATCH_HITS = 1000,   /* matches that are counted within its time */
    LIMIT_LOG_WATCH_LINE = 1024,   /* bytes of a line that patterns look at */
    LIMIT_NAME = 64,               /* bytes of a section's or an agent's name */
    LIMIT_CONFIG_MISTAKES = 100,   /* diagnostics of one configuration that are kept */
    LIMIT_CONFIG_FILE = 1 << 20,   /* bytes of one configuration file */
    LIMIT_CONFIG_FILES = 256,      /* files of one configuration, drop-ins included */
    LIMIT_CONFIG_LINE = 16 * 1024, /* bytes of one line in it */
    LIMIT_PROBE_BODY = 64 * 1024,  /* bytes of a probe's answer that are kept */
    LIMIT_JSON_DEPTH = 64,         /* nesting in JSON from outside */
    LIMIT_OUTPUT_LINE =
        16 * 1024,          /* bytes of one line of a worker's output; longer ones are split */
    LIMIT_OUTPUT_LAST = 20, /* last lines of a worker kept for evidence */
    LIMIT_OUTPUT_LAST_LINE = 1024,   /* bytes kept of each of them */
    LIMIT_OUTPUT_PIPE = 1024 * 1024, /* bytes that one of its pipes holds while nobody reads */
    LIMIT_OUTPUT_TURN = 64 * 1024,   /* bytes read from one pipe before others get their turn */
    LIMIT_OUTPUT_RATE = 500,         /* lines a second of a worker that are logged; bursts of 10x */
    LIMIT_OUTPUT_FIELDS = 32,        /* JSON keys of one line lifted to journal fields */
    LIMIT_JOURNAL_BACKLOG = 4 << 20, /* bytes of records that wait for journald */
    LIMIT_NOTIFY_DATAGRAM = 4096,    /* bytes of one sd_notify datagram of a worker */
    LIMIT_NOTIFY_STATUS = 256,       /* bytes of its STATUS= that are kept */
    LIMIT_NOTIFY_TURN = 64,          /* datagrams read before others get their turn */
    LIMIT_WATCHDOG_MIN_USEC = 10000, /* shorter intervals would be missed by scheduling alone */
    LIMIT_REDIS_VALUE = 1 << 20,     /* bytes of a Redis value that the sweep reads, at most */
    LIMIT_REDIS_KEY = 64 * 1024,     /* bytes of a key name that the sweep touches */
    LIMIT_OWNER = 128,               /* bytes of the id of a task's session or conversation */
    LIMIT_API_CONNECTIONS = 64,      /* on each of the admin listeners */
    LIMIT_STREAMS = 16,              /* readers of server-sent events */
    LIMIT_STREAMS_OTHERS = 12,       /* of them those who may change nothing */
    LIMIT_STREAM_BACKLOG = 1 << 18,  /* bytes that wait for one of them */
    LIMIT_OPERATIONS = 32,           /* ended operations that can still be asked for */
    LIMIT_SWEEP_HISTORY = 100,       /* summaries of sweeps that are kept */
    LIMIT_PROGRESS_LINES = 512,      /* progress lines kept of one operation */
    LIMIT_CHANGELOG_FILE = 64 << 20, /* bytes of a change log that are read through at the start */
    LIMIT_CHANGELOG_TAIL = 256 << 10,    /* bytes at its end that are shown */
    LIMIT_CHANGELOG_WAITING = 256 << 10, /* bytes of entries that wait for a disk */
    LIMIT_HISTORY_EVENTS = 300,          /* events that the daemon remembers */
    LIMIT_HISTORY_VALUE = 2048,          /* bytes of one of their texts */
    LIMIT_LOG_LINES = 2000,              /* log lines that the daemon remembers */
    LIMIT_LOG_BYTES = 512 * 1024,        /* bytes of all of them, as JSON */
    LIMIT_HISTORY_FILE = 2 << 20,        /* bytes of the file that keeps them */
    LIMIT_CUT_CALLERS = 256,             /* names of cut callers kept in the event and the state */
    LIMIT_INCIDENTS_LIVE = 64,           /* that are open, or may be about to */
    LIMIT_INCIDENTS = 500,               /* resolved ones that are remembered */
};
