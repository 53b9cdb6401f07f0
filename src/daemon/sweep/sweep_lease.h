/* One sweep of one Redis at a time, whoever makes it. Safety does not depend on it. */
#pragma once

#include <stdbool.h>

struct sweep_pass;

/* True when the lease is asked for: sweep_pass_known() comes again. */
bool sweep_lease_asks(struct sweep_pass *p);

/* True when it is given back: sweep_pass_finish() comes again. */
bool sweep_lease_returns(struct sweep_pass *p);
