/** The mounts of type cgroup (v1: a tree of hierarchies) and cgroup2. Read-only unless a cgroup namespace hides the rest (mount.7). */
import type { MountPlan } from "../config/plan-types.ts";
import type { Fd, Kernel } from "../kernel/call.ts";
import { MOUNT_ATTR_NODEV, MOUNT_ATTR_NOEXEC, MOUNT_ATTR_NOSUID, MOUNT_ATTR_RDONLY } from "../kernel/constants.ts";
import { close, mkdirAt, symlinkAt } from "../kernel/file.ts";
import { attach, attachBelow, fsCreate, fsMount, fsOpen, fsSet, setAttributes } from "../kernel/mount.ts";

/** A tmpfs with one directory for each hierarchy and links for controllers that share one. */
export function mountCgroup1(kernel: Kernel, target: Fd, plan: MountPlan): undefined {
  const context = fsOpen(kernel, "tmpfs");
  fsSet(kernel, context, "source", "tmpfs");
  fsSet(kernel, context, "mode", "755");
  fsCreate(kernel, context);
  const top = fsMount(
    kernel,
    context,
    (plan.set & ~MOUNT_ATTR_RDONLY) | MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV | MOUNT_ATTR_NOEXEC,
  );
  close(kernel, context);
  // Attached first: older kernels attach nothing below a mount that is still detached.
  attach(kernel, top, target);
  for (const hierarchy of plan.hierarchies) {
    mkdirAt(kernel, top, hierarchy.name, 0o755);
    const tree = hierarchy.tree >= 0 ? (hierarchy.tree as Fd) : freshHierarchy(kernel, hierarchy.options);
    setAttributes(kernel, tree, { set: plan.set | MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV | MOUNT_ATTR_NOEXEC }, false);
    attachBelow(kernel, tree, top, hierarchy.name);
    close(kernel, tree);
    const parts = hierarchy.name.split(",");
    if (parts.length > 1) for (const part of parts) symlinkAt(kernel, hierarchy.name, top, part);
  }
  if ((plan.set & MOUNT_ATTR_RDONLY) !== 0) setAttributes(kernel, top, { set: MOUNT_ATTR_RDONLY }, false);
  close(kernel, top);
  return undefined;
}

/** A mount of a v1 hierarchy inside our cgroup namespace: its root is our own cgroup. */
function freshHierarchy(kernel: Kernel, options: readonly (readonly [string, string | null])[]): Fd {
  const context = fsOpen(kernel, "cgroup");
  try {
    fsSet(kernel, context, "source", "cgroup");
    for (const [name, value] of options) fsSet(kernel, context, name, value ?? undefined);
    fsCreate(kernel, context);
    return fsMount(kernel, context, 0);
  } finally {
    close(kernel, context);
  }
}

/** The unified hierarchy: fresh in a cgroup namespace, else the container's own directory that the parent prepared. */
export function mountCgroup2(kernel: Kernel, target: Fd, plan: MountPlan): undefined {
  let tree = plan.tree as Fd;
  if (plan.tree < 0) {
    const context = fsOpen(kernel, "cgroup2");
    try {
      fsSet(kernel, context, "source", plan.source === "" ? "cgroup" : plan.source);
      fsCreate(kernel, context);
      tree = fsMount(kernel, context, 0);
    } finally {
      close(kernel, context);
    }
  }
  setAttributes(kernel, tree, { set: plan.set | MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV | MOUNT_ATTR_NOEXEC }, false);
  attach(kernel, tree, target);
  close(kernel, tree);
  return undefined;
}
