#ifndef TSRUNC_HEAP_H
#define TSRUNC_HEAP_H

#include "quickjs.h"

/* An allocator for one short life: size classes over a growing arena. */
extern const JSMallocFunctions tsr_heap;

/*
 * The heap as it is once the engine has booted and run src/hot.ts is part of the executable: the build lets the program boot once, keeps the
 * memory, and links it in again at the same address. A start then maps pages where it would read bytecode.
 */

/* Whether this is the executable that is to make the image. */
int tsr_image_wanted(void);
/* From here on all memory comes from the image's place, but for what was freed again the last time, which `transient` says. 0, or -1. */
int tsr_image_begin(const char *transient);
/* Writes the image for the next link, and what was freed again; `start` is the function that a process begins with. 0, or -1. */
int tsr_image_write(const char *path, const char *transient, JSRuntime *runtime, JSContext *context, JSValue start);
/* Goes on from the image. NULL where there is none, or it was made by a program that is laid out in another way. */
JSContext *tsr_image_context(JSRuntime **runtime, JSValue *start);

#endif
