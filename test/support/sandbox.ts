/** Real containers for tests: a folder of its own with bundles and state, both hosts, and a look at what is left behind. */
import { spawnSync } from "node:child_process";
import {
  closeSync,
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import process from "node:process";
import { defaultConfig } from "../../src/config/default.ts";
import type { Config } from "../../src/config/types.ts";

/** A program that takes runc's command line. */
export interface HostUnderTest {
  name: string;
  command: string[];
}

const REPOSITORY = resolve(process.cwd());
export const ENGINE: HostUnderTest = { name: "engine", command: [join(REPOSITORY, "dist/ts-runc")] };
export const NODE: HostUnderTest = {
  name: "node",
  command: [process.execPath, join(REPOSITORY, "build/node/ts-runc.mjs")],
};
export const RUNC: HostUnderTest = { name: "runc", command: ["/usr/sbin/runc"] };

/** The hosts that a life-cycle test runs on; TSRUNC_HOSTS=engine leaves Node out. */
export const HOSTS: readonly HostUnderTest[] = [ENGINE, NODE].filter((host) =>
  (process.env["TSRUNC_HOSTS"] ?? "engine,node").split(",").includes(host.name),
);

/** What a command did. */
export interface Outcome {
  status: number;
  stdout: string;
  stderr: string;
}

/** A config that can be changed in place: all optional parts that tests touch are there. */
export type TestConfig = Config & {
  process: NonNullable<Config["process"]>;
  root: NonNullable<Config["root"]>;
  linux: NonNullable<Config["linux"]>;
  mounts: NonNullable<Config["mounts"]>;
};

let counter = 0;

/** One test's folder. `close` removes everything and fails loudly when a container is left. */
export class Sandbox {
  readonly folder: string;
  readonly state: string;
  readonly host: HostUnderTest;

  constructor(host: HostUnderTest) {
    this.host = host;
    this.folder = mkdtempSync(join(tmpdir(), "ts-runc-test-"));
    this.state = join(this.folder, "state");
  }

  /** An id that no other test uses. */
  id(): string {
    counter++;
    return `t${process.pid}-${this.host.name}-${counter}`;
  }

  /** A new bundle with busybox as root file system; `change` edits the default config. Returns its folder. */
  bundle(args: string[], change: (config: TestConfig) => void = () => undefined): string {
    const folder = mkdtempSync(join(this.folder, "bundle-"));
    // Hard links to one busybox, real directories: tests may add and remove names, but must not write into bin/busybox.
    spawnSync("cp", ["-al", join(REPOSITORY, "bundles/.rootfs"), join(folder, "rootfs")]);
    const config = defaultConfig(false) as TestConfig;
    config.process.terminal = false;
    config.process.args = args;
    config.root.readonly = false;
    change(config);
    this.write(folder, config);
    return folder;
  }

  /** Writes a bundle's config.json; bigints stay exact. */
  write(bundle: string, config: unknown): void {
    const text = JSON.stringify(
      config,
      (_, value: unknown) => (typeof value === "bigint" ? `\u0001${value}\u0001` : value),
      2,
    );
    writeFileSync(join(bundle, "config.json"), text.replace(/"\\u0001(-?[0-9]+)\\u0001"/g, "$1"));
  }

  /** Runs a command of the runtime under test, with this sandbox's --root. Killed after 20 s, which is a failure (status 137). */
  run(
    args: string[],
    options: {
      cwd?: string;
      input?: string;
      env?: Record<string, string>;
      global?: string[];
      timeoutMs?: number;
      /** A command that runs ours: `unshare --net …`. */
      within?: readonly string[];
    } = {},
  ): Outcome {
    const [program = "", ...rest] = [...(options.within ?? []), ...this.host.command];
    // Files, not pipes: a container that lives on holds its streams open, and a pipe would be waited for to its end.
    const [out, err] = ["stdout", "stderr"].map((name) => join(this.folder, name)) as [string, string];
    const [outFd, errFd] = [openSync(out, "w"), openSync(err, "w")];
    try {
      const result = spawnSync(program, [...rest, "--root", this.state, ...(options.global ?? []), ...args], {
        cwd: options.cwd ?? this.folder,
        input: options.input ?? "",
        stdio: ["pipe", outFd, errFd],
        env: { PATH: process.env["PATH"] ?? "", ...options.env },
        timeout: options.timeoutMs ?? 20_000,
        killSignal: "SIGKILL",
      });
      const status = result.status ?? (result.signal === null ? 255 : 137);
      return { status, stdout: readFileSync(out, "utf8"), stderr: readFileSync(err, "utf8") };
    } finally {
      closeSync(outFd);
      closeSync(errFd);
    }
  }

  /** `run` of a one-off container: what its process prints. */
  once(args: string[], change: (config: TestConfig) => void = () => undefined, flags: string[] = []): Outcome {
    return this.run(["run", "--bundle", this.bundle(args, change), ...flags, this.id()]);
  }

  /** Pid of a container's first process. */
  pid(id: string): number {
    return (JSON.parse(this.run(["state", id]).stdout) as { pid: number }).pid;
  }

  /** Status word of a container; "missing" when there is none. */
  status(id: string): string {
    const outcome = this.run(["state", id]);
    return outcome.status === 0 ? (JSON.parse(outcome.stdout) as { status: string }).status : "missing";
  }

  /** What this sandbox's containers have left: state directories, cgroups with their ids, mounts below the folder. */
  leftovers(): string[] {
    const states = existsSync(this.state) ? readdirSync(this.state).map((name) => `state ${name}`) : [];
    const mounts = readFileSync("/proc/self/mountinfo", "utf8")
      .split("\n")
      .filter((line) => line.includes(this.folder));
    const prefix = `t${process.pid}-${this.host.name}-`;
    const cgroups = spawnSync("find", ["/sys/fs/cgroup", "-type", "d", "-name", `${prefix}*`], { encoding: "utf8" })
      .stdout.split("\n")
      .filter((line) => line !== "");
    return [...states, ...mounts.map((line) => `mount ${line}`), ...cgroups.map((line) => `cgroup ${line}`)];
  }

  /** Force-deletes what is left and removes the folder. Returns what had been left. */
  close(): string[] {
    const left = this.leftovers();
    if (existsSync(this.state)) for (const id of readdirSync(this.state)) this.run(["delete", "--force", id]);
    rmSync(this.folder, { recursive: true, force: true });
    return left;
  }
}

/** Waits until `condition` holds, looking every 10 ms. @throws Error after the bound. */
export function until(condition: () => boolean, what: string, timeoutMs = 20_000): void {
  const end = Date.now() + timeoutMs;
  while (!condition()) {
    if (Date.now() > end) throw new Error(`waited ${timeoutMs} ms for: ${what}`);
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 10);
  }
}

/** Makes a folder below another. */
export function folder(...parts: string[]): string {
  const path = join(...parts);
  mkdirSync(path, { recursive: true });
  return path;
}

/** A copy that shares no inode with its source, for tests that write into a root file system. */
export function copyOf(source: string, target: string): void {
  cpSync(source, target, { recursive: true, verbatimSymlinks: true });
}
