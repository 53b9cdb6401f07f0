/*
 * What a keeper and its daemon say to each other: sd_notify's words, a message each, the
 * descriptors with it. On a connection the keeper first gives everything back (FDSTORE=1 and a
 * FDNAME= for each descriptor of the message, several messages if there are many) and then says
 * READY=1; a second daemon hears BUSY=1 and is alone again.
 */
#pragma once

#define KEEPER_PUT "FDSTORE=1"
#define KEEPER_DROP "FDSTOREREMOVE=1"
#define KEEPER_NAME "FDNAME="
#define KEEPER_READY "READY=1"
#define KEEPER_BUSY "BUSY=1"
#define KEEPER_FAILED "FAILED=" /* a name that it has no room for */
#define KEEPER_END "STOPPING=1" /* of the daemon: nothing is to be kept any more */

enum {
    KEEPER_NAME_MAX = 256, /* sd_notify's limit for FDNAME= */
    KEEPER_MESSAGE_MAX = 96 * 1024,
};
