/** What every life-cycle test needs beside a sandbox: both hosts, one error line, and tables of /proc read into objects. */
import { existsSync, mkdirSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";
import t, { type Test } from "tap";
import { NODE_EXCEPTIONS } from "../lifecycle/node-exceptions.ts";
import { HOSTS, type Outcome, RUNC, Sandbox, type TestConfig } from "./sandbox.ts";

export type { Test } from "tap";

/** A test on each host, in a sandbox of its own that must be empty at the end. */
export function onHosts(name: string, check: (t: Test, box: Sandbox) => void | Promise<void>): void {
  for (const host of HOSTS) {
    const reason = host.name === "node" ? NODE_EXCEPTIONS.get(name) : undefined;
    t.test(`${host.name}: ${name}`, reason === undefined ? {} : { skip: reason }, async (t) => {
      const box = new Sandbox(host);
      try {
        await check(t, box);
      } finally {
        t.strictSame(box.close(), [], "nothing is left behind");
      }
    });
  }
}

/** As onHosts, for what is compared with runc; a guest of the VM matrix has none. */
export function besideRunc(name: string, check: Parameters<typeof onHosts>[1]): void {
  if (existsSync(RUNC.command[0] ?? "")) onHosts(name, check);
  else t.test(name, { skip: "no runc on this machine" }, () => undefined);
}

/** Status 0, nothing on stderr; returns what was printed. @throws Error when it failed: what follows would only fail in its wake. */
export function prints(t: Test, outcome: Outcome, what = "it succeeds"): string {
  if (outcome.status !== 0) throw new Error(`${what}: status ${outcome.status}: ${outcome.stderr}`);
  t.equal(outcome.stderr, "", `${what}, without a word on stderr`);
  return outcome.stdout;
}

/** A status, whatever was printed; where it is another, what stderr says is shown with it. */
export function exits(
  t: Test,
  outcome: { status: number | null; stderr: string },
  status: number,
  what = `status ${status}`,
): void {
  t.equal(outcome.status, status, what, { stderr: outcome.stderr.slice(-1000) });
}

/** Status 1 (or another) and exactly one line on stderr: that text, or one that matches. */
export function fails(t: Test, outcome: Outcome, line: string | RegExp, status = 1): void {
  exits(t, outcome, status, "status of a failure");
  t.match(outcome.stderr, /^[^\n]+\n$/, "one line, with its end");
  if (typeof line === "string") t.equal(outcome.stderr.trimEnd(), line);
  else t.match(outcome.stderr, line);
}

/** One line of mountinfo, proc_pid_mountinfo(5). */
export interface MountLine {
  root: string;
  target: string;
  options: string[];
  /** `shared:1`, `master:2`, `unbindable`. */
  propagation: string[];
  type: string;
  source: string;
  superblock: string[];
}

/** The last line of a mountinfo that is about a target, the one that is seen. */
export function mountAt(mountinfo: string, target: string): MountLine {
  const found = mountLines(mountinfo).filter((line) => line.target === target);
  const last = found[found.length - 1];
  if (last === undefined) throw new Error(`nothing is mounted on ${target} in\n${mountinfo}`);
  return last;
}

/** All lines of a mountinfo. */
export function mountLines(mountinfo: string): MountLine[] {
  return mountinfo
    .split("\n")
    .filter((line) => / - /.test(line))
    .map((line) => {
      const [before = "", after = ""] = line.split(" - ");
      const [, , , root = "", target = "", options = "", ...propagation] = before.split(" ");
      const [type = "", source = "", superblock = ""] = after.split(" ");
      return {
        root,
        target,
        options: options.split(","),
        propagation,
        type,
        source,
        superblock: superblock.split(","),
      };
    });
}

/** `Name: value` lines (of /proc/PID/status) as an object. */
export function fields(text: string): Record<string, string> {
  const entries = text.split("\n").map((line) => /^([^:]+):\s*(.*)$/.exec(line));
  return Object.fromEntries(entries.flatMap((match) => (match === null ? [] : [[match[1] ?? "", match[2] ?? ""]])));
}

/** Takes an entry of linux.namespaces away. */
export function withoutNamespace(config: TestConfig, ...kinds: string[]): void {
  config.linux.namespaces = (config.linux.namespaces ?? []).filter((entry) => !kinds.includes(entry.type));
}

/** A user namespace whose ids 0 to 65535 are the host's 100000 and on. */
export function withUserNamespace(config: TestConfig): void {
  config.linux.namespaces = [...(config.linux.namespaces ?? []), { type: "user" }];
  config.linux.uidMappings = [{ containerID: 0, hostID: 100_000, size: 65_536 }];
  config.linux.gidMappings = [{ containerID: 0, hostID: 200_000, size: 65_536 }];
}

/** Creates and starts a container that stays; returns its id. */
export function started(t: Test, box: Sandbox, change: (config: TestConfig) => void = () => undefined): string {
  const id = created(t, box, ["sleep", "1000"], change);
  prints(t, box.run(["start", id]), "start");
  return id;
}

/** Creates a container; returns its id. */
export function created(
  t: Test,
  box: Sandbox,
  args: string[],
  change: (config: TestConfig) => void = () => undefined,
): string {
  const id = box.id();
  prints(t, box.run(["create", "--bundle", box.bundle(args, change), id]), "create");
  return id;
}

/** Removes a container in whatever state. */
export function removed(t: Test, box: Sandbox, id: string): void {
  prints(t, box.run(["delete", "--force", id]), "delete --force");
}

/** Writes a file with its folders. */
export function put(path: string, text: string | Uint8Array, mode = 0o644): string {
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, text, { mode });
  return path;
}
