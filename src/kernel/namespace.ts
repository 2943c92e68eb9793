/** Namespaces: kinds, flags, names below /proc/PID/ns. */
import type { Fd, Kernel } from "./call.ts";
import {
  CLONE_NEWCGROUP,
  CLONE_NEWIPC,
  CLONE_NEWNET,
  CLONE_NEWNS,
  CLONE_NEWPID,
  CLONE_NEWTIME,
  CLONE_NEWUSER,
  CLONE_NEWUTS,
  EINVAL,
  ENOTTY,
  NS_GET_NSTYPE,
  SYS_ioctl,
  SYS_setns,
  SYS_unshare,
} from "./constants.ts";

/** Names of config.json's namespace types. */
export type NamespaceKind = "pid" | "network" | "mount" | "ipc" | "uts" | "user" | "cgroup" | "time";

/** CLONE_NEW… of each kind. */
export const NAMESPACE_FLAGS: Readonly<Record<NamespaceKind, number>> = {
  pid: CLONE_NEWPID,
  network: CLONE_NEWNET,
  mount: CLONE_NEWNS,
  ipc: CLONE_NEWIPC,
  uts: CLONE_NEWUTS,
  user: CLONE_NEWUSER,
  cgroup: CLONE_NEWCGROUP,
  time: CLONE_NEWTIME,
};

/** Name of each kind below /proc/PID/ns (proc_pid_ns(5)). */
export const NAMESPACE_FILES: Readonly<Record<NamespaceKind, string>> = {
  pid: "pid",
  network: "net",
  mount: "mnt",
  ipc: "ipc",
  uts: "uts",
  user: "user",
  cgroup: "cgroup",
  time: "time",
};

/** unshare(2). */
export function unshare(kernel: Kernel, flags: number): void {
  kernel.call(SYS_unshare, flags);
}

/** setns(2). A mount namespace also gives its root and working directory to the caller. */
export function joinNamespace(kernel: Kernel, fd: Fd, flags: number): void {
  kernel.call(SYS_setns, fd, flags);
}

/** ioctl_ns(2) NS_GET_NSTYPE: CLONE_NEW… flag of the namespace that `fd` is of; -1 when it is none. */
export function namespaceType(kernel: Kernel, fd: Fd): number {
  const result = kernel.attempt(SYS_ioctl, fd, NS_GET_NSTYPE);
  if (result < 0 && result !== -ENOTTY && result !== -EINVAL)
    throw kernel.failure(result, SYS_ioctl, fd, NS_GET_NSTYPE);
  return Math.max(result, -1);
}
