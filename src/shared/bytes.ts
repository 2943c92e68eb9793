/** Little-endian readers and writers over byte buffers: the form of every kernel structure on our architectures. */

/** A view for structure fields of `bytes`. */
export function viewOf(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

/** Writes an unsigned 64-bit value given as number (below 2^53) or bigint. */
export function putU64(view: DataView, offset: number, value: number | bigint): void {
  if (typeof value === "bigint") view.setBigUint64(offset, BigInt.asUintN(64, value), true);
  else {
    view.setUint32(offset, value % 0x100000000, true);
    view.setUint32(offset + 4, Math.floor(value / 0x100000000), true);
  }
}

/** Writes a 64-bit value to two words of 32 bits: several times as fast as through a view. A negative one is written in two's complement. */
export function putWord(words: Uint32Array, at: number, value: number | bigint): void {
  if (typeof value === "bigint") {
    words[at] = Number(value & 0xffffffffn);
    words[at + 1] = Number((value >> 32n) & 0xffffffffn);
  } else {
    words[at] = value;
    words[at + 1] = Math.floor(value / 0x100000000);
  }
}

/** Reads an unsigned 64-bit value that is known to be below 2^53 (sizes, inode numbers of ours, device numbers). */
export function getU64(view: DataView, offset: number): number {
  return view.getUint32(offset, true) + view.getUint32(offset + 4, true) * 0x100000000;
}

/** Concatenates buffers. */
export function concat(parts: readonly Uint8Array[]): Uint8Array {
  let length = 0;
  for (const part of parts) length += part.length;
  const result = new Uint8Array(length);
  let offset = 0;
  for (const part of parts) {
    result.set(part, offset);
    offset += part.length;
  }
  return result;
}
