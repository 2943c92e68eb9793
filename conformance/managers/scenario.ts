/** Scenarios: what a manager's user does and sees, played with each runtime, compared with the committed lists. */
import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync } from "node:fs";
import { join, resolve } from "node:path";
import process from "node:process";
import t from "tap";
import type { Outcome } from "./command.ts";
import { KNOWN_DIFFERENCES, KNOWN_FAILURES } from "./known.ts";

/** A runtime under a manager. */
export interface Runtime {
  name: "runc" | "ts-runc";
  path: string;
}

/** The runtimes that every scenario is played with, the measure first. */
export const RUNTIMES: readonly Runtime[] = [
  { name: "runc", path: ["/usr/sbin/runc", "/usr/bin/runc"].find((path) => existsSync(path)) ?? "/usr/sbin/runc" },
  { name: "ts-runc", path: resolve(process.env["TSRUNC_BINARY"] ?? "dist/ts-runc") },
];

/** An expectation that did not hold. */
class Unmet extends Error {}

/** The machine cannot show this scenario. */
class Skipped extends Error {}

/** One runtime's place in a manager: names of its own, what it must see and what it saw. */
export abstract class Seat {
  readonly runtime: Runtime;
  /** Part of every name and cgroup that this seat makes. */
  readonly mark: string;
  /** A folder of the host for this seat's files; it is there. */
  readonly folder: string;
  seen = new Map<string, string>();
  #count = 0;

  constructor(runtime: Runtime, folder: string, mark: string) {
    this.runtime = runtime;
    this.mark = `${mark}-${runtime.name}`;
    this.folder = join(folder, runtime.name);
    mkdirSync(this.folder, { recursive: true });
  }

  /** Removes the containers that a scenario has left, in whatever state. Returns what the manager could not remove. */
  abstract clear(): Promise<string[]>;

  /** A container's name that was never used. */
  id(): string {
    this.#count++;
    return `${this.mark}-${this.#count}`;
  }

  /** Must be this value. */
  same(what: string, found: unknown, wanted: unknown): void {
    const [left, right] = [JSON.stringify(found), JSON.stringify(wanted)];
    if (left !== right) throw new Unmet(`${what}: found ${left}, want ${right}`);
  }

  /** Must match. */
  match(what: string, found: string, wanted: RegExp): void {
    if (!wanted.test(found)) throw new Unmet(`${what}: found ${JSON.stringify(found)}, want ${wanted}`);
  }

  /** Must be all of an outcome: status, and what was printed. */
  outcome(what: string, found: Outcome, status: number, stdout: string | RegExp = /^/, stderr: string | RegExp = /^/) {
    const all = `stdout ${JSON.stringify(found.stdout)} stderr ${JSON.stringify(found.stderr)}`;
    if (found.status !== status) throw new Unmet(`${what}: status ${found.status}, want ${status}; ${all}`);
    for (const [name, text, wanted] of [
      ["stdout", found.stdout, stdout],
      ["stderr", found.stderr, stderr],
    ] as const) {
      const holds = typeof wanted === "string" ? text === wanted : wanted.test(text);
      if (!holds) throw new Unmet(`${what}: ${name} is not ${JSON.stringify(String(wanted))}; ${all}`);
    }
  }

  /** Status 0; returns what was printed. */
  prints(what: string, found: Outcome): string {
    this.outcome(what, found, 0);
    return found.stdout;
  }

  /** What the user saw here: equal for both runtimes, or in the list. Names of this seat are taken out. */
  see(what: string, found: string): void {
    const text = found
      .replaceAll(this.folder, "FOLDER")
      .replaceAll(new RegExp(`${this.mark}-[0-9]+`, "g"), "ID")
      .replaceAll(this.mark, "SEAT")
      .replaceAll(/\b[0-9a-f]{64}\b/g, "HASH")
      .replaceAll(/\b[0-9a-f]{12}\b/g, "HASH")
      .trim();
    this.seen.set(what, text);
  }

  /** Ends the scenario as a skip. */
  skip(reason: string): never {
    throw new Skipped(reason);
  }
}

/** What a user does, in words of what it shows. */
export interface Scenario<S extends Seat> {
  name: string;
  /** Commands of the runtime without which it cannot be played: a runtime that lacks one is skipped. */
  needs?: readonly string[];
  play(seat: S): Promise<void>;
}

const known = new Map<string, Set<string>>();

/** The commands that a runtime's help lists. */
function commandsOf(runtime: Runtime): Set<string> {
  const found = known.get(runtime.path);
  if (found !== undefined) return found;
  const { stdout } = spawnSync(runtime.path, ["--help"], { encoding: "utf8" });
  const words = [...stdout.matchAll(/^ +([a-z]+)(?= |,)/gm)].map((match) => match[1] ?? "");
  known.set(runtime.path, new Set(words));
  return new Set(words);
}

type Result = { outcome: "passed" } | { outcome: "failed" | "skipped"; reason: string };

async function playOne<S extends Seat>(scenario: Scenario<S>, seat: S): Promise<Result> {
  seat.seen = new Map();
  const lacking = (scenario.needs ?? []).filter((word) => !commandsOf(seat.runtime).has(word));
  if (lacking.length > 0)
    return { outcome: "skipped", reason: `${seat.runtime.name} has no ${lacking.join(", ")} yet` };
  let result: Result = { outcome: "passed" };
  try {
    await scenario.play(seat);
  } catch (error) {
    if (error instanceof Skipped) result = { outcome: "skipped", reason: error.message };
    else result = { outcome: "failed", reason: error instanceof Error ? error.message : String(error) };
  }
  const left = await seat.clear();
  if (left.length > 0 && result.outcome === "passed")
    return { outcome: "failed", reason: `left behind: ${left.join("; ")}` };
  return result;
}

const fits = (pattern: RegExp | undefined, value: string | undefined): boolean =>
  pattern === undefined || value === undefined ? pattern === value : pattern.test(value);

/** Differences of one scenario that no entry of the list explains; entries that hold are added to `met`. */
function unexplained(manager: string, scenario: string, seats: readonly Seat[], met: Set<unknown>): string[] {
  const [theirs, ours] = [seats[0]?.seen ?? new Map<string, string>(), seats[1]?.seen ?? new Map<string, string>()];
  return [...new Set([...theirs.keys(), ...ours.keys()])].flatMap((field) => {
    const [runc, mine] = [theirs.get(field), ours.get(field)];
    if (runc === mine) return [];
    const entry = KNOWN_DIFFERENCES.find(
      (one) =>
        one.manager === manager &&
        one.scenario === scenario &&
        one.field === field &&
        fits(one.runc, runc) &&
        fits(one.ours, mine),
    );
    if (entry !== undefined) met.add(entry);
    return entry === undefined ? [`${field}\n  runc: ${runc}\n  ours: ${mine}`] : [];
  });
}

/** What is played: all, or the scenarios whose name holds TSRUNC_SCENARIO. */
const ONLY = process.env["TSRUNC_SCENARIO"] ?? "";

/** Plays every scenario with all seats at the same time, one test each; then the totals, and the lists the other way round. */
export async function perform<S extends Seat>(
  manager: string,
  scenarios: readonly Scenario<S>[],
  seats: readonly S[],
): Promise<void> {
  const met = new Set<unknown>();
  const table: string[][] = [];
  for (const scenario of scenarios.filter((one) => one.name.includes(ONLY))) {
    await t.test(scenario.name, async (t) => {
      const started = Date.now();
      const results = await Promise.all(seats.map((seat) => playOne(scenario, seat)));
      results.forEach((result, index) => {
        const name = seats[index]?.runtime.name ?? "";
        if (result.outcome === "skipped") t.pass(name, { skip: result.reason });
        if (result.outcome === "passed") t.pass(name);
        if (result.outcome !== "failed") return;
        const entry = KNOWN_FAILURES.find(
          (one) =>
            one.manager === manager &&
            one.scenario === scenario.name &&
            one.runtime === name &&
            one.error.test(result.reason),
        );
        if (entry !== undefined) met.add(entry);
        t.ok(entry !== undefined, entry === undefined ? `${name}: ${result.reason}` : `${name}: fails as listed`, {
          stack: "", // Where this line stands helps nobody.
        });
      });
      if (results.every((result) => result.outcome === "passed"))
        t.strictSame(unexplained(manager, scenario.name, seats, met), [], "both users see the same");
      const seconds = ((Date.now() - started) / 1000).toFixed(1);
      table.push([scenario.name, ...results.map((result) => result.outcome), seconds]);
    });
  }
  printTable(manager, table);
  if (ONLY !== "") return;
  const stale = [...KNOWN_FAILURES, ...KNOWN_DIFFERENCES].filter((one) => one.manager === manager && !met.has(one));
  t.strictSame(
    stale.map((one) => `${one.scenario}: ${one.why}`),
    [],
    "every entry of the lists was met",
  );
}

/** test/run.mjs shows comments that begin with a bar. */
function printTable(manager: string, rows: readonly string[][]): void {
  const names = RUNTIMES.map((runtime) => runtime.name);
  const totals = names.map((_, index) => {
    const count = (word: string): number => rows.filter((row) => row[index + 1] === word).length;
    const others = [...(["failed", "skipped"] as const)].map((word) => [count(word), word] as const);
    return [`${count("passed")} passed`, ...others.filter(([n]) => n > 0).map(([n, word]) => `${n} ${word}`)].join(
      ", ",
    );
  });
  const seconds = rows.reduce((sum, row) => sum + Number(row.at(-1)), 0).toFixed(0);
  const all = [[manager, ...names, "seconds"], ...rows, ["total", ...totals, seconds]];
  const width = Math.max(...all.map((row) => row[0]?.length ?? 0));
  for (const [name = "", ...cells] of all)
    t.comment(`| ${name.padEnd(width)} | ${cells.map((cell) => cell.padEnd(20)).join(" | ")} |`);
}

/** Skips the whole file when something is missing, with the reason. */
export function missing(reason: string | undefined): boolean {
  if (reason !== undefined) t.test("manager", { skip: reason }, () => undefined);
  return reason !== undefined;
}
