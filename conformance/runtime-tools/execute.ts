/** Runs one executable of runtime-tools against one runtime, in a folder of its own, and cleans up what its containers leave. */
import { spawn, spawnSync } from "node:child_process";
import {
  chmodSync,
  closeSync,
  copyFileSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import process from "node:process";
import type { Tools } from "./build.ts";
import { readTap, type TapOutput } from "./tap-output.ts";

/** The longest executable takes 20 s on two busy processors. */
const TIMEOUT_MS = 90_000;
const CLEANUP_TIMEOUT_MS = 20_000;
/** As much of standard error as is worth keeping. */
const SAID_BYTES = 4000;

/** A runtime under test. */
export interface Runtime {
  readonly name: string;
  /** Absolute path. */
  readonly program: string;
  /** Words before the executable, and before the runtime when it cleans up: an environment that the runtime needs. */
  readonly prefix: readonly string[];
}

/** What came of one executable under one runtime. */
export interface Outcome {
  readonly executable: string;
  readonly runtime: string;
  readonly verdict: "passed" | "failed" | "skipped";
  readonly output: TapOutput;
  /** `exit 0`, `exit 1`, `SIGSEGV`, `timeout`. */
  readonly ended: string;
  /** The end of its standard error. */
  readonly said: string;
  /** What the runtime could not delete after it. */
  readonly left: readonly string[];
  readonly seconds: number;
}

/**
 * A runtime by its path or its name in PATH. crun 1.8 takes a cgroup2 mount beside v1 hierarchies for its only one and finds no
 * controller there: it gets a mount namespace in which that mount is gone.
 */
export function findRuntime(program: string): Runtime {
  const found = spawnSync("sh", ["-c", 'command -v -- "$1"', "sh", program], { encoding: "utf8" }).stdout.trim();
  if (!found.startsWith("/"))
    throw new Error(`${program}: no such program in PATH; want a path or a name, such as runc`);
  const name = basename(found);
  const unified = mountPoints(/ - cgroup2 /).filter((path) => path !== "/sys/fs/cgroup");
  if (!name.startsWith("crun") || unified.length === 0) return { name, program: found, prefix: [] };
  const hide = 'for path in $1; do umount -l "$path"; done; shift; exec "$@"';
  return { name, program: found, prefix: ["unshare", "-m", "sh", "-c", hide, "sh", unified.join(" ")] };
}

/** Mount points of the lines of mountinfo that match, the last mounted first. */
function mountPoints(pattern: RegExp): string[] {
  return readFileSync("/proc/self/mountinfo", "utf8")
    .split("\n")
    .filter((line) => pattern.test(line))
    .map((line) => line.split(" ")[4] ?? "")
    .reverse();
}

/** The folder of one run: working directory, folder for bundles (TMPDIR), state root, and the runtime as one word. */
function prepare(tools: Tools, runtime: Runtime): { folder: string; command: string; state: string } {
  const folder = mkdtempSync(join(tmpdir(), "ts-runc-conformance-"));
  // A container in a user namespace has to reach its root file system.
  chmodSync(folder, 0o755);
  const state = join(folder, "state");
  for (const name of ["work", "tmp"]) mkdirSync(join(folder, name));
  copyFileSync(join(tools.folder, "runtimetest"), join(folder, "work/runtimetest"));
  copyFileSync(tools.rootfs, join(folder, "work", tools.rootfsName));
  // A state root of its own names all containers that this executable has made, also those that it forgets.
  const command = join(folder, runtime.name);
  writeFileSync(command, `#!/bin/sh\nexec '${runtime.program}' --root '${state}' "$@"\n`, { mode: 0o755 });
  return { folder, command, state };
}

/** Ends when the executable has: a container that it leaves behind may hold its streams, so they are files. */
function execute(words: readonly string[], folder: string, env: NodeJS.ProcessEnv): Promise<string> {
  const streams = [
    openSync("/dev/null", "r"),
    ...["stdout", "stderr"].map((name) => openSync(join(folder, name), "a")),
  ];
  const [program = "", ...args] = words;
  return new Promise((resolve) => {
    let timedOut = false;
    const child = spawn(program, args, { cwd: join(folder, "work"), stdio: streams, env, detached: true });
    for (const fd of streams) closeSync(fd);
    const endGroup = () => {
      try {
        if (child.pid !== undefined) process.kill(-child.pid, "SIGKILL");
      } catch {
        // All of them have ended.
      }
    };
    const timer = setTimeout(() => {
      timedOut = true;
      endGroup();
    }, TIMEOUT_MS);
    child.on("error", (error) => {
      clearTimeout(timer);
      resolve(error.message);
    });
    child.on("exit", (code, signal) => {
      clearTimeout(timer);
      // What it has started on the host goes with it.
      endGroup();
      resolve(timedOut ? "timeout" : (signal ?? `exit ${code}`));
    });
  });
}

/** Deletes every container of the state root, then unmounts and removes the folder. Returns what could not be deleted. */
function cleanUp(runtime: Runtime, folder: string, state: string): string[] {
  const left: string[] = [];
  for (const id of containersIn(state)) {
    const [program = "", ...args] = [...runtime.prefix, runtime.program, "--root", state, "delete", "--force", id];
    const ran = spawnSync(program, args, { encoding: "utf8", timeout: CLEANUP_TIMEOUT_MS });
    if (ran.status !== 0) left.push(`delete --force ${id}: ${(ran.stderr ?? "").trim()}`);
  }
  for (const path of mountPoints(/./)) {
    if (path.startsWith(`${folder}/`)) spawnSync("umount", ["-l", path]);
  }
  if (mountPoints(/./).some((path) => path.startsWith(`${folder}/`))) left.push(`mounts below ${folder}`);
  else rmSync(folder, { recursive: true, force: true });
  return left;
}

function containersIn(state: string): string[] {
  try {
    return readdirSync(state, { withFileTypes: true }).flatMap((entry) =>
      entry.isDirectory() && !entry.name.startsWith(".") ? [entry.name] : [],
    );
  } catch {
    return [];
  }
}

/** As `tap` counts, which the numbers that others publish are made with: what asserts nothing and ends well has passed. */
function judge(output: TapOutput, ended: string): Outcome["verdict"] {
  if (ended !== "exit 0" || output.failed.size > 0 || output.violations.length > 0) return "failed";
  return output.passed === 0 && output.skipped > 0 ? "skipped" : "passed";
}

/** Runs one executable to its end, at most 90 s. */
export async function runExecutable(tools: Tools, executable: string, runtime: Runtime): Promise<Outcome> {
  const started = Date.now();
  const { folder, command, state } = prepare(tools, runtime);
  const env = { ...process.env, RUNTIME: command, TMPDIR: join(folder, "tmp") };
  const ended = await execute([...runtime.prefix, join(tools.folder, executable)], folder, env);
  const output = readTap(readFileSync(join(folder, "stdout"), "utf8"));
  const said = readFileSync(join(folder, "stderr"), "utf8").slice(-SAID_BYTES).trim();
  const left = cleanUp(runtime, folder, state);
  const seconds = (Date.now() - started) / 1000;
  return { executable, runtime: runtime.name, verdict: judge(output, ended), output, ended, said, left, seconds };
}
