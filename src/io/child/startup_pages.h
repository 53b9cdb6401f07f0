/* The pages of program and libraries that only the start needed. */
#pragma once

/*
 * Unmaps the code and constants of the program and of every library it loaded; what is used again
 * comes back from the page cache at its next use, a few microseconds each. Most of what starting
 * touches (symbol tables, relocations, initialisers) never is. Nothing that was written to is let
 * go. Not while a debugger has breakpoints in us: it writes them into these pages.
 */
void startup_pages_release(void);
