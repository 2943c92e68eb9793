/** Which executables may run beside which: all, but for those that use the same cgroup of the host. */
import { readFileSync, rmdirSync } from "node:fs";
import { cpus } from "node:os";
import { join } from "node:path";
import type { Tools } from "./build.ts";
import { type Outcome, type Runtime, runExecutable } from "./execute.ts";

/** Most of an executable's time is sleep between two looks at a container's state. */
export const DEFAULT_JOBS = 2 * cpus().length;

/** Executables of one lane run one after the other, over all runtimes: the paths are fixed in runtime-tools/cgroups/cgroups.go. */
function laneOf(executable: string): string | undefined {
  if (executable.startsWith("linux_cgroups_relative_")) return "testdir/cgrouptest";
  if (/^linux_cgroups_|^delete_(only_create_)?resources$/.test(executable)) return "cgrouptest";
  return undefined;
}

/** How often an executable that races with its container is run again, alone. */
const AGAIN = 5;

/**
 * Runs every executable against every runtime, at most `jobs` at a time; `done` hears of each as it ends. Those of which `races` is
 * true are run again while they fail.
 */
export async function runAll(
  tools: Tools,
  executables: readonly string[],
  runtimes: readonly Runtime[],
  jobs: number,
  races: (executable: string) => boolean,
  done: (outcome: Outcome) => void,
): Promise<Outcome[]> {
  const waiting = runtimes.flatMap((runtime) => executables.map((executable) => ({ executable, runtime })));
  // The lanes first: they are the longest chains.
  waiting.sort((a, b) => Number(laneOf(b.executable) !== undefined) - Number(laneOf(a.executable) !== undefined));
  const busy = new Set<string>();
  const outcomes: Outcome[] = [];
  await new Promise<void>((resolve, reject) => {
    let running = 0;
    const next = () => {
      while (running < jobs) {
        const at = waiting.findIndex(({ executable }) => !busy.has(laneOf(executable) ?? ""));
        const [job] = at < 0 ? [] : waiting.splice(at, 1);
        if (job === undefined) break;
        const lane = laneOf(job.executable);
        if (lane !== undefined) busy.add(lane);
        running++;
        runExecutable(tools, job.executable, job.runtime).then((outcome) => {
          if (lane !== undefined) busy.delete(lane);
          running--;
          outcomes.push(outcome);
          done(outcome);
          next();
        }, reject);
      }
      if (running === 0 && waiting.length === 0) resolve();
    };
    next();
  });
  for (const [index, outcome] of outcomes.entries()) {
    const runtime = runtimes.find(({ name }) => name === outcome.runtime);
    let last = outcome;
    for (let turn = 0; turn < AGAIN && last.verdict === "failed" && races(last.executable) && runtime; turn++) {
      last = await runExecutable(tools, last.executable, runtime);
      done(last);
    }
    outcomes[index] = last;
  }
  removeEmptyCgroups();
  return outcomes;
}

/** The parents of a relative path stay behind under every runtime. Only what is empty can be removed. */
function removeEmptyCgroups(): void {
  const mounts = readFileSync("/proc/self/mountinfo", "utf8")
    .split("\n")
    .filter((line) => / - cgroup2? /.test(line))
    .map((line) => line.split(" ")[4] ?? "");
  const places = readFileSync("/proc/self/cgroup", "utf8")
    .split("\n")
    .map((line) => line.split(":")[2] ?? "/");
  for (const folder of mounts.flatMap((mount) => [...new Set(["/", ...places])].map((place) => join(mount, place)))) {
    for (const name of ["testdir/cgrouptest", "testdir", "cgrouptest"]) {
      try {
        rmdirSync(join(folder, name));
      } catch {
        // It is not there, or somebody uses it.
      }
    }
  }
}
