/** checkpoint: saves a container to files with criu(8), as runc (libcontainer/criu_linux.go) has it saved. */
import { makePlan } from "../config/plan.ts";
import type { LoadedConfig } from "../config/types.ts";
import { findInRoot } from "../init/root.ts";
import { AT_CWD, type Fd, type Kernel } from "../kernel/call.ts";
import {
  EEXIST,
  O_CREAT,
  O_DIRECTORY,
  O_NOFOLLOW,
  O_PATH,
  O_TRUNC,
  O_WRONLY,
  SYS_mkdirat,
} from "../kernel/constants.ts";
import { close, isDirectory, openAt, readLinkAt, stat, writeAll } from "../kernel/file.ts";
import { blockSignals, restoreSignals } from "../kernel/process.ts";
import { openProc, type Procfs } from "../kernel/procfs.ts";
import { RuntimeError } from "../shared/error.ts";
import type { StateRecord } from "../state/record.ts";
import { statusOf } from "../state/status.ts";
import { withLocked } from "./container.ts";
import { readConfig } from "./create.ts";
import { type CriuFlags, DUMP_LOG, dumpArguments } from "./criu-args.ts";
import { cgroupDirectory, externalMounts } from "./criu-mounts.ts";
import { findCriu, runCriu } from "./criu-run.ts";
import { ENDING } from "./parent.ts";
import type { Runtime } from "./runtime.ts";
import { openJoins } from "./spawn.ts";

/** Flags of checkpoint. */
export interface CheckpointOptions extends CriuFlags {
  id: string;
  parent: string | undefined;
  preDump: boolean;
}

/** Where the process's standard streams led, for restore; runc's file. */
export const STREAMS = "descriptors.json";

/** criu's words for kinds of namespaces: those of /proc/PID/ns. */
export const CRIU_NAMESPACES: ReadonlyMap<string, string> = new Map([
  ["network", "net"],
  ["mount", "mnt"],
]);

/**
 * Saves a running or paused container. Unless criu is told to leave it running it has stopped afterwards.
 *
 * @throws RuntimeError, and the container runs on.
 */
export function checkpoint(runtime: Runtime, options: CheckpointOptions): void {
  const { kernel } = runtime;
  const what = `checkpoint "${options.id}"`;
  withLocked(runtime, options.id, "checkpoint", (directory) => {
    const record = directory.read();
    const { status } = statusOf(kernel, directory, record);
    if (status !== "running" && status !== "paused")
      throw new RuntimeError({ what, problem: `found it ${status}, want a running or paused container` });
    const program = findCriu(kernel, what);
    const config = readConfig(runtime, record.bundle, record.config);
    refuseTerminal(config, what);
    for (const path of [options.images, options.work]) if (path !== undefined) makeFolder(kernel, path, what);
    // A half-saved container is of no use: criu comes to its end, whatever is sent to us.
    const before = blockSignals(kernel, ENDING);
    try {
      dump(runtime, options, { what, program, record, config });
    } finally {
      restoreSignals(kernel, before);
    }
  });
}

/** criu hands a terminal's master only to a caller of its service. */
export function refuseTerminal(config: LoadedConfig, what: string): void {
  if (config.process.terminal !== true) return;
  throw new RuntimeError({
    what,
    problem: "found a terminal, want a container without one: this version saves and restores none",
    where: "config.json#/process/terminal",
  });
}

function dump(
  runtime: Runtime,
  options: CheckpointOptions,
  found: { what: string; program: string; record: StateRecord; config: LoadedConfig },
): void {
  const { kernel } = runtime;
  const { what, program, record, config } = found;
  const { id, images, work } = options;
  const plan = makePlan(config, {
    id,
    bundle: record.bundle,
    noPivot: false,
    noNewKeyring: true,
    preserved: 0,
    listenFds: 0,
  });
  const joins = openJoins(kernel, config);
  const proc = openProc(kernel);
  const root = openAt(kernel, proc, `${record.pid}/root`, O_PATH | O_DIRECTORY);
  const masked = plan.maskedPaths.filter((path) => isFileIn(kernel, root, path));
  close(kernel, root);
  if (!options.preDump) writeStreams(kernel, proc, record.pid, images);
  close(kernel, proc);
  const words = dumpArguments({
    ...options,
    pid: record.pid,
    root: record.rootfs,
    mounts: externalMounts(kernel, plan, record.cgroup),
    masked,
    namespaces: joins.map(({ kind, fd }) => ({
      kind: CRIU_NAMESPACES.get(kind) ?? kind,
      path: "",
      number: stat(kernel, fd).ino,
    })),
    freezer: record.cgroup === null ? undefined : cgroupDirectory(record.cgroup, "freezer"),
  });
  for (const { fd } of joins) close(kernel, fd);
  const sameGroup = options.switches.includes("shell-job");
  const log = `${work ?? images}/${DUMP_LOG}`;
  runCriu(kernel, { what, program, words, log, cgroups: [], mountRoot: undefined, handed: [], sameGroup });
}

/** A folder of the caller's choice, made if need be, as runc. */
export function makeFolder(kernel: Kernel, path: string, what: string): void {
  const result = kernel.attempt(SYS_mkdirat, AT_CWD, path, 0o700);
  if (result === 0 || result === -EEXIST) return;
  const { call, code } = kernel.failure(result, SYS_mkdirat, AT_CWD, path, 0o700);
  throw new RuntimeError({
    what,
    problem: `${code}: the folder of the images or logs could not be made`,
    where: path,
    step: "criu",
    call,
    errno: code,
  });
}

function isFileIn(kernel: Kernel, root: Fd, path: string): boolean {
  const fd = findInRoot(kernel, root, path);
  if (fd === undefined) return false;
  const file = !isDirectory(stat(kernel, fd));
  close(kernel, fd);
  return file;
}

/** Says what 0, 1 and 2 are, so that restore can put pipes of its caller in their place. */
function writeStreams(kernel: Kernel, proc: Procfs, pid: number, images: string): void {
  const streams = [0, 1, 2].map((fd) => readLinkAt(kernel, proc, `${pid}/fd/${fd}`) ?? "");
  const fd = openAt(kernel, AT_CWD, `${images}/${STREAMS}`, O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW, 0o600);
  writeAll(kernel, fd, JSON.stringify(streams));
  close(kernel, fd);
}
