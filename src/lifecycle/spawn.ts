/**
 * From parent to init: one clone3, whose child first runs a list of system calls (native/common/raw.h). Namespaces that are joined, and a new
 * time namespace, need a stage in between: it joins, makes init as our child (CLONE_PARENT), tells its pid and ends.
 */

import type { NativeReport } from "../channel/link.ts";
import type { Config, Namespace } from "../config/types.ts";
import { type Door, doorRefused } from "../init/cgroup-doors.ts";
import type { Fd, Kernel, Pid } from "../kernel/call.ts";
import { AT_CWD, errnoName } from "../kernel/call.ts";
import { CallList } from "../kernel/calls.ts";
import {
  __WALL,
  _LINUX_CAPABILITY_VERSION_3,
  CAP_LAST_CAP,
  CLONE_INTO_CGROUP,
  CLONE_NEWCGROUP,
  CLONE_NEWTIME,
  CLONE_NEWUSER,
  CLONE_PARENT,
  EINVAL,
  F_SETFD,
  NSFS_MAGIC,
  O_RDONLY,
  O_WRONLY,
  PR_CAP_AMBIENT,
  PR_CAP_AMBIENT_RAISE,
  PR_SET_DUMPABLE,
  PR_SET_PDEATHSIG,
  RESOLVE_NO_MAGICLINKS,
  SIG_SETMASK,
  SIGCHLD,
  SIGKILL,
  SYS_capset,
  SYS_clone3,
  SYS_close_range,
  SYS_execve,
  SYS_exit_group,
  SYS_fcntl,
  SYS_openat,
  SYS_prctl,
  SYS_read,
  SYS_rt_sigaction,
  SYS_rt_sigprocmask,
  SYS_setns,
  SYS_unshare,
  SYS_write,
} from "../kernel/constants.ts";
import { attemptOpen2, close, fileSystemOf, open2Failure, pipe, read } from "../kernel/file.ts";
import { NAMESPACE_FLAGS, namespaceType } from "../kernel/namespace.ts";
import { cloneArgs, type Ended, stringTable, wait } from "../kernel/process.ts";
import { openProc } from "../kernel/procfs.ts";
import { socketPair } from "../kernel/socket.ts";
import { viewOf } from "../shared/bytes.ts";
import { RuntimeError } from "../shared/error.ts";
import { twice } from "../shared/twice.ts";
import type { InitEntry } from "./runtime.ts";

/** A namespace to join, opened. */
export interface Join {
  kind: keyof typeof NAMESPACE_FLAGS;
  fd: Fd;
  where: string;
}

/** What the clone needs to know. */
export interface SpawnPlan {
  joins: Join[];
  /** CLONE_NEW… of the new kinds. */
  flags: number;
  /** Text for timens_offsets, with a new time namespace. */
  timeOffsets: string;
  /** The directory of the unified hierarchy that init is born into. */
  cgroup: Fd | undefined;
  /** v1: by which init goes into the container's other cgroups. */
  doors: readonly Door[];
  /** Descriptors that init needs, besides 0–2, the preserved ones and the link. */
  keep: Fd[];
  preserved: number;
  entry: InitEntry | undefined;
}

/** The parent's view of a spawned init. */
export interface Spawned {
  /** 0: there is none (it was reaped, or the stage failed and its report waits on the link). */
  pid: Pid | 0;
  /** This process is init (engine host only). */
  inChild: boolean;
  link: Fd;
  list: CallList;
  /** The child is only a stage: here it tells the pid of the process that it makes. In the child, the end to tell it on. */
  tells?: Fd | undefined;
}

/** Opens the namespaces that the config wants joined, and checks that each is of its kind. */
export function openJoins(kernel: Kernel, config: Config): Join[] {
  const joins: Join[] = [];
  (config.linux?.namespaces ?? []).forEach((namespace, index) => {
    if ((namespace.path ?? "") === "") return;
    const where = `config.json#/linux/namespaces/${index}/path`;
    joins.push({ kind: namespace.type, fd: openNamespace(kernel, namespace, where), where });
  });
  // The user namespace last: the others are joined with the rights of the host (exec.1).
  return joins.sort((a, b) => Number(a.kind === "user") - Number(b.kind === "user"));
}

function openNamespace(kernel: Kernel, namespace: Namespace, where: string): Fd {
  const path = namespace.path ?? "";
  const what = `join ${namespace.type} namespace`;
  // /proc/PID/ns/* are magic links, the only ones that a config may name (mount.2).
  const resolve =
    /^\/proc\/[0-9]+\/(task\/[0-9]+\/)?ns\/[a-z_]+$/.test(path) || path.startsWith("/proc/self/ns/")
      ? 0
      : RESOLVE_NO_MAGICLINKS;
  const result = attemptOpen2(kernel, AT_CWD, path, O_RDONLY, resolve);
  if (result < 0) {
    const error = open2Failure(kernel, result, AT_CWD, path, O_RDONLY, resolve);
    const pid = /^\/proc\/([0-9]+)\//.exec(path)?.[1];
    const gone = pid !== undefined && error.code === "ENOENT";
    throw new RuntimeError({
      what,
      problem: gone ? `ENOENT: process ${pid} is gone` : `${error.code}: found no namespace at ${path}`,
      where,
      hint: gone ? "the sandbox has ended, recreate it" : undefined,
      step: "namespaces",
      call: error.call,
      errno: error.code,
    });
  }
  const fd = result as Fd;
  const found = fileSystemOf(kernel, fd).type === NSFS_MAGIC ? namespaceType(kernel, fd) : -1;
  if (found === NAMESPACE_FLAGS[namespace.type]) return fd;
  close(kernel, fd);
  const kind = Object.entries(NAMESPACE_FLAGS).find(([, flag]) => flag === found)?.[0];
  throw new RuntimeError({
    what,
    problem: `found ${kind === undefined ? "another file" : `a namespace of kind ${kind}`}, want one of kind ${namespace.type}`,
    where,
  });
}

/** Clones init. Returns twice on the engine host: in init with pid 0. */
export function spawnInit(kernel: Kernel, plan: SpawnPlan): Spawned {
  const [ours, theirs] = socketPair(kernel);
  const fresh = plan.flags & ~(CLONE_NEWCGROUP | CLONE_NEWTIME);
  const born = plan.cgroup === undefined ? 0n : BigInt(CLONE_INTO_CGROUP);
  const flags = BigInt(fresh) | born;
  const newTime = (plan.flags & CLONE_NEWTIME) !== 0;
  const list = new CallList(kernel);
  if (plan.joins.length === 0 && !newTime) {
    const result = cloneChild(kernel, list, plan, cloneArgs(flags, SIGCHLD, plan.cgroup), ours, theirs);
    return { pid: result as Pid, inChild: result === 0, link: result === 0 ? theirs : ours, list };
  }
  const [told, tell] = pipe(kernel);
  if (comesLate(plan)) {
    addJoins(kernel, list, plan, newTime);
    if (fresh !== 0) list.add({}, SYS_unshare, fresh);
    const late = { ...plan, keep: [...plan.keep, tell] };
    const result = cloneChild(kernel, list, late, cloneArgs(born, SIGCHLD, plan.cgroup), ours, theirs);
    close(kernel, result === 0 ? told : tell);
    if (result === 0) return { pid: 0, inChild: true, link: theirs, list, tells: tell };
    return { pid: result as Pid, inChild: false, link: ours, list, tells: told };
  }
  addStage(kernel, list, plan, { newTime, tell, args: cloneArgs(flags | BigInt(CLONE_PARENT), 0, plan.cgroup) });
  const stage = cloneChild(kernel, list, plan, cloneArgs(0n, SIGCHLD, undefined), ours, theirs);
  if (stage === 0) return { pid: 0, inChild: true, link: theirs, list };
  close(kernel, tell);
  return { pid: pidFromStage(kernel, told, stage as Pid, ours), inChild: false, link: ours, list };
}

/**
 * Whether init comes into its pid namespace when all else is done (init/visible.ts): others are in it. In a user namespace they have no rights over it, and
 * there its procfs has to be mounted while the host's is seen. Node is executed in it; it is not hardened.
 */
function comesLate({ joins, flags, entry }: SpawnPlan): boolean {
  const joined = (kind: Join["kind"]) => joins.some((join) => join.kind === kind);
  return entry === undefined && joined("pid") && !joined("user") && (flags & CLONE_NEWUSER) === 0;
}

function cloneChild(kernel: Kernel, list: CallList, plan: SpawnPlan, args: Uint8Array, ours: Fd, theirs: Fd): number {
  const userNamespace = (plan.flags & CLONE_NEWUSER) !== 0 || plan.joins.some((join) => join.kind === "user");
  addChild(kernel, list, { ...plan, userNamespace }, theirs);
  const result = kernel.host.clone(args, list.bytes(), list.slots, theirs);
  if (result === 0) return 0;
  close(kernel, theirs);
  if (result > 0) return result;
  close(kernel, ours);
  throw cloneError(kernel, result, args);
}

export function cloneError(kernel: Kernel, result: number, args: Uint8Array): RuntimeError {
  const code = errnoName(-result);
  const hints: Record<string, string> = {
    ENOSPC: "no disk involved: a limit below /proc/sys/user/max_*_namespaces is reached",
    EUSERS: "namespaces are nested too deep",
    EAGAIN: "a limit on processes is reached (RLIMIT_NPROC, pids.max)",
    EPERM: "CAP_SYS_ADMIN is missing, or an outer container's seccomp filter refuses namespaces",
  };
  return new RuntimeError({
    what: "create namespaces",
    problem: `${code}: the kernel made no process`,
    where: "config.json#/linux/namespaces",
    hint: hints[code],
    step: "clone",
    call: kernel.failure(result, SYS_clone3, args, args.length).call,
    errno: code,
  });
}

/** The stage's calls: not dumpable before anything is joined (exec.2), joins, init, its pid, the end. */
function addStage(
  kernel: Kernel,
  list: CallList,
  plan: SpawnPlan,
  stage: { newTime: boolean; tell: Fd; args: Uint8Array },
): void {
  addJoins(kernel, list, plan, stage.newTime);
  const init = list.label();
  list.add({ result: 0, jumpOnZero: init }, SYS_clone3, stage.args, stage.args.length);
  list.add({ least: 8 }, SYS_write, stage.tell, BigInt(list.slotAddress(0)), 8);
  list.add({}, SYS_exit_group, 0);
  list.place(init);
}

/** Not dumpable before anything is joined (exec.2); then the joins. A new time namespace and a joined pid namespace are those of children only. */
function addJoins(kernel: Kernel, list: CallList, plan: SpawnPlan, newTime: boolean): void {
  list.add({}, SYS_prctl, PR_SET_DUMPABLE, 0, 0, 0, 0);
  list.add({}, SYS_prctl, PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0);
  if (newTime) {
    // Its offsets can be set only until a process has entered it; clone3(CLONE_NEWTIME) would leave no such moment.
    list.add({}, SYS_unshare, CLONE_NEWTIME);
    if (plan.timeOffsets !== "") {
      const proc = openProc(kernel);
      list.add({ result: 1 }, SYS_openat, proc, "self/timens_offsets", O_WRONLY, 0);
      const bytes = Uint8Array.from(plan.timeOffsets, (character) => character.charCodeAt(0));
      list.add({ least: bytes.length }, SYS_write, { slot: 1 }, bytes, bytes.length);
    }
  }
  for (const join of plan.joins) list.add({}, SYS_setns, join.fd, NAMESPACE_FLAGS[join.kind]);
}

/** What a child's first calls need to know. */
export interface ChildPlan {
  /** v1: the ways into its cgroups. */
  doors: readonly Door[];
  keep: readonly Fd[];
  preserved: number;
  entry: InitEntry | undefined;
  /** It is in a user namespace that the caller is not in. */
  userNamespace: boolean;
}

/** A child's own first calls, until TypeScript can go on. */
export function addChild(kernel: Kernel, list: CallList, plan: ChildPlan, link: Fd): void {
  list.add({}, SYS_prctl, PR_SET_DUMPABLE, 0, 0, 0, 0);
  list.add({}, SYS_prctl, PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0);
  // Node has threads, and each would have to go by itself; on the engine host init goes when it has touched its memory (sequence.ts).
  if (plan.entry !== undefined) for (const door of plan.doors) list.add({ least: 1 }, SYS_write, door.fd, "0", 1);
  // Everything that is not needed is closed, the parent's end of the link above all: holding it, init would wait for itself (fd.4).
  const doors = plan.entry === undefined ? plan.doors.map((door) => door.fd) : [];
  const kept = [...new Set<number>([...plan.keep, ...doors, link])]
    .filter((fd) => fd > 2 + plan.preserved)
    .sort((a, b) => a - b);
  let next = 3 + plan.preserved;
  for (const fd of kept) {
    if (fd > next) list.add({}, SYS_close_range, next, fd - 1, 0);
    next = fd + 1;
  }
  list.add({}, SYS_close_range, next, 0xffffffff, 0);
  list.add({}, SYS_rt_sigprocmask, SIG_SETMASK, new Uint8Array(8), 0, 8);
  // On the engine host init loads its code first and reads "go" itself.
  if (plan.entry === undefined) return;
  // What the caller ignores would survive execve (user.7). Not in ourselves: a program that uses the library has handlers.
  const byDefault = new Uint8Array(32);
  for (let signal = 1; signal <= 64; signal++) list.add({ accept: EINVAL }, SYS_rt_sigaction, signal, byDefault, 0, 8);
  // "go": id maps are written and cgroups joined. End of file, when the parent has died, is less than one byte.
  list.add({ least: 1 }, SYS_read, link, new Uint8Array(8), 1);
  if (plan.userNamespace) keepCapabilities(list);
  // Node has marked at its start all that it inherited.
  const inherited = Array.from({ length: 3 + plan.preserved }, (_, fd) => fd);
  for (const fd of [...inherited, ...kept]) list.add({}, SYS_fcntl, fd, F_SETFD, 0);
  const argv = stringTable(kernel, [...plan.entry.argv, "init", String(link)]);
  const env = stringTable(kernel, plan.entry.env);
  list.keep(argv.keep, env.keep);
  list.add({}, SYS_execve, plan.entry.path, argv.table, env.table);
}

/**
 * Only for an init that is executed anew in a user namespace: execve would drop every capability, as the process's uid is not yet the
 * namespace's 0. Ambient ones stay, and so does the kernel's uid 0, with which Node can read its own files (NODEHOST.md section 2).
 */
function keepCapabilities(list: CallList): void {
  const header = new Uint8Array(8);
  viewOf(header).setUint32(0, _LINUX_CAPABILITY_VERSION_3, true);
  const all = new Uint8Array(24).fill(0xff);
  const view = viewOf(all);
  // The upper half: CAP_LAST_CAP is 40, so nine bits.
  for (const at of [12, 16, 20]) view.setUint32(at, 2 ** (CAP_LAST_CAP - 31) - 1, true);
  list.add({}, SYS_capset, header, all);
  for (let capability = 0; capability <= CAP_LAST_CAP; capability++) {
    list.add({ accept: EINVAL }, SYS_prctl, PR_CAP_AMBIENT, PR_CAP_AMBIENT_RAISE, capability, 0, 0);
  }
}

/**
 * Reads init's pid from the stage and reaps the stage. 0: the stage failed, and its report waits on the link. Where it throws the link is
 * closed, so that an init that was made reads end of file, and ends.
 */
export function pidFromStage(kernel: Kernel, told: Fd, stage: Pid, link: Fd): Pid | 0 {
  let ended: Ended | undefined;
  try {
    const bytes = read(kernel, told, 8);
    close(kernel, told);
    ended = twice(() => wait(kernel, stage, 0));
    if (bytes.length === 8) return viewOf(bytes).getUint32(0, true) as Pid;
  } catch (error) {
    close(kernel, link);
    throw error;
  }
  if (ended?.signal === undefined) return 0 as Pid;
  // It may have made init before it was killed, which is our child.
  close(kernel, link);
  wait(kernel, -1, __WALL);
  throw new RuntimeError({
    what: "join namespaces",
    problem: `signal ${ended.signal} ended the process that joins them (out of memory, or killed)`,
    where: "config.json#/linux/namespaces",
  });
}

/** Words for a native report of the child's list. */
export function explainReport(
  kernel: Kernel,
  spawned: Spawned,
  report: NativeReport,
  { joins, doors }: Pick<SpawnPlan, "joins" | "doors">,
): RuntimeError {
  const failed = spawned.list.at(report.index);
  const number = failed?.number ?? 0;
  const error = kernel.failure(-report.error, number, ...(failed?.args ?? []));
  const door = number === SYS_write ? doors.find((entry) => entry.fd === failed?.args[0]) : undefined;
  if (door !== undefined) return doorRefused(door.path, error);
  // What else the list writes before init runs is timens_offsets.
  const offsets = number === SYS_write && error.code === "ERANGE";
  const join = number === SYS_setns ? joins.find((entry) => entry.fd === failed?.args[0]) : undefined;
  if (offsets) {
    return new RuntimeError({
      what: "set time offsets",
      problem: "ERANGE: found an offset out of range, want clocks that stay between 0 and 146 years",
      where: "config.json#/linux/timeOffsets",
      step: "clone",
      call: error.call,
      errno: error.code,
    });
  }
  const what =
    join !== undefined
      ? `join ${join.kind} namespace`
      : number === SYS_clone3 || number === SYS_unshare
        ? "create namespaces"
        : "start process";
  const short = report.error === 0;
  return new RuntimeError({
    what,
    problem: short ? "a call gave too little" : `${error.code}: the kernel refused a call`,
    where: join?.where ?? (what === "create namespaces" ? "config.json#/linux/namespaces" : undefined),
    ...(short ? {} : { step: "clone", call: error.call, errno: error.code }),
  });
}
