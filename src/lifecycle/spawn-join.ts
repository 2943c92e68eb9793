/** From exec to its child: one clone3 into the container's pid namespace; the child joins the others with its first calls. */
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
  PR_SET_DUMPABLE,
  SIGCHLD,
  SYS_setns,
} from "../kernel/constants.ts";
import { close, readLinkAt } from "../kernel/file.ts";
import { joinNamespace } from "../kernel/namespace.ts";
import { cloneArgs, prctl } from "../kernel/process.ts";
import { type Procfs, selfName } from "../kernel/procfs.ts";
import { socketPair } from "../kernel/socket.ts";
import { addChild, type ChildPlan, cloneError, type Spawned } from "./spawn.ts";

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

/** Clones the child. Returns twice on the engine host: in the child with pid 0; undefined: it cannot be born into that cgroup (EBUSY). */
export function spawnJoin(kernel: Kernel, plan: JoinSpawn): Spawned | undefined {
  // Before the clone: a process that is seen in the container's pid namespace must never be one that it may look into (exec.2, exe.4).
  prctl(kernel, PR_SET_DUMPABLE, 0, 0, 0, 0);
  // Of ourselves only what we make next is meant by it (setns(2)).
  if ((plan.namespaces & CLONE_NEWPID) !== 0) joinNamespace(kernel, plan.pidfd, CLONE_NEWPID);
  const [ours, theirs] = socketPair(kernel);
  const list = new CallList(kernel);
  const others = plan.namespaces & ~(CLONE_NEWPID | CLONE_NEWNS);
  // All at once: the kernel takes the rights for them from the same moment.
  if (others !== 0) list.add({}, SYS_setns, plan.pidfd, others);
  addChild(kernel, list, plan, theirs);
  const flags = plan.cgroup === undefined ? 0n : BigInt(CLONE_INTO_CGROUP);
  const args = cloneArgs(flags, SIGCHLD, plan.cgroup);
  const result = kernel.host.clone(args, list.bytes(), list.slots, theirs);
  if (result === 0) return { pid: 0, inChild: true, link: theirs, list };
  close(kernel, theirs);
  if (result > 0) return { pid: result as Pid, inChild: false, link: ours, list };
  close(kernel, ours);
  if (result === -EBUSY && plan.cgroup !== undefined) return undefined;
  throw cloneError(kernel, result, args);
}
