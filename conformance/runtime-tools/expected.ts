/** The failures that are expected of ts-runc, with reasons, checked both ways: what is listed and passes is reported too. */
import { existsSync, readFileSync } from "node:fs";
import { release } from "node:os";
import type { Outcome } from "./execute.ts";

const FILE = "conformance/runtime-tools/expected-failures.json";
const KINDS = ["machine", "test", "race", "runc-behaviour", "todo"];

/** Conditions on the machine. */
interface Conditions {
  /** A path that is missing. */
  readonly absent?: string;
  /** Number of a capability that this process lacks (capabilities(7)). */
  readonly lacks?: number;
  /** A kernel at least as new: "5.16". */
  readonly since?: string;
}

/** Why and how one executable fails. */
export interface ExpectedFailure {
  /**
   * Whose doing it is: the machine's, which cannot do what is asked; the test's, which is wrong, or which races with the container (it is run
   * again, and may pass or fail); a choice to behave as runc, on which users depend; or ts-runc's, still to do.
   */
  readonly kind: string;
  /** One sentence with the evidence. */
  readonly reason: string;
  /** Each assertion that fails, and how often. */
  readonly fails: ReadonlyMap<string, number>;
  /** How the executable ends; `exit 0` if it is not said. */
  readonly ends: string;
  /** The error that it prints without asserting anything: such an executable passes by its TAP. */
  readonly reports: string | undefined;
  /** A part of its standard error. */
  readonly says: string | undefined;
  /** What the machine must be like for the failure to be expected; where it is not, the executable has to pass. All that are given must hold. */
  readonly where: Conditions;
}

function record(value: unknown, where: string): Record<string, unknown> {
  if (typeof value !== "object" || value === null || Array.isArray(value)) throw new Error(`${where}: want an object`);
  return Object.fromEntries(Object.entries(value));
}

function text(value: unknown, where: string): string {
  if (typeof value !== "string" || value === "") throw new Error(`${where}: want text`);
  return value;
}

function readConditions({ absent, lacks, since, ...unknown }: Record<string, unknown>, where: string): Conditions {
  if (Object.keys(unknown).length > 0) throw new Error(`${where}: unknown ${Object.keys(unknown).join(", ")}`);
  if (lacks !== undefined && typeof lacks !== "number") throw new Error(`${where}/lacks: want a number`);
  return {
    ...(absent === undefined ? {} : { absent: text(absent, `${where}/absent`) }),
    ...(lacks === undefined ? {} : { lacks }),
    ...(since === undefined ? {} : { since: text(since, `${where}/since`) }),
  };
}

/** Whether this machine is one on which the failure is expected. */
function hold({ absent, lacks, since }: Conditions): boolean {
  if (absent !== undefined && existsSync(absent)) return false;
  if (since !== undefined) {
    const [major = 0, minor = 0] = release().split(/[.-]/).map(Number);
    const [wantedMajor = 0, wantedMinor = 0] = since.split(".").map(Number);
    if (major < wantedMajor || (major === wantedMajor && minor < wantedMinor)) return false;
  }
  if (lacks === undefined) return true;
  const [, mask = "0"] = /^CapEff:\s*([0-9a-f]+)/m.exec(readFileSync("/proc/self/status", "utf8")) ?? [];
  return ((BigInt(`0x${mask}`) >> BigInt(lacks)) & 1n) === 0n;
}

/** Reads the list. Throws with a pointer when it is not what it should be. */
export function readExpectedFailures(path = FILE): Map<string, ExpectedFailure> {
  const document = record(JSON.parse(readFileSync(path, "utf8")), path);
  return new Map(
    Object.entries(document).map(([executable, value]) => {
      const where = `${path}#/${executable}`;
      const {
        kind,
        reason,
        fails = {},
        ends = "exit 0",
        reports,
        says,
        where: conditions = {},
        ...unknown
      } = record(value, where);
      if (Object.keys(unknown).length > 0) throw new Error(`${where}: unknown ${Object.keys(unknown).join(", ")}`);
      if (!KINDS.includes(text(kind, `${where}/kind`))) throw new Error(`${where}/kind: want ${KINDS.join(", ")}`);
      const counts = Object.entries(record(fails, `${where}/fails`)).map(([name, count]): [string, number] => {
        if (typeof count !== "number") throw new Error(`${where}/fails/${name}: want a number`);
        return [name, count];
      });
      const entry: ExpectedFailure = {
        kind: text(kind, `${where}/kind`),
        reason: text(reason, `${where}/reason`),
        fails: new Map(counts),
        ends: text(ends, `${where}/ends`),
        reports: reports === undefined ? undefined : text(reports, `${where}/reports`),
        says: says === undefined ? undefined : text(says, `${where}/says`),
        where: readConditions(record(conditions, `${where}/where`), `${where}/where`),
      };
      if (entry.fails.size === 0 && entry.ends === "exit 0" && entry.reports === undefined) {
        throw new Error(`${where}: want fails, ends or reports`);
      }
      return [executable, entry];
    }),
  );
}

/** What is wrong with an outcome, in the light of what was expected; nothing when it is as it should be. */
export function compareWithExpected(outcome: Outcome, listed: ExpectedFailure | undefined): string[] {
  const problems = [...outcome.left];
  const entry = listed !== undefined && hold(listed.where) ? listed : undefined;
  const { failed, violations, reported } = outcome.output;
  if (entry === undefined) {
    problems.push(...reported);
    if (outcome.verdict !== "failed") return problems;
    const names = [...failed].map(([name, count]) => `not ok${count > 1 ? ` (${count} times)` : ""}: ${name}`);
    if (outcome.ended !== "exit 0") names.push(`ended with ${outcome.ended}`);
    return [...problems, ...names, ...violations, ...(outcome.said === "" ? [] : [outcome.said])];
  }
  if (outcome.verdict !== "failed" && reported.length === 0) {
    return entry.kind === "race" ? problems : [...problems, `passes, and is an expected failure (${entry.reason})`];
  }
  for (const name of new Set([...failed.keys(), ...entry.fails.keys()])) {
    const [found, wanted] = [failed.get(name) ?? 0, entry.fails.get(name) ?? 0];
    // A race may be lost once or more.
    if (entry.kind === "race" ? wanted === 0 : found !== wanted)
      problems.push(`fails ${found} times, expected ${wanted}: ${name}`);
  }
  if (outcome.ended !== entry.ends) problems.push(`ended with ${outcome.ended}, expected ${entry.ends}`);
  // One that gives up cannot print its plan.
  else if (outcome.ended === "exit 0") problems.push(...violations);
  if (reported.join("; ") !== (entry.reports ?? "")) {
    problems.push(`reports "${reported.join("; ")}", expected "${entry.reports ?? ""}"`);
  }
  if (entry.says !== undefined && !outcome.said.includes(entry.says)) {
    problems.push(`said "${outcome.said}", expected "${entry.says}"`);
  }
  return problems;
}
