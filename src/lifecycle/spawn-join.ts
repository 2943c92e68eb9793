/** From exec to its child. */
import type { Fd, Kernel, Pid } from "../kernel/call.ts";
import { CallList } from "../kernel/calls.ts";
import {
  CLONE_INTO_CGROUP,
  CLONE_NEWCGROUP,
  CLONE_NEWIPC,
  CLONE_NEWNET,
  CLONE_NEWNS,
  CLONE_NEWPID,
  CLONE_NEWTIME,
  CLONE_NEWUSER,
  CLONE_NEWUTS,
  EBUSY,
  EPIPE,
  P_PID,
  PR_SET_DUMPABLE,
  SIGCHLD,
  SYS_setns,
  SYS_waitid,
  SYS_write,
  WEXITED,
  WNOHANG,
  WNOWAIT,
} from "../kernel/constants.ts";
import { close, pipe, readLinkAt } from "../kernel/file.ts";
import { joinNamespace } from "../kernel/namespace.ts";
import { cloneArgs, prctl } from "../kernel/process.ts";
import { type Procfs, selfName } from "../kernel/procfs.ts";
import { socketPair } from "../kernel/socket.ts";
import { encode } from "../shared/text.ts";
import { addChild, type ChildPlan, cloneError, pidFromStage, type Spawned } from "./spawn.ts";

/** Names below /proc/PID/ns. */
const KINDS: readonly [name: string, flag: number][] = [
  ["user", CLONE_NEWUSER],
  ["mnt", CLONE_NEWNS],
  ["pid", CLONE_NEWPID],
  ["ipc", CLONE_NEWIPC],
  ["uts", CLONE_NEWUTS],
  ["net", CLONE_NEWNET],
  ["cgroup", CLONE_NEWCGROUP],
  ["time", CLONE_NEWTIME],
];

/** CLONE_NEW… of the namespaces in which a process is and we are not. A kernel without a kind shows neither link. */
export function foreignNamespaces(kernel: Kernel, proc: Procfs, pid: number): number {
  const self = selfName(kernel, proc);
  let flags = 0;
  for (const [name, flag] of KINDS) {
    if (readLinkAt(kernel, proc, `${pid}/ns/${name}`) !== readLinkAt(kernel, proc, `${self}/ns/${name}`)) flags |= flag;
  }
  return flags;
}

/** What the clone needs to know. */
export interface JoinSpawn extends ChildPlan {
  pidfd: Fd;
  /** CLONE_NEW… to join. */
  namespaces: number;
  /** v2: the cgroup that it is born into. */
  cgroup: Fd | undefined;
}

/**
 * Clones the child: on the engine host a stage that joins by itself (src/init/join.ts); for Node one that is in the container's pid
 * namespace at once and joins all but the mount namespace with its first calls, because Node has to be executed while its files are there.
 * Returns twice on the engine host: in the child with pid 0; undefined: it cannot be born into that cgroup (EBUSY).
 */
export function spawnJoin(kernel: Kernel, plan: JoinSpawn): Spawned | undefined {
  // Before the clone: a process that is seen in the container's pid namespace must never be one that it may look into (exec.2, exe.4).
  prctl(kernel, PR_SET_DUMPABLE, 0, 0, 0, 0);
  const staged = plan.entry === undefined;
  // Of ourselves only what we make next is meant by it (setns(2)).
  if (!staged && (plan.namespaces & CLONE_NEWPID) !== 0) joinNamespace(kernel, plan.pidfd, CLONE_NEWPID);
  const [ours, theirs] = socketPair(kernel);
  const [told, tell] = staged ? pipe(kernel) : [undefined, undefined];
  const list = new CallList(kernel);
  const others = plan.namespaces & ~(CLONE_NEWPID | CLONE_NEWNS);
  if (!staged && others !== 0) list.add({}, SYS_setns, plan.pidfd, others);
  addChild(kernel, list, tell === undefined ? plan : { ...plan, keep: [...plan.keep, tell] }, theirs);
  const flags = plan.cgroup === undefined ? 0n : BigInt(CLONE_INTO_CGROUP);
  const args = cloneArgs(flags, SIGCHLD, plan.cgroup);
  const result = kernel.host.clone(args, list.bytes(), list.slots, theirs);
  if (result === 0) return { pid: 0, inChild: true, link: theirs, list, tells: tell };
  close(kernel, theirs);
  if (tell !== undefined) close(kernel, tell);
  if (result > 0) return { pid: result as Pid, inChild: false, link: ours, list, tells: told };
  for (const fd of [ours, told]) if (fd !== undefined) close(kernel, fd);
  if (result === -EBUSY && plan.cgroup !== undefined) return undefined;
  throw cloneError(kernel, result, args);
}

/**
 * Waits for the stage's process, which takes the stage's place in `spawned`; reaps the stage, and lets the process go on. Its pid is 0
 * where the stage failed, and says why on the link.
 *
 * @throws RuntimeError when what was told is no child of ours: it would be killed and waited for as one.
 */
export function awaitJoined(kernel: Kernel, spawned: Spawned, told: Fd): void {
  const stage = spawned.pid as Pid;
  const pid = pidFromStage(kernel, told, stage, spawned.link);
  spawned.pid = 0;
  if (pid === 0) return;
  const ended = kernel.attempt(SYS_waitid, P_PID, pid, new Uint8Array(128), WEXITED | WNOHANG | WNOWAIT, 0);
  if (ended < 0) throw kernel.failure(ended, SYS_waitid, P_PID, pid, 0, WEXITED | WNOHANG | WNOWAIT, 0);
  spawned.pid = pid;
  const sent = kernel.attempt(SYS_write, spawned.link, encode("p"), 1);
  // Where it has ended already, the link says so; else it would wait for this word, and we for its.
  if (sent < 0 && sent !== -EPIPE) throw kernel.failure(sent, SYS_write, spawned.link, "p", 1);
}
