#ifndef TSRUNC_HEAP_H
#define TSRUNC_HEAP_H

#include "quickjs.h"

/* An allocator for one short life: size classes over a growing arena. */
extern const JSMallocFunctions tsr_heap;

#endif
