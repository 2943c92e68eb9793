/** The strict parser of numbers. */
import t from "tap";
import { parseNumber } from "./numbers.ts";

t.test("decimal digits within the bounds", (t) => {
  for (const [text, value] of [
    ["0", 0],
    ["7", 7],
    ["007", 7],
    ["65536", 65536],
  ] as const)
    t.equal(parseNumber(text, 0, 65536, "--flag"), value);
  t.end();
});

t.test("anything else is an error that names the flag", (t) => {
  for (const text of ["", " 1", "1 ", "+1", "-1", "1.0", "1e3", "0x10", "65537", "99999999999", "NaN", "١", "1\n"])
    t.throws(() => parseNumber(text, 0, 65536, "--flag"), { message: /; --flag$/ }, JSON.stringify(text));
  t.throws(() => parseNumber("1", 2, 3, "--flag"), { message: /found "1", want a whole number from 2 to 3/ });
  t.end();
});
