#include "pack.h"

#include <stdlib.h>
#include <string.h>

#define MIN_MATCH 4u
#define MAX_DISTANCE 65535u
#define HASHES (1u << 16)
#define TRIES 4096 /* earlier places that are compared: it is done once, at build time */

struct matcher {
	const uint8_t *from;
	size_t size;
	int32_t *first; /* latest place of each hash, -1: none */
	int32_t *before; /* the one before, of each place */
};

size_t tsr_pack_bound(size_t size)
{
	return sizeof(uint32_t) + size + size / 255 + 16;
}

static uint32_t hash_at(const uint8_t *bytes)
{
	uint32_t word;
	memcpy(&word, bytes, sizeof word);
	return (word * 2654435761u) >> 16;
}

static void enter(struct matcher *matcher, size_t at)
{
	if (at + MIN_MATCH > matcher->size)
		return;
	uint32_t hash = hash_at(matcher->from + at);
	matcher->before[at] = matcher->first[hash];
	matcher->first[hash] = (int32_t)at;
}

/* Longest match of what begins at `at` with something before it; 0: none. */
static size_t longest(const struct matcher *matcher, size_t at, size_t *distance)
{
	size_t best = 0;
	if (at + MIN_MATCH > matcher->size)
		return 0;
	int32_t place = matcher->first[hash_at(matcher->from + at)];
	for (int tries = 0; place >= 0 && tries < TRIES && at - (size_t)place <= MAX_DISTANCE; tries++) {
		size_t length = 0;
		while (at + length < matcher->size && matcher->from[(size_t)place + length] == matcher->from[at + length])
			length++;
		if (length > best) {
			best = length;
			*distance = at - (size_t)place;
		}
		place = matcher->before[place];
	}
	return best < MIN_MATCH ? 0 : best;
}

static uint8_t *put_length(uint8_t *to, size_t length)
{
	if (length < 15)
		return to;
	for (length -= 15; length >= 255; length -= 255)
		*to++ = 255;
	*to++ = (uint8_t)length;
	return to;
}

/* `length` 0: the last sequence. */
static uint8_t *put_sequence(uint8_t *to, const uint8_t *literals, size_t count, size_t length, size_t distance)
{
	size_t rest = length == 0 ? 0 : length - MIN_MATCH;
	*to++ = (uint8_t)((count < 15 ? count : 15) << 4 | (rest < 15 ? rest : 15));
	to = put_length(to, count);
	memcpy(to, literals, count);
	to += count;
	if (length == 0)
		return to;
	*to++ = (uint8_t)distance;
	*to++ = (uint8_t)(distance >> 8);
	return put_length(to, rest);
}

size_t tsr_pack(uint8_t *to, const uint8_t *from, size_t size)
{
	struct matcher matcher = { from, size, malloc(HASHES * sizeof(int32_t)), malloc((size + 1) * sizeof(int32_t)) };
	uint8_t *start = to;
	uint32_t unpacked = (uint32_t)size;
	if (matcher.first == NULL || matcher.before == NULL)
		abort();
	memset(matcher.first, 0xff, HASHES * sizeof(int32_t));
	memcpy(to, &unpacked, sizeof unpacked);
	to += sizeof unpacked;
	size_t at = 0, literals = 0;
	while (at < size) {
		size_t distance = 0, later = 0;
		size_t length = longest(&matcher, at, &distance);
		enter(&matcher, at);
		/* One byte later there may be a longer one. */
		if (length == 0 || longest(&matcher, at + 1, &later) > length + 1) {
			at++;
			continue;
		}
		to = put_sequence(to, from + literals, at - literals, length, distance);
		for (size_t skipped = 1; skipped < length; skipped++)
			enter(&matcher, at + skipped);
		at += length;
		literals = at;
	}
	to = put_sequence(to, from + literals, size - literals, 0, 0);
	free(matcher.first);
	free(matcher.before);
	return (size_t)(to - start);
}
