/*
 * The engine's heap. A command lives some milliseconds and makes some ten thousand small objects; a general allocator spends more on maps,
 * unmaps and bookkeeping than on them. Here a freed block goes to the list of its size class, and nothing goes back to the kernel
 * before the end. Blocks above LARGE are the kernel's, each in a mapping of its own, and those do go back.
 */
#include "heap.h"

#include <fcntl.h>
#include <stdint.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "chunks.h"
#include "engine.h"
#include "host.h"

#define GRAIN 16u
#define SMALL 1024u             /* classes of GRAIN bytes up to here, then powers of two */
#define LARGE (64u * 1024u)
#define ARENA (128u * 1024u)    /* one mapping; the first is made with all its pages, which is cheaper than a fault for each */
#define PAGE 4096u
#define ENGINE_ARENA 3584u      /* the engine keeps blocks of up to 512 bytes in arenas of its own, each from here to PAGE bytes (quickjs.c) */
#define SLAB 4u                 /* pages that are taken from the arena at once, so that few bytes are lost to their alignment */
#define SMALL_CLASSES (SMALL / GRAIN)
#define CLASSES (SMALL_CLASSES + 7u)
#define BIG_CLASS (SMALL_CLASSES + 4u) /* from 32 KiB */

/* Before every block: how much room it has. 16 bytes keep the block aligned as malloc's are. */
struct head {
	size_t size;
	struct head *next; /* of a free block */
};

static struct head *free_blocks[CLASSES];
static struct head *freed_while_making;
static uint8_t *arena, *arena_end;

/*
 * The engine's arenas, a page each, without a head: what is aligned to a page is one of them. An arena that began elsewhere would lie on two
 * pages, and be two faults.
 */
struct page {
	struct page *next;
};
static struct page *free_pages;
static unsigned arenas;

/* The image's place in memory (image.S, which the build writes) begins with this. */
struct image {
	uint64_t magic;
	const void *layout[4]; /* where parts of the program lie that the image points to */
	JSRuntime *runtime;
	JSContext *context;
	JSValue start;
	void *links[TSR_ENGINE_LINKS];
};
#define IMAGE_WANTED UINT64_C(0x1f7473722d6d616b)
#define IMAGE_MADE UINT64_C(0x1f7473722d757365)
extern struct image tsr_image;
extern uint8_t tsr_image_end[];

/*
 * What the engine has of us while the image is made, outside of it. Blocks above a page are numbered: the image is made twice, and those of which
 * the first time has shown that they are freed again are not in it, where they would leave holes.
 */
#define MADE_ROOM 65536u
struct making {
	void *blocks[MADE_ROOM];
	uint32_t numbers[MADE_ROOM]; /* 0: not above a page */
	size_t count;
	uint32_t last_number;
	uint8_t transient[MADE_ROOM]; /* by number */
	uint8_t freed[MADE_ROOM];
};
static struct making *making;

static uint32_t next_number(size_t size)
{
	return making == NULL || size <= PAGE || making->last_number == MADE_ROOM - 1 ? 0 : ++making->last_number;
}

static void *note(void *memory, uint32_t number)
{
	if (making == NULL)
		return memory;
	if (making->count == MADE_ROOM)
		return NULL;
	making->numbers[making->count] = number;
	making->blocks[making->count++] = memory;
	return memory;
}

static void forget(const void *memory)
{
	for (size_t i = making == NULL ? 0 : making->count; i-- > 0;)
		if (making->blocks[i] == memory) {
			making->freed[making->numbers[i]] = 1;
			making->blocks[i] = making->blocks[--making->count];
			making->numbers[i] = making->numbers[making->count];
			return;
		}
}

static int in_image(const void *memory)
{
	return (const uint8_t *)memory >= (const uint8_t *)&tsr_image && (const uint8_t *)memory < tsr_image_end;
}

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

/* Makes room for `size` bytes in the arena. 0, or -1. */
static int make_room(size_t size)
{
	if ((size_t)(arena_end - arena) >= size)
		return 0;
	if (making != NULL)
		return -1;
	/* What held a document that was read is in memory already. */
	for (unsigned class = CLASSES; class-- > BIG_CLASS;) {
		struct head *block = free_blocks[class];
		if (block == NULL || block->size < size)
			continue;
		free_blocks[class] = block->next;
		arena = (uint8_t *)(block + 1);
		arena_end = arena + block->size;
		return 0;
	}
	/* Later ones page by page: init must not be billed for more of a small memory limit than it uses. */
	arena = map(ARENA, arenas++ == 0 ? MAP_POPULATE : 0);
	arena_end = arena == NULL ? NULL : arena + ARENA;
	return arena == NULL ? -1 : 0;
}

/* A page out of the blocks that were freed while the image is made; what is before and behind it stays free. NULL when none holds a page. */
static struct page *page_of_freed(void)
{
	for (struct head **place = &freed_while_making; *place != NULL; place = &(*place)->next) {
		struct head *block = *place;
		uint8_t *start = (uint8_t *)(block + 1), *end = start + block->size;
		uint8_t *page = (uint8_t *)(((uintptr_t)start + PAGE - 1) & ~(uintptr_t)(PAGE - 1));
		if (page == start || page > end || (size_t)(end - page) < PAGE + sizeof *block + GRAIN)
			continue;
		struct head *rest = (struct head *)(page + PAGE);
		*rest = (struct head){ (size_t)(end - page) - PAGE - sizeof *rest, block->next };
		block->size = (size_t)(page - start);
		block->next = rest;
		return (struct page *)page;
	}
	return NULL;
}

static void *take_page(void)
{
	if (free_pages == NULL && making != NULL && (free_pages = page_of_freed()) != NULL)
		free_pages->next = NULL;
	if (free_pages == NULL) {
		if (make_room((SLAB + 1) * PAGE) != 0)
			return NULL;
		uint8_t *aligned = (uint8_t *)(((uintptr_t)arena + PAGE - 1) & ~(uintptr_t)(PAGE - 1));
		if (making != NULL && (size_t)(aligned - arena) > sizeof(struct head) + SMALL) {
			struct head *hole = (struct head *)arena;
			*hole = (struct head){ (size_t)(aligned - arena) - sizeof *hole, freed_while_making };
			freed_while_making = hole;
		}
		arena = aligned;
		for (unsigned i = SLAB; i-- > 0;) {
			struct page *page = (struct page *)(arena + i * PAGE);
			page->next = free_pages;
			free_pages = page;
		}
		arena += SLAB * PAGE;
	}
	struct page *page = free_pages;
	free_pages = page->next;
	return page;
}

static int is_page(const void *memory)
{
	return ((uintptr_t)memory & (PAGE - 1)) == 0;
}

static size_t heap_usable_size(const void *memory)
{
	if (memory == NULL)
		return 0;
	return is_page(memory) ? PAGE : ((const struct head *)memory - 1)->size;
}

/* In the image no room may be lost, and time does not matter: the first larger block that was freed, without what is too much of it. */
static struct head **first_fit(size_t size)
{
	struct head **place = &freed_while_making;
	while (*place != NULL && (*place)->size < size)
		place = &(*place)->next;
	struct head *block = *place;
	if (block != NULL && block->size >= size + GRAIN + sizeof *block + SMALL) {
		struct head *rest = (struct head *)((uint8_t *)(block + 1) + size);
		if (is_page(rest + 1)) { /* it would be taken for an arena of the engine's */
			rest++;
			size += GRAIN;
		}
		*rest = (struct head){ block->size - size - sizeof *rest, block->next };
		block->size = size;
		block->next = rest;
	}
	return place;
}

static void *heap_malloc(JSMallocState *state, size_t size)
{
	if (size > state->malloc_limit || state->malloc_size > state->malloc_limit - size)
		return NULL;
	if (size >= ENGINE_ARENA && size <= PAGE) {
		void *page = take_page();
		if (page != NULL) {
			state->malloc_count++;
			state->malloc_size += PAGE;
		}
		return page == NULL ? NULL : note(page, 0);
	}
	struct head *block;
	uint32_t number = next_number(size);
	if ((size > LARGE && making == NULL) || (number != 0 && making->transient[number])) {
		block = map(size + sizeof *block, 0);
		if (block == NULL)
			return NULL;
		block->size = size;
	} else {
		size_t rounded = making != NULL ? (size + GRAIN - 1) & ~(size_t)(GRAIN - 1) : round_up(size);
		struct head **list = making != NULL ? first_fit(rounded) : &free_blocks[class_of(rounded)];
		block = *list;
		if (block != NULL)
			*list = block->next;
		else {
			if (make_room(rounded + sizeof *block + GRAIN) != 0)
				return NULL;
			if (is_page(arena + sizeof *block))
				arena += GRAIN;
			block = (struct head *)arena;
			block->size = rounded;
			arena += rounded + sizeof *block;
		}
	}
	state->malloc_count++;
	state->malloc_size += block->size;
	return note(block + 1, number);
}

static void heap_free(JSMallocState *state, void *memory)
{
	if (memory == NULL)
		return;
	forget(memory);
	state->malloc_count--;
	if (is_page(memory)) {
		struct page *page = memory;
		page->next = free_pages;
		free_pages = page;
		state->malloc_size -= PAGE;
		return;
	}
	struct head *block = (struct head *)memory - 1;
	state->malloc_size -= block->size;
	if (in_image(block)) { /* it may have the size of no class, and has no mapping of its own: once the image is made it stays unused */
		if (making != NULL) {
			block->next = freed_while_making;
			freed_while_making = block;
		}
		return;
	}
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
	if (size == 0) {
		heap_free(state, memory);
		return NULL;
	}
	size_t room = heap_usable_size(memory);
	/* A block that shrinks to the size of a page keeps its place; one that grows out of it is never an arena of the engine's. */
	if (size <= room)
		return memory;
	void *larger = heap_malloc(state, size);
	if (larger == NULL)
		return NULL;
	memcpy(larger, memory, room);
	heap_free(state, memory);
	return larger;
}

/* What the image points to, besides itself; const data and code of the engine lie between these. */
static void layout(const void *parts[4])
{
	parts[0] = (const void *)tsr_host_object;
	parts[1] = (const void *)JS_NewRuntime2;
	parts[2] = tsr_chunks;
	parts[3] = &tsr_heap;
}

int tsr_image_wanted(void)
{
	return tsr_image.magic == IMAGE_WANTED;
}

int tsr_image_begin(const char *transient)
{
	struct making *all = map(sizeof *all, 0);
	if (all == NULL)
		return -1;
	int file = open(transient, O_RDONLY | O_CLOEXEC);
	if (file >= 0 && (read(file, all->transient, sizeof all->transient) != sizeof all->transient || close(file) != 0))
		return -1;
	making = all;
	arena = (uint8_t *)(&tsr_image + 1);
	arena_end = tsr_image_end;
	return 0;
}

/* 0, or -1. */
static int write_file(const char *path, const void *content, size_t size)
{
	int file = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	return file >= 0 && write(file, content, size) == (ssize_t)size && close(file) == 0 ? 0 : -1;
}

int tsr_image_write(const char *path, const char *transient, JSRuntime *runtime, JSContext *context, JSValue start)
{
	if (tsr_engine_fill_arenas(runtime) != 0)
		return -1;
	tsr_engine_make_immortal(runtime, making->blocks, making->count);
	tsr_engine_separate_lists(runtime, tsr_image.links);
	tsr_image.start = start;
	tsr_image.magic = IMAGE_MADE;
	layout(tsr_image.layout);
	tsr_image.runtime = runtime;
	tsr_image.context = context;
	/* Our own free blocks and pages stay unused, for the reason that tsr_engine_fill_arenas has. */
	size_t size = (size_t)(arena - (uint8_t *)&tsr_image);
	for (size_t i = 0; i < making->count; i++)
		if (!in_image(making->blocks[i]))
			return -1; /* it was freed the first time, and not the second */
	if (write_file(transient, making->freed, sizeof making->freed) != 0)
		return -1;
	return write_file(path, &tsr_image, size);
}

JSContext *tsr_image_context(JSRuntime **runtime, JSValue *start)
{
	const void *parts[4];
	layout(parts);
	if (tsr_image.magic != IMAGE_MADE || memcmp(parts, tsr_image.layout, sizeof parts) != 0)
		return NULL;
	*runtime = tsr_image.runtime;
	*start = tsr_image.start;
	return tsr_image.context;
}

const JSMallocFunctions tsr_heap = { heap_malloc, heap_free, heap_realloc, heap_usable_size };
