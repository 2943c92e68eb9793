/** What a manager leaves on the machine: found by its folder and its mark, ended by pid, unmounted and removed. */
import { readdirSync, readFileSync, rmdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import process from "node:process";
import { command, pause } from "./command.ts";

const CGROUPS = "/sys/fs/cgroup";

function lines(path: string): string[] {
  try {
    return readFileSync(path, "utf8").split("\n");
  } catch {
    return []; // It has ended meanwhile.
  }
}

function folders(path: string): string[] {
  try {
    return readdirSync(path, { withFileTypes: true })
      .filter((entry) => entry.isDirectory())
      .map((entry) => join(path, entry.name));
  } catch {
    return [];
  }
}

/** Cgroups whose path holds the mark, in every hierarchy, the deepest first. */
export function cgroupsOf(mark: string, below = CGROUPS, depth = 0): string[] {
  return folders(below).flatMap((path) => {
    const inner = depth < 6 ? cgroupsOf(mark, path, depth + 1) : [];
    return path.includes(mark) ? [...inner, path] : inner;
  });
}

/** Processes that name the folder in their words (daemons, shims, conmon) or that live in a cgroup with the mark. */
export function processesOf(folder: string, mark: string): number[] {
  const named = readdirSync("/proc")
    .filter((name) => /^[0-9]+$/.test(name) && Number(name) !== process.pid)
    .filter((pid) => lines(`/proc/${pid}/cmdline`).join("\n").includes(folder));
  const inside = cgroupsOf(mark).flatMap((path) => lines(join(path, "cgroup.procs")).filter((pid) => pid !== ""));
  return [...new Set([...named, ...inside].map(Number))].filter((pid) => pid > 1);
}

/** Mount points below the folder, the newest first. */
export function mountsOf(folder: string): string[] {
  return lines("/proc/self/mountinfo")
    .map((line) => line.split(" ")[4] ?? "")
    .filter((target) => target.startsWith(`${folder}/`))
    .reverse();
}

/** Ends a process and waits until it is gone, at most 5 s after SIGKILL. */
export async function end(pid: number, signal: NodeJS.Signals, patienceMs: number): Promise<void> {
  const isAlive = (): boolean => {
    const state = lines(`/proc/${pid}/stat`).join("").split(") ")[1]?.[0];
    return state !== undefined && state !== "Z";
  };
  const send = (which: NodeJS.Signals): void => {
    try {
      process.kill(pid, which);
    } catch {
      // It has ended meanwhile.
    }
  };
  send(signal);
  for (const [next, waitMs] of [
    [undefined, patienceMs],
    ["SIGKILL", 5000],
  ] as const) {
    if (next !== undefined && isAlive()) send(next);
    for (const until = Date.now() + waitMs; isAlive() && Date.now() < until; ) await pause(20);
  }
}

/** A frozen process does not even die. */
function thaw(mark: string): void {
  for (const path of cgroupsOf(mark)) {
    for (const [file, value] of [
      ["freezer.state", "THAWED"],
      ["cgroup.freeze", "0"],
    ] as const) {
      try {
        writeFileSync(join(path, file), value, { flag: "r+" });
      } catch {
        // The hierarchy has no such file.
      }
    }
  }
}

/** Ends every process, unmounts every mount and removes every cgroup that is still there. Returns what that was. */
export async function sweep(folder: string, mark: string): Promise<string[]> {
  const found: string[] = [];
  thaw(mark);
  // What is just ending is not left behind.
  for (let look = 0; look < 50 && processesOf(folder, mark).length > 0; look++) await pause(100);
  for (let round = 0; round < 5; round++) {
    const pids = processesOf(folder, mark);
    if (pids.length === 0) break;
    for (const pid of pids) {
      const words = lines(`/proc/${pid}/cmdline`).join(" ").replaceAll("\0", " ");
      if (words !== "") found.push(`process ${pid} ${words.slice(0, 160)}`);
    }
    await Promise.all(pids.map((pid) => end(pid, "SIGKILL", 0)));
  }
  for (const target of mountsOf(folder)) {
    found.push(`mount ${target}`);
    await command("/bin/umount", ["-l", target]);
  }
  for (const path of cgroupsOf(mark)) {
    found.push(`cgroup ${path}`);
    try {
      rmdirSync(path);
    } catch (error) {
      found.push(`cgroup that stays: ${String(error)}`);
    }
  }
  return found;
}

/** Removes directories of cgroups, the deepest first, as far as nobody uses them: what a manager makes for all and never removes. */
export function removeUnused(paths: readonly string[]): void {
  for (const path of paths) {
    try {
      rmdirSync(path);
    } catch {
      // Processes are in it: those of another Podman on this machine.
    }
  }
}
