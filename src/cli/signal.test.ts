/** Signals by name and number, against Node's table of this kernel. */
import { constants } from "node:os";
import t from "tap";
import { RuntimeError } from "../shared/error.ts";
import { parseSignal } from "./signal.ts";

t.test("every name that Node knows, in every spelling", (t) => {
  const known = Object.entries(constants.signals);
  t.ok(known.length > 30, "the table is there");
  for (const [name, number] of known) {
    const short = name.slice(3);
    for (const text of [name, short, name.toLowerCase(), short.toLowerCase(), String(number)])
      t.equal(parseSignal(text), number, text);
  }
  t.end();
});

t.test("real-time signals", (t) => {
  for (const [text, number] of [
    ["RTMIN", 34],
    ["SIGRTMIN+3", 37],
    ["rtmax-1", 63],
    ["RTMAX", 64],
    ["RTMIN+30", 64],
  ] as const)
    t.equal(parseSignal(text), number, text);
  t.end();
});

t.test("what is no signal is an error that quotes it", (t) => {
  for (const text of [
    "",
    "SIG",
    "FOO",
    "-9",
    "9x",
    " 9",
    "65",
    "999",
    "1e1",
    "0x9",
    "RTMIN+31",
    "RTMAX-99",
    "RTMAX-31",
    "RTMIN+",
    "constructor",
    "9\n",
  ])
    t.throws(
      () => parseSignal(text),
      new RuntimeError({
        what: "read signal",
        problem: `unknown signal ${JSON.stringify(text)}, want a name like TERM or SIGTERM, or a number from 0 to 64`,
        where: "the argument [signal]",
      }),
      JSON.stringify(text),
    );
  t.end();
});
