/* Who answers: a master or a replica, the same server as before, and what it knows. */
#pragma once

struct sweep_pass;

/* Asks; sweep_pass_known() of the pass follows. */
void sweep_server_ask(struct sweep_pass *p);
