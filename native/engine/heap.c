/*
 * The engine's heap. A command lives some milliseconds and makes some ten thousand small objects; a general allocator spends more on maps,
 * unmaps and bookkeeping than on them. Here a freed block goes to the list of its size class, and nothing goes back to the kernel
 * before the end. Blocks above LARGE are the kernel's, each in a mapping of its own, and those do go back.
 */
#include "heap.h"

#include <stdint.h>
#include <string.h>
#include <sys/mman.h>

#define GRAIN 16u
#define SMALL 1024u             /* classes of GRAIN bytes up to here, then powers of two */
#define LARGE (64u * 1024u)
#define ARENA (128u * 1024u)    /* one mapping, made with all its pages: that is cheaper than a fault for each, and little is wasted */
#define SMALL_CLASSES (SMALL / GRAIN)
#define CLASSES (SMALL_CLASSES + 7u)

/* Before every block: how much room it has. 16 bytes keep the block aligned as malloc's are. */
struct head {
	size_t size;
	struct head *next; /* of a free block */
};

static struct head *free_blocks[CLASSES];
static uint8_t *arena, *arena_end;

static size_t round_up(size_t size)
{
	if (size <= SMALL)
		return size == 0 ? GRAIN : (size + GRAIN - 1) & ~(size_t)(GRAIN - 1);
	size_t power = SMALL * 2;
	while (power < size)
		power *= 2;
	return power;
}

static unsigned class_of(size_t rounded)
{
	if (rounded <= SMALL)
		return (unsigned)(rounded / GRAIN) - 1;
	unsigned class = SMALL_CLASSES;
	for (size_t power = SMALL * 2; power < rounded; power *= 2)
		class++;
	return class;
}

static void *map(size_t size, int flags)
{
	void *memory = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | flags, -1, 0);
	return memory == MAP_FAILED ? NULL : memory;
}

static void *heap_malloc(JSMallocState *state, size_t size)
{
	if (size > state->malloc_limit || state->malloc_size > state->malloc_limit - size)
		return NULL;
	struct head *block;
	if (size > LARGE) {
		block = map(size + sizeof *block, 0);
		if (block == NULL)
			return NULL;
		block->size = size;
	} else {
		size_t rounded = round_up(size);
		unsigned class = class_of(rounded);
		block = free_blocks[class];
		if (block != NULL)
			free_blocks[class] = block->next;
		else {
			if ((size_t)(arena_end - arena) < rounded + sizeof *block) {
				arena = map(ARENA, MAP_POPULATE);
				arena_end = arena == NULL ? NULL : arena + ARENA;
				if (arena == NULL)
					return NULL;
			}
			block = (struct head *)arena;
			block->size = rounded;
			arena += rounded + sizeof *block;
		}
	}
	state->malloc_count++;
	state->malloc_size += block->size;
	return block + 1;
}

static void heap_free(JSMallocState *state, void *memory)
{
	if (memory == NULL)
		return;
	struct head *block = (struct head *)memory - 1;
	state->malloc_count--;
	state->malloc_size -= block->size;
	if (block->size > LARGE) {
		munmap(block, block->size + sizeof *block);
		return;
	}
	unsigned class = class_of(block->size);
	block->next = free_blocks[class];
	free_blocks[class] = block;
}

static void *heap_realloc(JSMallocState *state, void *memory, size_t size)
{
	if (memory == NULL)
		return size == 0 ? NULL : heap_malloc(state, size);
	struct head *block = (struct head *)memory - 1;
	if (size == 0) {
		heap_free(state, memory);
		return NULL;
	}
	if (size <= block->size)
		return memory;
	void *larger = heap_malloc(state, size);
	if (larger == NULL)
		return NULL;
	memcpy(larger, memory, block->size);
	heap_free(state, memory);
	return larger;
}

static size_t heap_usable_size(const void *memory)
{
	return memory == NULL ? 0 : ((const struct head *)memory - 1)->size;
}

const JSMallocFunctions tsr_heap = { heap_malloc, heap_free, heap_realloc, heap_usable_size };
