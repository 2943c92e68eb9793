/** events: from flags to what is printed. */
import { SyscallError } from "../kernel/call.ts";
import { EPIPE } from "../kernel/constants.ts";
import { streamEvents, writeStats } from "../lifecycle/events.ts";
import { RuntimeError } from "../shared/error.ts";
import type { Context } from "./command.ts";

/** Does it; the exit status. */
export function runEvents({ runtime, call, print }: Context): number {
  const [id = ""] = call.args;
  const take = (line: string): boolean => {
    try {
      print(line);
      return true;
    } catch (error) {
      // The reader has seen enough (`events x | head -1`).
      if (error instanceof SyscallError && error.errno === EPIPE) return false;
      throw error;
    }
  };
  const intervalMs = parseDuration(call.value("interval") ?? "5s");
  if (call.has("stats")) writeStats(runtime, id, take);
  else streamEvents(runtime, id, intervalMs, take);
  return 0;
}

/** Milliseconds of Go's units of time. */
const UNITS: ReadonlyMap<string, number> = new Map([
  ["ns", 1e-6],
  ["us", 1e-3],
  ["µs", 1e-3],
  ["ms", 1],
  ["s", 1000],
  ["m", 60_000],
  ["h", 3_600_000],
]);

/** Milliseconds of a duration as Go writes it: `5s`, `1m30s`, `0.5h`. @throws RuntimeError unless it is one, above 0. */
export function parseDuration(text: string): number {
  let total = 0;
  let rest = text;
  while (rest !== "") {
    const match = /^([0-9]{1,15}(?:\.[0-9]{1,9})?)(ns|us|µs|ms|s|m|h)/.exec(rest);
    if (match === null) break;
    const [part, number = "", unit = ""] = match;
    total += Number(number) * (UNITS.get(unit) ?? 0);
    rest = rest.slice(part.length);
  }
  // A longer one cannot be told from for ever.
  if (rest === "" && total > 0 && total <= 2 ** 31) return total;
  throw new RuntimeError({
    what: "read command line",
    problem: `found ${JSON.stringify(text)}, want a duration greater than 0, such as 5s or 1m30s`,
    where: "--interval",
  });
}
