/** Commands of the test build with one call failing, the record of its calls, and a look at what is left. */
import { spawn } from "node:child_process";
import { closeSync, existsSync, openSync, readdirSync, readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import process from "node:process";

/** The product with the fault-injecting host in between. */
export const FAULTY = resolve("build/ts-runc-faults");
/** The product, for what comes before and after. */
export const PLAIN = resolve("dist/ts-runc");

/** What a command did. */
export interface Ran {
  status: number | null;
  signal: string | null;
  stderr: string;
  ms: number;
}

/** Longest that a command may take, milliseconds. */
export const BOUND_MS = 5000;

/** Runs a command; its stderr goes to a file, which a container that lives on may keep open. Killed after twice the bound. */
export function execute(
  program: string,
  args: string[],
  stderrPath: string,
  env: Record<string, string> = {},
): Promise<Ran> {
  return new Promise((done) => {
    const started = Date.now();
    const stderr = openSync(stderrPath, "w");
    const child = spawn(program, args, {
      stdio: ["ignore", "ignore", stderr],
      env: { PATH: process.env["PATH"] ?? "", ...env },
    });
    closeSync(stderr);
    const timer = setTimeout(() => child.kill("SIGKILL"), 2 * BOUND_MS);
    child.on("exit", (status, signal) => {
      clearTimeout(timer);
      done({ status, signal, stderr: readFileSync(stderrPath, "utf8"), ms: Date.now() - started });
    });
  });
}

/** A call that was recorded. */
export interface RecordedCall {
  /** `main`, `init`, `main-hook`, `init-hook`. */
  role: string;
  index: number;
  name: string;
  /** With its arguments. */
  text: string;
}

/** Reads a record of calls: `role index [list ]name(arguments)`. */
export function readCalls(path: string): RecordedCall[] {
  return readFileSync(path, "utf8")
    .split("\n")
    .filter((line) => line !== "")
    .map((line) => {
      const [, role = "", index = "", text = ""] = /^([a-z-]+) ([0-9]+) (?:list )?(.*)$/.exec(line) ?? [];
      return { role, index: Number(index), name: text.replace(/\(.*/, ""), text };
    });
}

/** Names of the cgroup hierarchies below /sys/fs/cgroup; "." where there is one. */
function hierarchies(): string[] {
  if (existsSync("/sys/fs/cgroup/cgroup.controllers")) return ["."];
  return readdirSync("/sys/fs/cgroup").filter((name) => existsSync(`/sys/fs/cgroup/${name}/cgroup.procs`));
}

/** Pids of the processes that are in the container. */
export function processesOf(id: string): string[] {
  const [first = "."] = hierarchies();
  const path = join("/sys/fs/cgroup", first, id, "cgroup.procs");
  return existsSync(path) ? readFileSync(path, "utf8").split("\n").filter(Boolean) : [];
}

/** Pid files of a bundle's folder, those that are half written too. */
export function pidFiles(folder: string): string[] {
  return readdirSync(folder).filter((name) => /^\.?pid/.test(name));
}

/** What there is of a container: state, cgroups, mounts, processes of its bundle (the runtime's own and hooks), with `pidFile` that too. */
export function remains(state: string, id: string, folder: string, pidFile: boolean): string[] {
  const left: string[] = [];
  if (existsSync(join(state, id))) left.push(`state directory with ${readdirSync(join(state, id)).join(" ")}`);
  if (pidFile) left.push(...pidFiles(folder));
  if (readFileSync("/proc/self/mountinfo", "utf8").includes(folder)) left.push("a mount");
  for (const name of hierarchies()) if (existsSync(join("/sys/fs/cgroup", name, id))) left.push(`cgroup ${name}`);
  for (const pid of readdirSync("/proc").filter((name) => /^[0-9]+$/.test(name))) {
    try {
      const command = readFileSync(`/proc/${pid}/cmdline`, "utf8");
      if (command.includes(folder)) left.push(`process ${pid} ${command.replaceAll("\0", " ").slice(0, 60)}`);
    } catch {
      // It has ended meanwhile.
    }
  }
  return left;
}

/** Waits until `condition` holds; false after the bound. */
export async function waitFor(condition: () => boolean, ms: number): Promise<boolean> {
  for (const end = Date.now() + ms; ; await new Promise((done) => setTimeout(done, 4))) {
    if (condition()) return true;
    if (Date.now() > end) return false;
  }
}

/** Exactly one line, with step, call and errno in brackets. */
export const ERROR_LINE = /^[^\n]+ \[[a-z-]+ [^\n]* [A-Z0-9]+\]\n$/;
/** Exactly one line. */
export const ONE_LINE = /^[^\n]+\n$/;
