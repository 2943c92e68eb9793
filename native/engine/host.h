#ifndef TSRUNC_HOST_H
#define TSRUNC_HOST_H

#include "quickjs.h"

/* The members of `Native` (src/host/engine.ts) but `load`: syscall, addressOf, clone, text, bytes. */
JSValue tsr_host_object(JSContext *context);

#endif
