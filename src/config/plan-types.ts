/**
 * The InitPlan: every decision about the container made beforehand, as plain data (numbers, strings, descriptors). What init does with it is
 * spelled in init/sequence.ts. On the Node host it crosses the channel as JSON.
 */

import type { NamespaceType } from "./types.ts";

/** Where a mount goes and what it is. */
export interface MountPlan {
  /** `config.json#/mounts/3`, for errors. */
  where: string;
  /** Absolute path inside the root. */
  destination: string;
  kind: "bind" | "new" | "remount" | "cgroup1" | "cgroup2";
  /** Detached tree that the parent made (a bind that init may not make, a cgroup without a cgroup namespace); -1: none. */
  tree: number;
  /** A bind takes the mounts below its source along. */
  recursive: boolean;
  /** A bind's source is a directory (its target is made alike). */
  directory: boolean;
  type: string;
  source: string;
  /** MOUNT_ATTR_* of the new mount; for a remount what to set and to clear. */
  set: number;
  clear: number;
  recursiveSet: number;
  recursiveClear: number;
  /** MS_SHARED … with MS_REC. */
  propagation: number[];
  /** A new tmpfs begins with what the image has there (tmpcopyup). */
  copyUp: boolean;
  superblock: string[];
  data: [name: string, value: string | null][];
  /** cgroup v1: one mount a hierarchy, and links for controllers that share one. */
  hierarchies: CgroupMount[];
}

/** One hierarchy of a cgroup v1 mount. */
export interface CgroupMount {
  /** Name of the directory: `cpu,cpuacct`, `systemd`. */
  name: string;
  /** Options of a fresh mount (with a cgroup namespace): controllers, or `name=systemd`. */
  options: [name: string, value: string | null][];
  /** Detached tree of the container's own directory (without one); -1: none. */
  tree: number;
}

/** A device node. */
export interface DevicePlan {
  path: string;
  type: "c" | "b" | "p";
  major: number;
  minor: number;
  /** Permission bits. */
  mode: number;
  uid: number;
  gid: number;
  where: string;
  /** Detached clone of the host's node, where mknod is not allowed (user namespace); -1: make it. */
  tree: number;
}

/** A hook as it is run. */
export interface HookPlan {
  path: string;
  args: string[];
  env: string[];
  /** Seconds; 0: none. */
  timeout: number;
  /** `config.json#/hooks/createContainer/0`. */
  where: string;
}

/** A resource limit; values are decimal u64. */
export interface LimitPlan {
  resource: number;
  name: string;
  soft: string;
  hard: string;
  where: string;
}

/** Five sets of capability bits, as decimal u64. */
export interface CapabilityPlan {
  bounding: string;
  effective: string;
  inheritable: string;
  permitted: string;
  ambient: string;
}

/** sched_setattr(2). */
export interface SchedulerPlan {
  policy: number;
  /** As the config names it, for errors. */
  name: string;
  flags: number;
  nice: number;
  priority: number;
  /** SCHED_DEADLINE, nanoseconds, decimal u64. */
  runtime: string;
  deadline: string;
  period: string;
}

/** What the process is given that is not its container's: the same for init and for one that joins (exec). */
export interface ProcessPlan {
  limits: LimitPlan[];
  oomScoreAdj: number | null;
  noNewPrivileges: boolean;
  capabilities: CapabilityPlan | null;
  uid: number;
  gid: number;
  groups: number[];
  umask: number;
  cwd: string;
  args: string[];
  env: string[];
  terminal: boolean;
  consoleSize: { height: number; width: number } | null;
  scheduler: SchedulerPlan | null;
  /** Value of ioprio_set(2). */
  ioPriority: number | null;
  /** Profile at execve, "": none. */
  apparmorProfile: string;
  /** Label at execve, "": none. */
  selinuxLabel: string;
  /** personality(2). */
  personality: number | null;
  /** set_mempolicy(2): mode with its flags, and nodes. */
  memoryPolicy: { mode: number; nodes: number[] } | null;
  /** CPUs of a process that joins: before it is in the cgroup (empty: as the caller's), and after (empty: all that the cgroup allows). */
  affinity: { initial: number[]; final: number[] };
  /** SECCOMP_FILTER_FLAG_* of the filter; the program travels beside the plan. */
  seccompFlags: number;
  hasSeccomp: boolean;
  /** It has rules with SCMP_ACT_NOTIFY, so loading it gives a listener. */
  seccompNotifies: boolean;
  /** Descriptors 3 … 2 + preserved reach the process. */
  preserved: number;
  /** Descriptors that become 0, 1 and 2; -1: as they are. */
  stdio: [number, number, number];
}

/** All of a container. */
export interface InitPlan extends ProcessPlan {
  id: string;
  /** Kinds of namespaces that are new. */
  newNamespaces: NamespaceType[];
  /** Init can do nothing before the parent has written its id maps, or moved network devices to it, whose sysctls it may have to set. */
  needsParent: boolean;
  /** uid 0 of a new user namespace is mapped, so init becomes it. */
  becomeRoot: boolean;
  /** The parent gives the path of the root file system as the host names it. */
  rootPath: string;
  /** The root is built in a mount namespace that ends with the building: the container has the caller's, or a joined one (init/aside.ts). */
  aside: boolean;
  /** Detached recursive clone of the root file system; -1 without a new mount namespace and nothing to build. */
  rootTree: number;
  readonlyRoot: boolean;
  noPivot: boolean;
  /** MS_… of linux.rootfsPropagation, 0: unset. */
  rootPropagation: number;
  mounts: MountPlan[];
  /** Make the default devices and links in /dev. */
  setUpDev: boolean;
  devices: DevicePlan[];
  maskedPaths: string[];
  readonlyPaths: string[];
  hostname: string;
  domainname: string;
  /** Key as path below /proc/sys, value, pointer. */
  sysctls: [path: string, value: string, where: string][];
  /** A new session keyring, unless --no-new-keyring. */
  newKeyring: boolean;
  createContainerHooks: HookPlan[];
  startContainerHooks: HookPlan[];
  askRuntimeHooks: boolean;
  /** JSON of the state for hooks, with pid 0 and status creating. */
  state: string;
  /** O_PATH descriptor of exec.fifo. */
  fifo: number;
  bundle: string;
}

/** What a process that joins (exec) is given beside that. */
export interface JoinPlan extends ProcessPlan {
  id: string;
  /** Init's pidfd, by which its namespaces are joined; -1: none is left to join. */
  pidfd: number;
  /** CLONE_NEW… of those. */
  namespaces: number;
  /** Init's root directory, where it is not that of its mount namespace; -1: it is. */
  root: number;
  /** The host's procfs. */
  proc: number;
  /** In a user namespace: uid 0 of it first. */
  becomeRoot: boolean;
  /** The config gave the container a user namespace that is not the host's. */
  userNamespace: boolean;
  newKeyring: boolean;
  /** The stage gives up all that the process is not to have; else the process does, seen by the container (lifecycle/exec-hidden.ts). */
  hidden: boolean;
}

/** Just the process part of a plan: what state keeps for exec. */
export function processPart(plan: ProcessPlan): ProcessPlan {
  const { limits, oomScoreAdj, noNewPrivileges, capabilities, uid, gid, groups, umask, cwd, args, env, terminal } =
    plan;
  const { consoleSize, scheduler, ioPriority, apparmorProfile, selinuxLabel, personality, memoryPolicy } = plan;
  const { affinity, seccompFlags, hasSeccomp, seccompNotifies, preserved, stdio } = plan;
  return {
    ...{ limits, oomScoreAdj, noNewPrivileges, capabilities, uid, gid, groups, umask, cwd, args, env, terminal },
    ...{ consoleSize, scheduler, ioPriority, apparmorProfile, selinuxLabel, personality, memoryPolicy },
    ...{ affinity, seccompFlags, hasSeccomp, seccompNotifies, preserved, stdio },
  };
}
