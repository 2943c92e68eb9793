/** The one line that an error is. */
import t from "tap";
import { errorLine, escapeControls, partsOf, RuntimeError } from "./error.ts";

t.test("errorLine: parts in their order, brackets only for a system call", (t) => {
  t.equal(errorLine({ what: "a", problem: "b" }), "a: b");
  t.equal(errorLine({ what: "a", problem: "b", where: "w", hint: "h" }), "a: b; w; hint: h");
  t.equal(errorLine({ what: "a", problem: "b", step: "s", call: "c(1)", errno: "ENOENT" }), "a: b [s c(1) ENOENT]");
  t.equal(errorLine({ what: "a", problem: "b", errno: "EIO" }), "a: b [EIO]");
  t.equal(errorLine({ what: "a", problem: "b", step: "s", call: "c" }), "a: b", "no errno, no brackets");
  t.equal(
    errorLine({ what: "a", problem: "b", hint: "h", cleanup: ["x", "y"], errno: "EIO" }),
    "a: b; hint: h; clean-up failed too: x, y [EIO]",
  );
  t.equal(errorLine({ what: "a", problem: "b", cleanup: [] }), "a: b");
  t.end();
});

t.test("one event is one line: nothing from input breaks or colours it", (t) => {
  t.equal(escapeControls("plain ünï 😀"), "plain ünï 😀");
  t.equal(escapeControls("a\nb\rc\td\0e\x1b[31mf\x7fg\x85h"), "a\\nb\\rc\\td\\x00e\\x1b[31mf\\x7fg\\x85h");
  t.equal(escapeControls("\u2028\u2029"), "\\u2028\\u2029");
  t.equal(escapeControls("\ud800x 😀\n"), "\\ud800x 😀\\n", "a pair stays, a lone surrogate does not");
  t.equal(errorLine({ what: 'create "x\n"', problem: "b" }), 'create "x\\n": b');
  for (let code = 0; code < 0x3000; code++) {
    const text = escapeControls(String.fromCharCode(code));
    if (/[\p{Cc}\p{Zl}\p{Zp}]/u.test(text)) t.fail(`U+${code.toString(16)} came through`);
  }
  t.end();
});

t.test("partsOf keeps the parts of ours, and makes one line of all else", (t) => {
  const parts = { what: "a", problem: "b", errno: "EIO" };
  t.equal(partsOf(new RuntimeError(parts)), parts);
  t.equal(new RuntimeError(parts).message, "a: b [EIO]");
  t.match(partsOf(new TypeError("no such thing")), { what: "internal error", problem: "TypeError: no such thing" });
  t.strictSame(partsOf("text"), { what: "internal error", problem: "text" });
  t.strictSame(partsOf(undefined), { what: "internal error", problem: "undefined" });
  t.end();
});
