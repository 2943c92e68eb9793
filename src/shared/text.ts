/** UTF-8 both ways, without TextEncoder (the engine has none). */

/** What the engine host has natively (host/engine.ts), as its interpreter takes a hundred times as long; the Node host has none of it. */
const native = (
  globalThis as { native?: { text(bytes: Uint8Array): string | undefined; bytes(text: string): Uint8Array } }
).native;

/** Bytes of a string. A lone surrogate becomes the three bytes that encode it; where it must not, the validator has refused it. */
export function encode(text: string): Uint8Array {
  return native === undefined ? encodeUtf8(text) : native.bytes(text);
}

function encodeUtf8(text: string): Uint8Array {
  let length = 0;
  for (let i = 0; i < text.length; i++) {
    const unit = text.charCodeAt(i);
    if (unit < 0x80) length += 1;
    else if (unit < 0x800) length += 2;
    else if (unit >= 0xd800 && unit < 0xdc00 && isLow(text.charCodeAt(i + 1))) {
      length += 4;
      i++;
    } else length += 3;
  }
  const bytes = new Uint8Array(length);
  let at = 0;
  for (let i = 0; i < text.length; i++) {
    let code = text.charCodeAt(i);
    if (code < 0x80) {
      bytes[at++] = code;
      continue;
    }
    if (code >= 0xd800 && code < 0xdc00 && isLow(text.charCodeAt(i + 1))) {
      code = 0x10000 + ((code - 0xd800) << 10) + (text.charCodeAt(++i) - 0xdc00);
      bytes[at++] = 0xf0 | (code >> 18);
      bytes[at++] = 0x80 | ((code >> 12) & 0x3f);
      bytes[at++] = 0x80 | ((code >> 6) & 0x3f);
    } else if (code >= 0x800) {
      bytes[at++] = 0xe0 | (code >> 12);
      bytes[at++] = 0x80 | ((code >> 6) & 0x3f);
    } else bytes[at++] = 0xc0 | (code >> 6);
    bytes[at++] = 0x80 | (code & 0x3f);
  }
  return bytes;
}

function isLow(unit: number): boolean {
  return unit >= 0xdc00 && unit < 0xe000;
}

/** Text of bytes; what is not UTF-8 becomes U+FFFD, so this is for showing and for text that must be UTF-8 (JSON). */
export function decode(bytes: Uint8Array): string {
  return native?.text(bytes) ?? decodeUtf8(bytes);
}

function decodeUtf8(bytes: Uint8Array): string {
  let result = "";
  for (let i = 0; i < bytes.length; ) {
    const [code, width] = (bytes[i] as number) < 0x80 ? [bytes[i] as number, 1] : decodeOne(bytes, i);
    result += String.fromCodePoint(code);
    i += width;
  }
  return result;
}

function decodeOne(bytes: Uint8Array, i: number): [number, number] {
  const first = bytes[i] as number;
  const width =
    first >= 0xf0 && first < 0xf5 ? 4 : first >= 0xe0 && first < 0xf0 ? 3 : first >= 0xc2 && first < 0xe0 ? 2 : 0;
  if (width === 0 || i + width > bytes.length) return [0xfffd, 1];
  let code = first & (0x7f >> width);
  for (let k = 1; k < width; k++) {
    const next = bytes[i + k] as number;
    if ((next & 0xc0) !== 0x80) return [0xfffd, 1];
    code = (code << 6) | (next & 0x3f);
  }
  const least = width === 2 ? 0x80 : width === 3 ? 0x800 : 0x10000;
  if (code < least || code > 0x10ffff || (code >= 0xd800 && code < 0xe000)) return [0xfffd, 1];
  return [code, width];
}

/** Bytes of a string with a closing NUL. */
export function encodeZ(text: string): Uint8Array {
  const bytes = encode(text);
  const result = new Uint8Array(bytes.length + 1);
  result.set(bytes);
  return result;
}
