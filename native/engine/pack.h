#ifndef TSRUNC_PACK_H
#define TSRUNC_PACK_H

#include <stddef.h>
#include <stdint.h>

/*
 * Chunks that few commands load lie packed in the executable: half the size, and a tenth of a millisecond for 100 KB. The form is LZ4's block
 * format (a token of two lengths, literals, a 16-bit distance) behind a u32, the unpacked size.
 */

/* Most that `size` bytes can become. */
size_t tsr_pack_bound(size_t size);
/* Build time only. Returns the packed size. */
size_t tsr_pack(uint8_t *to, const uint8_t *from, size_t size);

/* Unpacked size that the packed bytes claim. */
uint32_t tsr_unpacked_size(const uint8_t *from, size_t size);
/* 0, or -1 where the bytes are not what tsr_pack wrote; never writes or reads beyond either. */
int tsr_unpack(uint8_t *to, size_t room, const uint8_t *from, size_t size);

#endif
