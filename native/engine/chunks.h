#ifndef TSRUNC_CHUNKS_H
#define TSRUNC_CHUNKS_H

#include <stddef.h>
#include <stdint.h>

/* Packed bytecode (pack.h) of what is not in the image, linked into the executable (the build writes the table). */
struct tsr_chunk {
	const char *name;
	const uint8_t *start;
	const uint8_t *end;
};

extern const struct tsr_chunk tsr_chunks[];
extern const size_t tsr_chunk_count;

#endif
