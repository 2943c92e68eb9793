/**
 * Binds: sources are opened before the first mount of the container is made (mount.2), and cloned when it is their turn, so that
 * /proc/self/mountinfo, which Linux 6.8 sorts by the age of mounts, keeps the order of config.json: who reads it takes the last of two mounts
 * on one path for the upper one.
 */
import type { InitPlan, MountPlan } from "../config/plan-types.ts";
import { AT_CWD, type Fd, type Kernel, type SyscallError } from "../kernel/call.ts";
import { ENOENT, MS_REC, O_PATH, RESOLVE_NO_MAGICLINKS } from "../kernel/constants.ts";
import { attemptOpen2, close, isDirectory, open2Failure, stat } from "../kernel/file.ts";
import { cloneTree, setAttributes } from "../kernel/mount.ts";
import { RuntimeError } from "../shared/error.ts";
import { sentence } from "./step.ts";

/** Opened sources, by the mount that wants them. */
export type Sources = ReadonlyMap<MountPlan, Fd>;

/** Opens the sources of all binds that the parent has not made: init's mount namespace is still a copy of the host's, and its rights are the host's. */
export function openSources(kernel: Kernel, plan: InitPlan): Sources {
  const sources = new Map<MountPlan, Fd>();
  for (const mount of plan.mounts) {
    if (mount.kind === "bind" && mount.tree < 0) sources.set(mount, openSource(kernel, mount));
  }
  return sources;
}

/** Opens a bind's source, and notes what it is. Links are followed, magic links are not: /proc/self/fd/N would be whatever we have open (mount.2). */
export function openSource(kernel: Kernel, mount: MountPlan): Fd {
  const namespace = /^\/proc\/[0-9]+\/ns\/[a-z_]+$/.test(mount.source);
  const resolve = namespace ? 0 : RESOLVE_NO_MAGICLINKS;
  const result = attemptOpen2(kernel, AT_CWD, mount.source, O_PATH, resolve);
  if (result >= 0) {
    mount.directory = isDirectory(stat(kernel, result as Fd));
    return result as Fd;
  }
  const error = open2Failure(kernel, result, AT_CWD, mount.source, O_PATH, resolve) as SyscallError;
  const missing =
    result === -ENOENT ? `, first missing element ${JSON.stringify(firstMissing(kernel, mount.source))}` : "";
  const subPath = mount.source.includes("/volume-subpaths/") ? "ConfigMap changed, recreate the pod" : undefined;
  throw new RuntimeError({
    what: `mount ${mount.where}`,
    problem: `${sentence(error.code)}: source ${mount.source}${missing}`,
    where: `${mount.where}/source`,
    hint: subPath,
    step: "mounts",
    call: error.call,
    errno: error.code,
  });
}

function firstMissing(kernel: Kernel, path: string): string {
  let prefix = "";
  for (const part of path.split("/").filter((entry) => entry !== "")) {
    prefix += `/${part}`;
    const fd = attemptOpen2(kernel, AT_CWD, prefix, O_PATH, 0);
    if (fd < 0) return part;
    close(kernel, fd as Fd);
  }
  return path;
}

/** The detached tree of a bind: the parent's, or a clone made now, whose propagation is that of init's copy of the mount (attachRoot). */
export function bindTree(kernel: Kernel, mount: MountPlan, sources: Sources): Fd {
  const source = sources.get(mount);
  if (source === undefined) return mount.tree as Fd;
  const tree = cloneTree(kernel, source, "", mount.recursive);
  close(kernel, source);
  dressBind(kernel, tree, mount, 0);
  return tree;
}

/** Gives a detached bind its attributes. `propagation`: what it begins with, before the config's own (0: as it is). */
export function dressBind(kernel: Kernel, tree: Fd, mount: MountPlan, propagation: number): void {
  const own = { set: mount.set, clear: mount.clear };
  if (mount.recursive) {
    if (propagation !== 0) setAttributes(kernel, tree, { propagation }, true);
    if ((mount.set | mount.clear) !== 0) setAttributes(kernel, tree, own, false);
  } else if ((mount.set | mount.clear | propagation) !== 0) setAttributes(kernel, tree, { ...own, propagation }, false);
  if ((mount.recursiveSet | mount.recursiveClear) !== 0)
    setAttributes(kernel, tree, { set: mount.recursiveSet, clear: mount.recursiveClear }, true);
  for (const flag of mount.propagation)
    setAttributes(kernel, tree, { propagation: flag & ~MS_REC }, (flag & MS_REC) !== 0);
}
