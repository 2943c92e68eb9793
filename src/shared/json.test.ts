import t from "tap";
import { RuntimeError } from "./error.ts";
import { exactInteger, numberSources, parseJson } from "./json.ts";

function messageOf(text: string): string {
  try {
    parseJson(text, "load x");
  } catch (thrown) {
    if (thrown instanceof RuntimeError) return thrown.message;
    throw thrown;
  }
  return "accepted";
}

t.test("parseJson() says where a syntax error is", (t) => {
  const cases: [string, string][] = [
    ["", "line 1, column 1: end of text, want a value; hint: the file is empty"],
    ['{"a": 1,}', 'line 1, column 9: "}", want a key in double quotes; hint: remove the comma before it'],
    ["[1,\n 2,\n]", 'line 3, column 1: "]", want a value; hint: remove the comma before it'],
    ['{"a" 1}', 'line 1, column 6: "1", want ":"'],
    ['{"a": 1 "b": 2}', 'line 1, column 9: "\\"", want "," or "}"'],
    ["[1 2]", 'line 1, column 4: "2", want "," or "]"'],
    ["{'a': 1}", 'line 1, column 2: "\'", want a key in double quotes; hint: strings are in double quotes'],
    ["// x\n{}", 'line 1, column 1: "/", want a value; hint: JSON has no comments'],
    ['{\n  "a": nul }', 'line 2, column 8: "nul", want a value'],
    ['{"a": "b', 'line 1, column 9: end of text, want a closing "'],
    ['{"a": "b\nc"}', 'line 1, column 9: "\\n", want the escape of a control character or the closing "'],
    ['["\\x"]', 'line 1, column 3: "\\\\", want an escape that JSON has'],
    ["[01]", 'line 1, column 3: "1", want "," or "]"'],
    ["[1.]", 'line 1, column 3: ".", want "," or "]"'],
    ["{} x", 'line 1, column 4: "x", want the end'],
    ["\ufeff{}", 'line 1, column 1: "\ufeff", want a value; hint: remove the byte order mark'],
    ["[NaN]", 'line 1, column 2: "NaN", want a value'],
  ];
  for (const [text, want] of cases) t.equal(messageOf(text), `load x: not JSON at ${want}`, JSON.stringify(text));
  t.end();
});

t.test("parseJson() bounds the nesting", (t) => {
  const nested = (depth: number): string => "[".repeat(depth) + "]".repeat(depth);
  t.equal(messageOf(nested(64)), "accepted");
  t.equal(messageOf(nested(65)), "load x: nested deeper than 64 levels at line 1, column 65, want at most 64");
  t.match(messageOf(`{"a":${nested(64)}}`), /nested deeper/);
  t.match(messageOf("[".repeat(200_000)), /nested deeper than 64 levels at line 1, column 65/);
  t.match(messageOf(" ".repeat(16 * 1024 * 1024 + 1)), /want at most 16777216/);
  t.end();
});

t.test("the scanner finds an error exactly where JSON.parse does", (t) => {
  const base = '{"a":[1,-2.5e+3,true,null,"x\\u00e9\\n"],"b":{"c":false},"":[] }';
  let state = 7;
  const random = (bound: number): number => {
    state = (Math.imul(state, 1103515245) + 12345) >>> 0;
    return (state >>> 8) % bound;
  };
  let bad = 0;
  for (let round = 0; round < 3000; round++) {
    const at = random(base.length + 1);
    const put = '{}[]",:\\ e.-+0x\n'[random(16)] ?? "";
    const text = base.slice(0, at) + put + base.slice(at + random(2));
    let good = true;
    try {
      JSON.parse(text);
    } catch {
      good = false;
    }
    if ((messageOf(text) === "accepted") !== good) t.fail(text);
    // A scanner that finds nothing would say that it wants the end where the end is.
    if (/end of text, want the end/.test(messageOf(text))) t.fail(text);
    if (!good) bad++;
  }
  t.ok(bad > 1000, `${bad} were bad`);
  t.end();
});

t.test("numberSources() reads numbers as they are written", (t) => {
  const text = '{"a": [ 1, {"x/~\\"\\\\": 18446744073709551615 }], "b" : 1e400,"s":"\\\\","b":-0, "c": {"d": 5} }';
  t.same(numberSources(text, [["a", "1", 'x/~"\\'], ["b"], ["a", "0"], ["c", "d"]]), [
    "18446744073709551615",
    "-0",
    "1",
    "5",
  ]);
  const twice = '{"a":{"b":1},"a":[[{"z":"}"}]],"a":{"b":2,"c":3}}';
  t.same(numberSources(twice, [["a", "b"]]), ["2"], "the last duplicate wins");
  const deep = `{"a":${"[".repeat(100_000)}${"]".repeat(100_000)},"__proto__":{"b":7}}`;
  t.same(numberSources(deep, [["__proto__", "b"]]), ["7"], "no recursion where nothing is wanted");
  t.end();
});

t.test("exactInteger()", (t) => {
  const cases: [string, bigint | undefined][] = [
    ["18446744073709551615", 2n ** 64n - 1n],
    ["-9223372036854775808", -(2n ** 63n)],
    ["9007199254740993", 2n ** 53n + 1n],
    ["1.8446744073709551615e19", 2n ** 64n - 1n],
    ["1E3", 1000n],
    ["1000e-3", 1n],
    ["15e-1", undefined],
    ["1.5", undefined],
    ["0e5", 0n],
    ["-0", undefined],
    ["1e400", undefined],
    ["1e99999999", undefined],
    [`1${"0".repeat(70)}`, undefined],
  ];
  for (const [source, want] of cases) t.equal(exactInteger(source), want, source);
  t.end();
});
