/** create: from a bundle to an init that waits for start (runtime-spec runtime.md#create). */
import { deviceProgram, deviceRules, rulesDigest, v1DeviceWrites } from "../cgroup/devices.ts";
import {
  attachDevices,
  birthplace,
  makeCgroup,
  type OpenCgroup,
  openDoors,
  removeCgroup,
  writeDevices,
} from "../cgroup/group.ts";
import { readLayout } from "../cgroup/layout.ts";
import { writeLimits } from "../cgroup/limits.ts";
import { placeCgroup } from "../cgroup/path.ts";
import { v1Writes } from "../cgroup/resources-v1.ts";
import { v2Writes } from "../cgroup/resources-v2.ts";
import { RESOURCES_AT } from "../cgroup/write-list.ts";
import { loadConfig } from "../config/load.ts";
import { grantsAdmin, makePlan, newNamespaces, planHooks } from "../config/plan.ts";
import type { InitPlan } from "../config/plan-types.ts";
import type { IntelRdt, LoadedConfig } from "../config/types.ts";
import { withStep } from "../init/step.ts";
import { AT_CWD, type Fd, type Kernel, SyscallError } from "../kernel/call.ts";
import { timestamp } from "../kernel/clock.ts";
import { ENOENT, ENOTDIR, O_NONBLOCK, O_RDONLY, S_IFMT, S_IFREG, SIGPIPE, SIGXFSZ } from "../kernel/constants.ts";
import { close, closeAll, openAt, readAll, stat } from "../kernel/file.ts";
import { blockSignals, resetDispositions, restoreSignals } from "../kernel/process.ts";
import { openProc, readProc, selfName } from "../kernel/procfs.ts";
import { RuntimeError } from "../shared/error.ts";
import { decode } from "../shared/text.ts";
import { checkId } from "../state/id.ts";
import { RECORD_VERSION, type StateRecord } from "../state/record.ts";
import { readBootId } from "../state/status.ts";
import { ContainerDirectory, openRoot } from "../state/store.ts";
import { Cleanup } from "./cleanup.ts";
import { openConsoleSocket } from "./console-socket.ts";
import { runPoststop } from "./delete.ts";
import { checkPreserved, countListenFds } from "./descriptors.ts";
import { stateForHooks } from "./hook-state.ts";
import { ENDING, killSpawned, Parent } from "./parent.ts";
import { removePidFile } from "./pid-file.ts";
import { namespaceFlags, prepareTrees } from "./prepare.ts";
import type { Runtime } from "./runtime.ts";
import { openJoins, type Spawned, spawnInit } from "./spawn.ts";

/** Largest config.json, bytes (input.1). */
const MAX_CONFIG = 16 << 20;

/** Flags of create and run. */
export interface CreateOptions {
  id: string;
  /** Absolute path. */
  bundle: string;
  /** Absolute path of a file in place of the bundle's config.json (as crun's). */
  config: string | undefined;
  pidFile: string | undefined;
  consoleSocket: string | undefined;
  pidfdSocket: string | undefined;
  preserveFds: number;
  noPivot: boolean;
  noNewKeyring: boolean;
  /** run in the foreground relays a terminal itself; then no socket is wanted. */
  ownTerminal: boolean;
  /** Descriptors for 0, 1, 2 of the process; -1: ours (run in the foreground replaces a host terminal). */
  stdio: [number, number, number];
}

/** A created container, as run goes on with it. */
export interface Created {
  directory: ContainerDirectory;
  record: StateRecord;
  /** Master of the terminal, when the caller asked for it. */
  master: Fd | undefined;
  config: LoadedConfig;
}

/** Reads and checks the bundle's config.json, or the file that is given; it must be a regular file (input.1). */
export function readConfig(runtime: Runtime, bundle: string, file?: string): LoadedConfig {
  const { kernel } = runtime;
  const path = file ?? `${bundle}/config.json`;
  let fd: Fd;
  try {
    fd = openAt(kernel, AT_CWD, path, O_RDONLY | O_NONBLOCK);
  } catch (error) {
    if (!(error instanceof SyscallError)) throw error;
    throw new RuntimeError({
      what: "load config.json",
      ...(file === undefined && (error.errno === ENOENT || error.errno === ENOTDIR)
        ? {
            problem: `${error.code}: the bundle has none, want a folder with config.json and a root file system`,
            where: bundle,
            hint: "--bundle, or make one with the command spec",
          }
        : {
            problem: `${error.code}: want a file that may be read`,
            where: file === undefined ? path : `--config ${file}`,
          }),
      step: "config",
      call: error.call,
      errno: error.code,
    });
  }
  try {
    const { mode, size } = stat(kernel, fd);
    if ((mode & S_IFMT) !== S_IFREG)
      throw new RuntimeError({
        what: "load config.json",
        problem: "found no regular file, want one",
        where: path,
      });
    const bytes = readAll(kernel, fd, MAX_CONFIG, true, size);
    if (bytes === undefined)
      throw new RuntimeError({
        what: "load config.json",
        problem: `found more than ${MAX_CONFIG} bytes, want fewer`,
        where: path,
      });
    const config = loadConfig(decode(bytes), runtime.chunks.validateConfig(), runtime.warn);
    // Unknown properties are ignored, as config.md#extensibility demands, but not in silence.
    if (runtime.debug !== undefined) {
      for (const pointer of runtime.chunks.unknownInConfig(config)) runtime.debug(`config.json#${pointer}: unknown`);
    }
    return config;
  } finally {
    close(kernel, fd);
  }
}

/**
 * Creates a container.
 *
 * @param known the bundle's config, where the caller has read it already.
 * @throws RuntimeError, with everything given back.
 */
export function create(runtime: Runtime, options: CreateOptions, known?: LoadedConfig): Created {
  const { kernel } = runtime;
  checkId(options.id);
  const own = known ?? readConfig(runtime, options.bundle, options.config);
  const config = withNotify(runtime, options.id, own);
  // Node's executable is left as it is.
  if (runtime.initEntry === undefined && grantsAdmin(config)) runtime.chunks.seldom().sealForAdmin(kernel);
  const cleanup = new Cleanup();
  // An init that is executed anew does it itself (addChild).
  if (runtime.initEntry === undefined) resetDispositions(kernel, [SIGPIPE, SIGXFSZ]);
  // Signals that would end us are taken as an error, so that the clean-up runs.
  const before = blockSignals(kernel, ENDING);
  try {
    const created = build(runtime, options, config, cleanup, config !== own);
    cleanup.release();
    return created;
  } catch (error) {
    throw cleanup.undo(
      withStep("create", { what: `create "${options.id}"`, problem: "the kernel refused a call" }, error),
    );
  } finally {
    restoreSignals(kernel, before);
  }
}

/** Where the caller is a service that waits for readiness, the container can say so. */
function withNotify(runtime: Runtime, id: string, config: LoadedConfig): LoadedConfig {
  if (!runtime.env.has("NOTIFY_SOCKET")) return config;
  const notify = runtime.chunks.notify();
  return notify.notifyTarget(runtime) === undefined ? config : notify.withNotify(config, `${runtime.root}/${id}`);
}

function build(
  runtime: Runtime,
  options: CreateOptions,
  config: LoadedConfig,
  cleanup: Cleanup,
  notifies: boolean,
): Created {
  const { kernel } = runtime;
  const terminal = config.process.terminal === true;
  checkTerminal(options, terminal);
  const listenFds = countListenFds(runtime);
  const preserved = options.preserveFds + listenFds;
  checkPreserved(kernel, preserved, runtime.initEntry !== undefined);
  const plan = makePlan(config, { ...options, preserved, listenFds });
  plan.stdio = options.stdio;
  const mountLabel = config.linux?.mountLabel ?? "";
  if (`${plan.apparmorProfile}${plan.selinuxLabel}${mountLabel}` !== "")
    runtime.chunks.seldom().checkLabels(kernel, plan, mountLabel);
  const filter = compileFilter(runtime, config, plan);

  const root = openRoot(kernel, runtime.root);
  const record = newRecord(runtime, options, config, plan);
  const directory = ContainerDirectory.create(kernel, root, options.id);
  // On the stack first, so done last: hooks that began are followed by poststop once all is undone (runtime.md#lifecycle, steps 12 and 13).
  let hooksBegan = () => false;
  cleanup.add("poststop hooks", () => {
    if (hooksBegan()) runPoststop(runtime, record);
  });
  cleanup.add("state directory", () => directory.remove());
  directory.lock();
  if (notifies) runtime.chunks.notify().makeNotifyFolder(kernel, directory);
  const console = terminal && !options.ownTerminal ? openConsoleSocket(kernel, options.consoleSocket ?? "") : undefined;
  const rdt = config.linux?.intelRdt;
  if (rdt !== undefined) {
    const mountPoint = runtime.resctrl ?? mountedResctrl(runtime);
    record.resctrl = runtime.chunks.resctrl().planResctrl(rdt, options.id, mountPoint);
  }
  const cgroup =
    runtime.noCgroup === true
      ? withoutCgroup(config, record, directory)
      : setUpCgroup(kernel, config, record, directory, cleanup);
  if (rdt !== undefined) setUpResctrl(runtime, rdt, record.resctrl, cleanup);
  plan.state = stateForHooks(record);
  directory.makeFifo();
  plan.fifo = directory.openFifoPath();
  const joins = openJoins(kernel, config);
  if (joins.length > 0 && config.linux?.sysctl !== undefined)
    runtime.chunks.seldom().refuseHostSysctls(kernel, config, joins);
  const keep = prepareTrees(kernel, plan, config, cgroup, joins);
  // Namespaces are joined by the first calls of all: nothing of them stays open (fd.4).
  keep.push(plan.fifo as Fd, ...options.stdio.filter((fd) => fd > 2).map((fd) => fd as Fd));
  if (runtime.traceFd !== undefined) keep.push(runtime.traceFd);

  const doors = cgroup === undefined ? [] : openDoors(kernel, cgroup);
  // Before the clone: everything that begins with it may fail.
  let init: Spawned | undefined;
  cleanup.add("process", () => killSpawned(kernel, init, record));
  const spawned = spawnInit(kernel, {
    joins,
    flags: namespaceFlags(plan),
    timeOffsets: timeOffsets(config),
    cgroup: cgroup === undefined ? undefined : birthplace(cgroup),
    doors,
    keep,
    preserved,
    entry: runtime.initEntry,
  });
  if (spawned.inChild)
    return runtime.chunks.runInit(kernel, {
      plan,
      filter,
      link: spawned.link,
      awaitGo: true,
      doors,
      tell: spawned.tells,
    });
  init = spawned;
  const { id, pidFile, pidfdSocket } = options;
  const parent = new Parent(runtime, {
    id,
    pidFile,
    pidfdSocket,
    config,
    directory,
    record,
    spawned,
    joins,
    console,
    doors,
  });
  hooksBegan = () => parent.hooksBegan;
  // Before the process ends, and with it the namespace that they are in.
  cleanup.add("network devices", () => parent.netDevices?.giveBack());
  cleanup.add("pid file", () => {
    if (parent.wrotePidFile && pidFile !== undefined) removePidFile(kernel, pidFile);
  });
  // Init has its copies: ours would keep mounts busy for as long as run waits.
  closeAll(
    kernel,
    [...keep, ...(cgroup?.fds ?? []), ...[...joins, ...doors].map(({ fd }) => fd)].filter(
      (fd) => fd !== runtime.traceFd,
    ),
  );
  parent.release(plan, filter);
  return { directory, record, master: parent.untilReady(), config };
}

function checkTerminal(options: CreateOptions, terminal: boolean): void {
  if (terminal && options.consoleSocket === undefined && !options.ownTerminal) {
    throw new RuntimeError({
      what: `create "${options.id}"`,
      problem: "terminal wanted by config.json#/process/terminal, no --console-socket",
      where: "--console-socket",
      hint: "terminal=false or --console-socket PATH",
    });
  }
  if (!terminal && options.consoleSocket !== undefined) {
    throw new RuntimeError({
      what: `create "${options.id}"`,
      problem: "found --console-socket although config.json#/process/terminal is false, want one of the two changed",
      where: "--console-socket",
    });
  }
}

/** The filter of the config, its flags in the plan; undefined: the config wants none. */
export function compileFilter(runtime: Runtime, config: LoadedConfig, plan: InitPlan): Uint8Array | undefined {
  const profile = config.linux?.seccomp;
  if (profile === undefined) return undefined;
  const compiled = runtime.chunks.compileSeccomp(profile);
  plan.hasSeccomp = true;
  plan.seccompFlags = compiled.flags;
  plan.seccompNotifies = compiled.notifies;
  for (const name of compiled.skipped) runtime.debug?.(`seccomp: unknown system call ${name}`);
  return compiled.program;
}

/** The record of a container that is about to be made. */
export function newRecord(runtime: Runtime, options: CreateOptions, config: LoadedConfig, plan: InitPlan): StateRecord {
  const { kernel } = runtime;
  const proc = openProc(kernel);
  const record: StateRecord = {
    version: RECORD_VERSION,
    ociVersion: config.ociVersion,
    id: options.id,
    bundle: options.bundle,
    ...(options.config === undefined ? {} : { config: options.config }),
    rootfs: plan.rootPath,
    created: timestamp(kernel),
    annotations: Object.entries(config.annotations ?? {}),
    pid: 0,
    startTime: 0,
    bootId: readBootId(kernel, proc),
    creating: true,
    initExecuted: runtime.initEntry !== undefined,
    ownPids: newNamespaces(config).includes("pid"),
    cgroup: null,
    poststart: planHooks(config.hooks?.poststart, "poststart"),
    poststop: planHooks(config.hooks?.poststop, "poststop"),
  };
  close(kernel, proc);
  return record;
}

/**
 * --cgroup-manager disabled: the container stays in the caller's cgroup. A limit cannot be set then; device rules, which every config
 * has, are not in force, as with crun.
 */
export function withoutCgroup(config: LoadedConfig, record: StateRecord, directory: ContainerDirectory): undefined {
  const { unified = {}, ...resources } = config.linux?.resources ?? {};
  const limit = v1Writes(resources).find(({ optional }) => !optional);
  const where = Object.keys(unified).length > 0 ? `${RESOURCES_AT}/unified` : limit?.where;
  if (where !== undefined) {
    throw new RuntimeError({
      what: `create "${record.id}"`,
      problem: "found a limit and --cgroup-manager disabled, want only one of the two",
      where,
    });
  }
  directory.write(record);
  return undefined;
}

/** Names the cgroup in the record first, then makes it, with limits before anything runs in it (cgroup.4, state.6). */
export function setUpCgroup(
  kernel: Kernel,
  config: LoadedConfig,
  record: StateRecord,
  directory: ContainerDirectory,
  cleanup: Cleanup,
): OpenCgroup | undefined {
  const proc = openProc(kernel);
  const layout = readLayout(kernel, proc);
  close(kernel, proc);
  const place = placeCgroup(layout, config.linux?.cgroupsPath, record.id);
  record.cgroup = place;
  directory.write(record);
  cleanup.add("cgroup", () => {
    if (place.places.some((entry) => entry.made > 0))
      removeCgroup(kernel, { ...place, places: place.places.filter((entry) => entry.made > 0) });
  });
  const cgroup = makeCgroup(kernel, place);
  const resources = config.linux?.resources ?? {};
  const rules = deviceRules(resources.devices ?? []);
  record.deviceRules = rulesDigest(rules);
  if (place.version === 1) {
    if (place.places.some((entry) => entry.controllers.includes("devices")))
      writeDevices(kernel, cgroup, v1DeviceWrites(rules));
    writeLimits(kernel, cgroup, v1Writes(resources));
  } else {
    attachDevices(kernel, cgroup, deviceProgram(rules));
    writeLimits(kernel, cgroup, v2Writes(resources));
  }
  return cgroup;
}

function mountedResctrl({ kernel, chunks }: Runtime): string | undefined {
  const proc = openProc(kernel);
  const mountinfo = readProc(kernel, proc, `${selfName(kernel, proc)}/mountinfo`) ?? "";
  close(kernel, proc);
  return chunks.resctrl().findResctrl(mountinfo);
}

/** The record names the group already (state.6). */
function setUpResctrl(runtime: Runtime, rdt: IntelRdt, record: StateRecord["resctrl"], cleanup: Cleanup): void {
  if (record === undefined) return;
  const { makeResctrl, removeResctrl } = runtime.chunks.resctrl();
  cleanup.add("resctrl group", () => removeResctrl(runtime.kernel, record, true));
  makeResctrl(runtime.kernel, record, rdt, runtime.resctrl === undefined);
}

function timeOffsets(config: LoadedConfig): string {
  let text = "";
  const offsets = config.linux?.timeOffsets;
  for (const [clock, offset] of [
    ["monotonic", offsets?.monotonic],
    ["boottime", offsets?.boottime],
  ] as const) {
    if (offset !== undefined) text += `${clock} ${offset.secs ?? 0} ${offset.nanosecs ?? 0}\n`;
  }
  return text;
}
