#ifndef TSRUNC_ENGINE_H
#define TSRUNC_ENGINE_H

#include <stddef.h>

#include "quickjs.h"

/* What is done to a booted engine before its heap becomes the image. */

/*
 * Uses up every arena that has free blocks left: what a command allocates then lies together on new pages, instead of on dozens of the
 * image's, each of which the kernel would have to copy. 0, or -1.
 */
int tsr_engine_fill_arenas(JSRuntime *runtime);
/*
 * Gives all that there is so many references that it is never counted again (JS_IMMORTAL, native/quickjs.mjs). `blocks` are those that the
 * engine has from `tsr_heap`.
 */
void tsr_engine_make_immortal(JSRuntime *runtime, void **blocks, size_t count);
/*
 * A new arena is linked before the newest one, which for that is written to: one page of the image for each size. So the newest is made to be
 * a link without an arena, all of them on one page. (The list is for the engine's statistics, which nobody asks for.) `links` has room for them.
 */
void tsr_engine_separate_lists(JSRuntime *runtime, void *links);
#define TSR_ENGINE_LINKS (31u * 2) /* pointers */

#endif
