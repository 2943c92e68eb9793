/*
 * The engine, in one unit with what the heap image (heap.h) needs of its insides: its allocator's arenas, and the count of references that
 * lies before every block.
 */
#include "quickjs.c"

#include "engine.h"

int tsr_engine_fill_arenas(JSRuntime *runtime)
{
	JSMallocContext *memory = &runtime->malloc_ctx;
	for (unsigned i = 0; i < JS_MALLOC_BLOCK_SIZE_COUNT; i++)
		while (!list_empty(&memory->free_arena_list[i]))
			if (js_malloc_rt(runtime, js_malloc_block_sizes[i] - sizeof(JSMallocBlockHeader)) == NULL)
				return -1;
	return 0;
}

static int is_arena(JSMallocContext *memory, const void *block)
{
	for (unsigned i = 0; i < JS_MALLOC_BLOCK_SIZE_COUNT; i++) {
		struct list_head *link;
		list_for_each(link, &memory->arena_list[i])
			if (list_entry(link, JSMallocArena, link) == block)
				return 1;
	}
	return 0;
}

void tsr_engine_make_immortal(JSRuntime *runtime, void **blocks, size_t count)
{
	JSMallocContext *memory = &runtime->malloc_ctx;
	for (unsigned i = 0; i < JS_MALLOC_BLOCK_SIZE_COUNT; i++) {
		struct list_head *link;
		list_for_each(link, &memory->arena_list[i]) {
			JSMallocArena *arena = list_entry(link, JSMallocArena, link);
			for (unsigned j = 0; j < arena->n_blocks; j++)
				((JSMallocBlockHeader *)get_arena_block(arena, j, js_malloc_block_sizes[i]))->ref_count = JS_IMMORTAL;
		}
	}
	for (size_t i = 0; i < count; i++)
		if (blocks[i] != runtime && !is_arena(memory, blocks[i]))
			((JSMallocLargeBlockHeader *)blocks[i])->header.ref_count = JS_IMMORTAL;
	/* A shape that is in no hash table is one object's own, is changed in place, and must look like that. */
	struct list_head *link;
	list_for_each(link, &runtime->gc_obj_list) {
		JSGCObjectHeader *object = list_entry(link, JSGCObjectHeader, link);
		if (js_rc(object)->gc_obj_type == JS_GC_OBJ_TYPE_SHAPE && !((JSShape *)object)->is_hashed)
			js_rc(object)->ref_count = 1;
	}
}

_Static_assert(TSR_ENGINE_LINKS * sizeof(void *) == JS_MALLOC_BLOCK_SIZE_COUNT * sizeof(struct list_head), "a link for each size of block");

void tsr_engine_separate_lists(JSRuntime *runtime, void *links)
{
	for (unsigned i = 0; i < JS_MALLOC_BLOCK_SIZE_COUNT; i++)
		list_add((struct list_head *)links + i, &runtime->malloc_ctx.arena_list[i]);
}
