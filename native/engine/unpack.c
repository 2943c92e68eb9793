#include "pack.h"

#include <string.h>

uint32_t tsr_unpacked_size(const uint8_t *from, size_t size)
{
	uint32_t unpacked = 0;
	if (size >= sizeof unpacked)
		memcpy(&unpacked, from, sizeof unpacked);
	return unpacked;
}

/* A length of 15 in a token goes on in bytes that are added up, until one is below 255. */
static int take_length(size_t *length, const uint8_t **from, const uint8_t *end)
{
	uint8_t more = 255;
	while (more == 255) {
		if (*from == end)
			return -1;
		more = *(*from)++;
		*length += more;
	}
	return 0;
}

int tsr_unpack(uint8_t *to, size_t room, const uint8_t *from, size_t size)
{
	const uint8_t *end = from + size;
	uint8_t *start = to, *to_end = to + room;
	if (tsr_unpacked_size(from, size) != room)
		return -1;
	from += sizeof(uint32_t);
	while (from < end) {
		unsigned token = *from++;
		size_t literals = token >> 4, length = token & 15;
		if (literals == 15 && take_length(&literals, &from, end) != 0)
			return -1;
		if (literals > (size_t)(end - from) || literals > (size_t)(to_end - to))
			return -1;
		memcpy(to, from, literals);
		to += literals;
		from += literals;
		if (from == end) /* the last sequence has literals only */
			break;
		if (end - from < 2)
			return -1;
		size_t distance = from[0] | (size_t)from[1] << 8;
		from += 2;
		if (length == 15 && take_length(&length, &from, end) != 0)
			return -1;
		length += 4;
		if (distance == 0 || distance > (size_t)(to - start) || length > (size_t)(to_end - to))
			return -1;
		for (; length > 0; length--, to++) /* byte by byte: the two may overlap */
			*to = to[-(ptrdiff_t)distance];
	}
	return to == to_end ? 0 : -1;
}
