/** restore: a container from what checkpoint has saved, with criu(8); what criu does not save is made as create makes it. */
import type { OpenCgroup } from "../cgroup/group.ts";
import { makePlan, newNamespaces } from "../config/plan.ts";
import type { InitPlan } from "../config/plan-types.ts";
import type { LoadedConfig } from "../config/types.ts";
import { withStep } from "../init/step.ts";
import { AT_CWD, type Fd, type Kernel, type Pid } from "../kernel/call.ts";
import { O_WRONLY, PR_SET_CHILD_SUBREAPER } from "../kernel/constants.ts";
import { close, openAt, readText, statIfPresent } from "../kernel/file.ts";
import { blockSignals, killAndReap, parseProcessStat, prctl, restoreSignals, wait } from "../kernel/process.ts";
import { openProc, readProc } from "../kernel/procfs.ts";
import { RuntimeError } from "../shared/error.ts";
import { twice } from "../shared/twice.ts";
import { checkId } from "../state/id.ts";
import type { StateRecord } from "../state/record.ts";
import { ContainerDirectory, openRoot } from "../state/store.ts";
import { writeTemplate } from "../state/template.ts";
import { CRIU_NAMESPACES, makeFolder, refuseTerminal, STREAMS } from "./checkpoint.ts";
import { Cleanup } from "./cleanup.ts";
import { compileFilter, newRecord, readConfig, setUpCgroup, withoutCgroup } from "./create.ts";
import { type CriuFlags, RESTORE_LOG, restoreArguments } from "./criu-args.ts";
import { externalMounts } from "./criu-mounts.ts";
import { FIRST_HANDED, findCriu, runCriu } from "./criu-run.ts";
import { removeOpen } from "./delete.ts";
import { Foreground } from "./foreground.ts";
import { ENDING } from "./parent.ts";
import { removePidFile, writePidFile } from "./pid-file.ts";
import type { Runtime } from "./runtime.ts";
import { type Join, openJoins } from "./spawn.ts";

/** Flags of restore. */
export interface RestoreOptions extends CriuFlags {
  id: string;
  /** Absolute path. */
  bundle: string;
  pidFile: string | undefined;
  detach: boolean;
  noSubreaper: boolean;
  lsmProfile: string | undefined;
  lsmMountContext: string | undefined;
}

/** criu writes the pid here, in the container's state directory. */
const PID_FILE = "criu.pid";

/** What a restore is given beside the flags. */
interface Restoring extends RestoreOptions {
  /** Descriptors in place of our 0, 1 and 2; -1: ours. */
  stdio: [number, number, number];
}

interface Restored {
  directory: ContainerDirectory;
  record: StateRecord;
}

/** Restores a container. Returns the exit status for our own process: 0 when detached. */
export function restore(runtime: Runtime, options: RestoreOptions): number {
  if (options.detach) {
    make(runtime, { ...options, stdio: [-1, -1, -1] });
    return 0;
  }
  const { kernel } = runtime;
  const foreground = new Foreground(kernel);
  if (!options.noSubreaper) prctl(kernel, PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0);
  foreground.begin();
  try {
    const stdio: [number, number, number] = [-1, -1, -1];
    foreground.replaceTerminals(stdio);
    const { directory, record } = make(runtime, { ...options, stdio });
    const init = record.pid as Pid;
    foreground.untilEnd(init);
    const status = twice(() => wait(kernel, init, 0))?.status ?? 0;
    foreground.finish();
    twice(() => directory.lock());
    twice(() => removeOpen(runtime, directory, record));
    return status;
  } finally {
    foreground.end();
  }
}

/** @throws RuntimeError, with everything given back. */
function make(runtime: Runtime, options: Restoring): Restored {
  const { kernel } = runtime;
  const what = `restore "${options.id}"`;
  checkId(options.id);
  const program = findCriu(kernel, what);
  if (statIfPresent(kernel, AT_CWD, `${options.images}/inventory.img`, true) === undefined)
    throw new RuntimeError({
      what,
      problem: "found no inventory.img, want the folder of a checkpoint",
      where: options.images,
      hint: "--image-path",
    });
  const config = readConfig(runtime, options.bundle);
  refuseTerminal(config, what);
  refuseUnrestored(config, what);
  if (options.work !== undefined) makeFolder(kernel, options.work, what);
  const cleanup = new Cleanup();
  const before = blockSignals(kernel, ENDING);
  try {
    const restored = build(runtime, options, { what, program, config, cleanup });
    cleanup.release();
    return restored;
  } catch (error) {
    throw cleanup.undo(withStep("restore", { what, problem: "the kernel refused a call" }, error));
  } finally {
    restoreSignals(kernel, before);
  }
}

/** What runc does between criu's steps, which only a caller of its service can. */
function refuseUnrestored(config: LoadedConfig, what: string): void {
  for (const kind of ["prestart", "createRuntime"] as const) {
    if ((config.hooks?.[kind] ?? []).length === 0) continue;
    throw new RuntimeError({
      what,
      problem: "found hooks, want none: this version cannot run them in a restore",
      where: `config.json#/hooks/${kind}`,
    });
  }
  const linux = config.linux ?? {};
  for (const key of ["intelRdt", "netDevices"] as const) {
    if (linux[key] === undefined) continue;
    throw new RuntimeError({
      what,
      problem: "found it set, want it absent: this version does not restore it",
      where: `config.json#/linux/${key}`,
    });
  }
}

function build(
  runtime: Runtime,
  options: Restoring,
  found: { what: string; program: string; config: LoadedConfig; cleanup: Cleanup },
): Restored {
  const { kernel } = runtime;
  const { id, bundle } = options;
  const { config, cleanup } = found;
  const create = {
    ...{ id, bundle, config: undefined, pidFile: undefined },
    ...{ consoleSocket: undefined, pidfdSocket: undefined, preserveFds: 0 },
    ...{ noPivot: false, noNewKeyring: false, ownTerminal: false, stdio: [-1, -1, -1] as [number, number, number] },
  };
  const plan = makePlan(config, { ...create, preserved: 0, listenFds: 0 });
  const filter = compileFilter(runtime, config, plan);
  const root = openRoot(kernel, runtime.root);
  const record = newRecord(runtime, create, config, plan);
  // Restored processes were never executed here, so that PF_FORKNOEXEC says nothing of them.
  record.initExecuted = true;
  const directory = ContainerDirectory.create(kernel, root, id);
  cleanup.add("state directory", () => directory.remove());
  directory.lock();
  const cgroup =
    runtime.noCgroup === true
      ? withoutCgroup(config, record, directory)
      : setUpCgroup(kernel, config, record, directory, cleanup);
  const joins = openJoins(kernel, config);
  cleanup.add("process", () => {
    const pid = readPid(kernel, directory);
    if (pid !== undefined) killAndReap(kernel, pid);
  });
  runRestore(runtime, options, { ...found, plan, record, cgroup, joins });
  const pid = readPid(kernel, directory);
  if (pid === undefined) throw new RuntimeError({ what: found.what, problem: "criu told no pid, want one" });
  const proc = openProc(kernel);
  record.pid = pid;
  // Also of one that has ended already: it is our child, and waits to be reaped.
  record.startTime = parseProcessStat(readProc(kernel, proc, `${pid}/stat`) ?? "").startTime;
  close(kernel, proc);
  record.creating = false;
  writeTemplate(directory, config, plan, filter);
  const { pidFile } = options;
  if (pidFile !== undefined) {
    writePidFile(kernel, pidFile, pid);
    cleanup.add("pid file", () => removePidFile(kernel, pidFile));
  }
  directory.write(record);
  directory.unlock();
  return { directory, record };
}

function readPid(kernel: Kernel, directory: ContainerDirectory): Pid | undefined {
  if (statIfPresent(kernel, directory.fd, PID_FILE) === undefined) return undefined;
  const pid = Number(readText(kernel, directory.fd, PID_FILE).trim());
  return Number.isSafeInteger(pid) && pid > 1 ? (pid as Pid) : undefined;
}

function runRestore(
  runtime: Runtime,
  options: Restoring,
  found: {
    what: string;
    program: string;
    config: LoadedConfig;
    plan: InitPlan;
    record: StateRecord;
    cgroup: OpenCgroup | undefined;
    joins: readonly Join[];
  },
): void {
  const { kernel } = runtime;
  const { what, program, config, plan, record, cgroup, joins } = found;
  const handed: { from: Fd; to: number }[] = [];
  const hand = (from: Fd): number => {
    const to = FIRST_HANDED + handed.length;
    handed.push({ from, to });
    return to;
  };
  const words = restoreArguments({
    ...options,
    root: record.rootfs,
    mounts: externalMounts(kernel, plan, record.cgroup),
    masks: plan.maskedPaths.length > 0,
    namespaces: joins.map(({ kind, fd }) => ({
      kind: CRIU_NAMESPACES.get(kind) ?? kind,
      path: config.linux?.namespaces?.find(({ type }) => type === kind)?.path ?? "",
      number: hand(fd),
    })),
    streams: readStreams(kernel, options.images, what).map(({ key, fd }) => {
      const own = options.stdio[fd] ?? -1;
      return { key, fd: hand((own < 0 ? fd : own) as Fd) };
    }),
    cgroupRoots: (record.cgroup?.places ?? []).flatMap(({ controllers, path }): [string, string][] =>
      controllers.length === 0 ? [["", `/${path}`]] : controllers.map((name) => [name, `/${path}`]),
    ),
    pidFile: `${runtime.root}/${options.id}/${PID_FILE}`,
  });
  const procs = (cgroup?.fds ?? []).map((fd) => openAt(kernel, fd, "cgroup.procs", O_WRONLY));
  const log = `${options.work ?? options.images}/${RESTORE_LOG}`;
  const sameGroup = options.switches.includes("shell-job");
  // Where mounts are the caller's own there is nothing to bind.
  const mountRoot = newNamespaces(config).includes("mount") ? record.rootfs : undefined;
  runCriu(kernel, { what, program, words, log, cgroups: procs, mountRoot, handed, sameGroup });
  const theirs = options.stdio.filter((fd) => fd > 2) as Fd[];
  for (const fd of [...procs, ...(cgroup?.fds ?? []), ...joins.map((join) => join.fd), ...theirs]) close(kernel, fd);
}

/** Streams of the saved process that were pipes: our own take their place. */
function readStreams(kernel: Kernel, images: string, what: string): { key: string; fd: number }[] {
  const path = `${images}/${STREAMS}`;
  if (statIfPresent(kernel, AT_CWD, path, true) === undefined) return [];
  let names: unknown;
  try {
    names = JSON.parse(readText(kernel, AT_CWD, path));
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
    throw new RuntimeError({ what, problem: "found no JSON, want the list that checkpoint has written", where: path });
  }
  if (!Array.isArray(names)) return [];
  return names.flatMap((key: unknown, fd) =>
    fd < 3 && typeof key === "string" && key.startsWith("pipe:") ? [{ key, fd }] : [],
  );
}
