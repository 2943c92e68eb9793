/** UTF-8 against Node's own codec. */
import t from "tap";
import { decode, encode, encodeZ } from "./text.ts";

const SAMPLES = ["", "a", "\0", "é", "߿", "ࠀ", "€", "\uffff", "😀", "a😀é€z", "x".repeat(20000), "é".repeat(9000)];

t.test("encode and decode are Node's", (t) => {
  for (const text of SAMPLES) {
    const bytes = new TextEncoder().encode(text);
    t.strictSame(encode(text), bytes);
    t.equal(decode(bytes), text);
  }
  t.end();
});

t.test("every code point but the surrogates goes there and back", (t) => {
  let wrong = 0;
  for (let code = 0; code <= 0x10ffff; code += code < 0x3000 ? 1 : 97) {
    if (code >= 0xd800 && code < 0xe000) continue;
    const text = String.fromCodePoint(code);
    if (decode(encode(text)) !== text || !Buffer.from(text).equals(encode(text))) wrong++;
  }
  t.equal(wrong, 0);
  t.end();
});

t.test("a lone surrogate becomes the three bytes that encode it", (t) => {
  t.strictSame([...encode("\ud800")], [0xed, 0xa0, 0x80]);
  t.strictSame([...encode("\udc00x")], [0xed, 0xb0, 0x80, 0x78]);
  t.strictSame([...encode("\ud83d\ud83d\ude00")], [0xed, 0xa0, 0xbd, 0xf0, 0x9f, 0x98, 0x80]);
  t.end();
});

t.test("bytes that are no UTF-8 become U+FFFD, and what follows is read", (t) => {
  const cases: [number[], string][] = [
    [[0x80, 0x61], "\ufffda"],
    [[0xc0, 0xaf], "\ufffd\ufffd"],
    [[0xc3], "\ufffd"],
    [[0xe2, 0x82, 0x61], "\ufffd\ufffda"],
    [[0xed, 0xa0, 0x80], "\ufffd\ufffd\ufffd"],
    [[0xe0, 0x80, 0x80], "\ufffd\ufffd\ufffd"],
    [[0xf0, 0x80, 0x80, 0x80], "\ufffd\ufffd\ufffd\ufffd"],
    [[0xf4, 0x90, 0x80, 0x80], "\ufffd\ufffd\ufffd\ufffd"],
    [[0xff, 0xc3, 0xa9], "\ufffdé"],
  ];
  for (const [bytes, text] of cases) t.equal(decode(Uint8Array.from(bytes)), text, JSON.stringify(bytes));
  t.end();
});

t.test("encodeZ", (t) => {
  t.strictSame([...encodeZ("é")], [0xc3, 0xa9, 0]);
  t.end();
});
