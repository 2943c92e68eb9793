/** Little-endian fields against Node's Buffer. */
import t from "tap";
import { concat, getU64, putU64, viewOf } from "./bytes.ts";

t.test("putU64 takes numbers and bigints, getU64 reads below 2^53", (t) => {
  for (const value of [0, 1, 255, 2 ** 31, 2 ** 32 - 1, 2 ** 32, 2 ** 32 + 5, 2 ** 48 + 3, Number.MAX_SAFE_INTEGER]) {
    const buffer = Buffer.alloc(24, 0xee);
    putU64(viewOf(buffer), 8, value);
    t.equal(buffer.readBigUInt64LE(8), BigInt(value));
    t.equal(getU64(viewOf(buffer), 8), value);
    t.equal(buffer.readBigUInt64LE(0) & buffer.readBigUInt64LE(16), 0xeeeeeeeeeeeeeeeen, "nothing beside it");
  }
  for (const value of [0n, 2n ** 53n + 1n, 2n ** 63n, 2n ** 64n - 1n, -1n]) {
    const buffer = Buffer.alloc(8);
    putU64(viewOf(buffer), 0, value);
    t.equal(buffer.readBigUInt64LE(0), BigInt.asUintN(64, value));
  }
  t.end();
});

t.test("viewOf sees the part, not the whole buffer behind it", (t) => {
  const part = Uint8Array.from([9, 1, 2, 9]).subarray(1, 3);
  const view = viewOf(part);
  t.equal(view.byteLength, 2);
  t.equal(view.getUint16(0, true), 0x0201);
  t.end();
});

t.test("concat", (t) => {
  t.strictSame(concat([]), new Uint8Array(0));
  t.strictSame([...concat([Uint8Array.of(1, 2), new Uint8Array(0), Uint8Array.of(3)])], [1, 2, 3]);
  t.end();
});
