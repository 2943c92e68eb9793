/** Signals by name or number (signal(7)). */
import { RuntimeError } from "../shared/error.ts";

const NAMES =
  "HUP INT QUIT ILL TRAP ABRT BUS FPE KILL USR1 SEGV USR2 PIPE ALRM TERM STKFLT CHLD CONT STOP TSTP TTIN TTOU URG XCPU XFSZ VTALRM PROF WINCH IO PWR SYS".split(
    " ",
  );
const ALIASES: ReadonlyMap<string, number> = new Map([
  ["IOT", 6],
  ["CLD", 17],
  ["POLL", 29],
  ["RTMIN", 34],
  ["RTMAX", 64],
]);

/** Number of `9`, `KILL`, `SIGKILL`, `kill`, `RTMIN+3`. */
export function parseSignal(text: string): number {
  const number = lookUp(text);
  if (number !== undefined && number >= 0 && number <= 64) return number;
  throw new RuntimeError({
    what: "read signal",
    problem: `unknown signal ${JSON.stringify(text)}, want a name like TERM or SIGTERM, or a number from 0 to 64`,
    where: "the argument [signal]",
  });
}

function lookUp(text: string): number | undefined {
  if (/^[0-9]{1,2}$/.test(text)) return Number(text);
  const name = text.toUpperCase().replace(/^SIG/, "");
  const index = NAMES.indexOf(name);
  if (index >= 0) return index + 1;
  const offset = /^(RTMIN\+|RTMAX-)([0-9]{1,2})$/.exec(name);
  if (offset !== null) {
    const number = offset[1] === "RTMIN+" ? 34 + Number(offset[2]) : 64 - Number(offset[2]);
    return number >= 34 ? number : undefined;
  }
  return ALIASES.get(name);
}
