/** The reader of what the executables print. */
import t from "tap";
import { readTap } from "./tap-output.ts";

t.test("assertions are counted by name, over several streams", (t) => {
  const output = [
    "a line that is not TAP",
    "TAP version 13",
    "ok 1 - shares",
    "# expect: 1, actual: 1",
    "not ok 2 - quota",
    "  ---",
    '  { "error": "exit status 1" }',
    "  ...",
    "not ok 3 - quota",
    "1..3",
    "TAP version 13",
    "1..2",
    "ok 1 - shares",
    "ok 2 # SKIP no such controller",
  ].join("\n");
  const read = readTap(output);
  t.same([read.passed, read.skipped, [...read.failed], read.violations], [2, 1, [["quota", 2]], []]);
  t.end();
});

t.test("a plan that is not kept is a violation, a plan of nothing a skip", (t) => {
  t.not(readTap("TAP version 13\n1..2\nok 1 - one\n").violations.length, 0);
  t.not(readTap("TAP version 13\nok 1 - one\n").violations.length, 0, "no plan at all");
  t.equal(readTap("TAP version 13\n1..0 # SKIP not here\n").skipped, 1);
  t.end();
});

t.test("an error without an assertion is reported, and silence is none", (t) => {
  const output = 'TAP version 13\n  ---\n  {\n    "error": "in the listed order\\nRefer to: x"\n  }\n  ...\n1..0\n';
  t.same(readTap(output).reported, ["in the listed order"]);
  t.same(readTap(output).violations, []);
  t.same(readTap(""), { passed: 0, skipped: 0, failed: new Map(), violations: [], reported: [] });
  t.end();
});
