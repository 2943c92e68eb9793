#ifndef TSRUNC_HOST_H
#define TSRUNC_HOST_H

#include "quickjs.h"

/* The three members of `Host` (src/host/host.ts): syscall, addressOf, clone. */
JSValue tsr_host_object(JSContext *context);

#endif
