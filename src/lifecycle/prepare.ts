/**
 * What the parent opens for init, on the host and before any namespace changes: the root, devices, and sources of binds where init cannot
 * (mount.2; init/binds.ts). Each is a detached clone of a mount with its final flags, so that there is no instant in which it is writable
 * (mount.3).
 */

import type { OpenCgroup } from "../cgroup/group.ts";
import { type IdmapPlan, planIdmap } from "../config/idmap.ts";
import { grantsAdmin, hasUserNamespace } from "../config/plan.ts";
import type { CgroupMount, DevicePlan, InitPlan, MountPlan } from "../config/plan-types.ts";
import type { Config, LoadedConfig } from "../config/types.ts";
import { dressBind, openSource } from "../init/binds.ts";
import { basePropagation } from "../init/pivot-root.ts";
import { AT_CWD, type Fd, type Kernel, SyscallError } from "../kernel/call.ts";
import {
  CLONE_NEWCGROUP,
  ENOENT,
  MOUNT_ATTR_RDONLY,
  MS_PRIVATE,
  MS_SLAVE,
  O_DIRECTORY,
  O_NOFOLLOW,
  O_PATH,
  RESOLVE_NO_MAGICLINKS,
  S_IFBLK,
  S_IFCHR,
  S_IFMT,
} from "../kernel/constants.ts";
import { attemptOpen2, close, open2Failure, stat } from "../kernel/file.ts";
import { cloneTree, setAttributes } from "../kernel/mount.ts";
import { NAMESPACE_FLAGS } from "../kernel/namespace.ts";
import { RuntimeError } from "../shared/error.ts";
import { absolute } from "../shared/path.ts";
import { IdmapNamespaces } from "./idmap.ts";
import type { Join } from "./spawn.ts";

/** CLONE_NEW… of all new kinds. */
export function namespaceFlags(plan: InitPlan): number {
  let flags = 0;
  for (const kind of plan.newNamespaces) flags |= NAMESPACE_FLAGS[kind];
  return flags;
}

/** The root file system; runc refuses a link as its last component as well. */
export function openRootfs(kernel: Kernel, plan: InitPlan): Fd {
  const flags = O_PATH | O_DIRECTORY | O_NOFOLLOW;
  const result = attemptOpen2(kernel, AT_CWD, plan.rootPath, flags, RESOLVE_NO_MAGICLINKS);
  if (result >= 0) return result as Fd;
  const error = open2Failure(kernel, result, AT_CWD, plan.rootPath, flags, RESOLVE_NO_MAGICLINKS);
  throw new RuntimeError({
    what: "open root file system",
    problem: `${error.code}: found no folder at ${plan.rootPath}, want one that is no link`,
    where: "config.json#/root/path",
    step: "root",
    call: error.call,
    errno: error.code,
  });
}

/** Fills the plan's descriptors. Returns those that init must inherit. */
export function prepareTrees(
  kernel: Kernel,
  plan: InitPlan,
  config: LoadedConfig,
  cgroup: OpenCgroup | undefined,
  joins: readonly Join[],
): Fd[] {
  const keep: Fd[] = [];
  const rootfs = openRootfs(kernel, plan);
  if (!plan.newNamespaces.includes("mount") && !plan.aside) {
    close(kernel, rootfs);
    return keep;
  }
  const root = cloneTree(kernel, rootfs, "", true);
  close(kernel, rootfs);
  const propagation = basePropagation(plan);
  if (propagation !== 0) setAttributes(kernel, root, { propagation }, true);
  // pivot_root refuses a new root that is a peer of the host's mount; propagateRoot makes it shared afterwards, in a group of its own.
  else setAttributes(kernel, root, { propagation: MS_PRIVATE }, false);
  plan.rootTree = root;
  keep.push(root);
  const byInit = plan.newNamespaces.includes("mount") && !hasUserNamespace(config);
  const namespaces = new IdmapNamespaces(kernel, joins.find((join) => join.kind === "user")?.fd);
  plan.mounts.forEach((mount, index) => {
    const entry = config.mounts?.[index];
    if (mount.kind === "bind" && entry !== undefined) {
      mount.source = absolute(mount.source, plan.bundle);
      const ids = planIdmap(entry, config.linux ?? {}, `/mounts/${index}`);
      if (byInit && ids === undefined) return;
      keep.push(openBind(kernel, mount, propagation, ids, namespaces));
    } else if (mount.kind === "cgroup1" || mount.kind === "cgroup2")
      keep.push(...openCgroups(kernel, plan, mount, config, cgroup));
    else if (mount.type === "sysfs") keep.push(...openSysfs(kernel, plan, mount, config));
  });
  namespaces.close();
  if (hasUserNamespace(config)) for (const device of plan.devices) keep.push(openDevice(kernel, device));
  return keep;
}

/**
 * A bind that init cannot make by itself: in a user namespace, or in another mount namespace than a copy of ours, it may not reach the source;
 * ids are given by namespaces that are the parent's.
 */
function openBind(
  kernel: Kernel,
  mount: MountPlan,
  propagation: number,
  ids: IdmapPlan | undefined,
  namespaces: IdmapNamespaces,
): Fd {
  const { source } = openSource(kernel, mount);
  try {
    const tree = cloneTree(kernel, source, "", mount.recursive);
    if (ids !== undefined) namespaces.apply(tree, source, mount, ids);
    dressBind(kernel, tree, mount, propagation);
    mount.tree = tree;
    return tree;
  } finally {
    close(kernel, source);
  }
}

/** In a user namespace the host's node is bound; it must be the very device that the config names. */
function openDevice(kernel: Kernel, device: DevicePlan): Fd {
  const result = attemptOpen2(kernel, AT_CWD, device.path, O_PATH, RESOLVE_NO_MAGICLINKS);
  const status = result < 0 ? undefined : stat(kernel, result as Fd);
  const type = status === undefined ? 0 : status.mode & S_IFMT;
  const same =
    status !== undefined &&
    type === (device.type === "b" ? S_IFBLK : S_IFCHR) &&
    status.rdevMajor === device.major &&
    status.rdevMinor === device.minor;
  if (!same) {
    const error =
      result < 0 ? open2Failure(kernel, result, AT_CWD, device.path, O_PATH, RESOLVE_NO_MAGICLINKS) : undefined;
    throw new RuntimeError({
      what: `make device ${device.path}`,
      problem: `found ${status === undefined ? "nothing" : "another file"} at that path of the host, want ${device.type} ${device.major}:${device.minor} to bind in the user namespace`,
      where: device.where,
      ...(error instanceof SyscallError && error.errno !== ENOENT
        ? { step: "devices", call: error.call, errno: error.code }
        : {}),
    });
  }
  device.tree = cloneTree(kernel, result as Fd, "", false);
  close(kernel, result as Fd);
  return device.tree as Fd;
}

/**
 * Without a cgroup namespace only the container's own directory is shown, never the host's tree; and read-only whatever the config says, lest it
 * raise its own limits: but where the container could remount it anyway (mount.7).
 */
function openCgroups(
  kernel: Kernel,
  plan: InitPlan,
  mount: MountPlan,
  config: LoadedConfig,
  cgroup: OpenCgroup | undefined,
): Fd[] {
  const inNamespace = config.linux?.namespaces?.some(({ type }) => type === "cgroup") === true;
  if (!inNamespace && !grantsAdmin(config)) mount.set |= MOUNT_ATTR_RDONLY;
  if (cgroup === undefined) return [];
  const { record, fds } = cgroup;
  const fresh = (namespaceFlags(plan) & CLONE_NEWCGROUP) !== 0;
  // On a v2 machine type "cgroup" means the unified hierarchy, as in runc.
  if (record.version === 2 || mount.kind === "cgroup2") {
    mount.kind = "cgroup2";
    const fd = fds[record.places.findIndex((place) => place.controllers.length === 0)];
    if (fresh || fd === undefined) return [];
    mount.tree = cloneTree(kernel, fd, "", false);
    return [mount.tree as Fd];
  }
  const opened: Fd[] = [];
  record.places.forEach((place, index) => {
    const fd = fds[index];
    if (place.controllers.length === 0 || fd === undefined) return;
    const name = place.controllers.map((controller) => controller.replace("name=", "")).join(",");
    const entry: CgroupMount = { name, options: [], tree: -1 };
    if (fresh) entry.options = place.controllers.map(hierarchyOption);
    else {
      entry.tree = cloneTree(kernel, fd, "", false);
      opened.push(entry.tree as Fd);
    }
    mount.hierarchies.push(entry);
  });
  return opened;
}

/** A controller, or `name=…`, as an option of a v1 mount. */
function hierarchyOption(controller: string): [string, string | null] {
  return controller.startsWith("name=") ? ["name", controller.slice(5)] : [controller, null];
}

/** A user namespace may mount sysfs only with a network namespace of its own; else the host's /sys is bound (crun does alike). */
function openSysfs(kernel: Kernel, plan: InitPlan, mount: MountPlan, config: Config): Fd[] {
  if (!hasUserNamespace(config) || plan.newNamespaces.includes("network")) return [];
  mount.tree = cloneTree(kernel, AT_CWD, "/sys", true);
  setAttributes(kernel, mount.tree as Fd, { propagation: MS_SLAVE }, true);
  return [mount.tree as Fd];
}
