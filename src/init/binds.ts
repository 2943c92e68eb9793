/**
 * Binds: sources are opened before the first mount of the container is made (mount.2), and cloned when it is their turn, so that
 * /proc/self/mountinfo, which Linux 6.8 sorts by the age of mounts, keeps the order of config.json: who reads it takes the last of two mounts
 * on one path for the upper one.
 */
import type { InitPlan, MountPlan } from "../config/plan-types.ts";
import { AT_CWD, type Fd, type Kernel } from "../kernel/call.ts";
import { ENOENT, MS_REC, O_DIRECTORY, O_PATH, RESOLVE_NO_MAGICLINKS, RLIMIT_NOFILE } from "../kernel/constants.ts";
import { attemptOpen2, climb, close, isDirectory, open2, open2Failure, type Stat, stat } from "../kernel/file.ts";
import { getLimit, setLimit } from "../kernel/limits.ts";
import { cloneTree, setAttributes } from "../kernel/mount.ts";
import { RuntimeError } from "../shared/error.ts";
import { basePropagation } from "./pivot-root.ts";
import { sentence } from "./step.ts";

/** Of so few sources nobody's limit is too low. */
const FEW = 32;
/** Descriptors beside those of sources that init may have open. */
const OTHERS = 128;

/** Opened sources of the binds that the parent has not made: init's mount namespace is still a copy of the host's, and its rights are the host's. */
export class Sources {
  readonly #kernel: Kernel;
  readonly #fds = new Map<MountPlan, Fd>();
  /** The caller's soft limit on descriptors, where it was raised: with runc, whose language raises it, it does not bound the number of mounts. */
  readonly #softLimit: bigint | undefined;

  constructor(kernel: Kernel, plan: InitPlan) {
    this.#kernel = kernel;
    const binds = plan.mounts.filter((mount) => mount.kind === "bind" && mount.tree < 0);
    this.#softLimit = makeRoom(kernel, binds.length);
    let above: Set<string> | undefined;
    for (const mount of binds) {
      const { source, status } = openSource(kernel, mount);
      if (mount.recursive && mount.directory) above ??= directoriesAbove(kernel, plan.rootPath);
      if (mount.recursive && above?.has(status.identity) === true) cloneEarly(kernel, plan, mount, source);
      else this.#fds.set(mount, source);
    }
  }

  /** The detached tree of a bind: one that is there, or a clone made now, whose propagation is that of init's copy of the mount (attachRoot). */
  tree(mount: MountPlan): Fd {
    const source = this.#fds.get(mount);
    if (source === undefined) return mount.tree as Fd;
    const tree = cloneTree(this.#kernel, source, "", mount.recursive);
    close(this.#kernel, source);
    dressBind(this.#kernel, tree, mount, 0);
    return tree;
  }

  /** All mounts are made. */
  done(): void {
    if (this.#softLimit === undefined) return;
    // The hard one may be another by now: the parent raises those of the config.
    setLimit(this.#kernel, 0, RLIMIT_NOFILE, this.#softLimit, getLimit(this.#kernel, RLIMIT_NOFILE).hard);
  }
}

/** Raises the soft limit on descriptors where it is too low for so many sources; returns what it was. */
function makeRoom(kernel: Kernel, count: number): bigint | undefined {
  if (count < FEW) return undefined;
  const { soft, hard } = getLimit(kernel, RLIMIT_NOFILE);
  if (soft >= BigInt(count + OTHERS) || soft >= hard) return undefined;
  setLimit(kernel, 0, RLIMIT_NOFILE, hard, hard);
  return soft;
}

/** The identities of the root file system's directory and of all above it. */
function directoriesAbove(kernel: Kernel, path: string): Set<string> {
  const found = new Set<string>();
  const root = open2(kernel, AT_CWD, path, O_PATH | O_DIRECTORY, RESOLVE_NO_MAGICLINKS);
  climb(kernel, root, (_, { identity }) => {
    found.add(identity);
    return false;
  });
  close(kernel, root);
  return found;
}

/**
 * A recursive bind that holds the root file system is cloned before the root is there: later it would take along the container's own tree, with
 * what is masked or read-only there in the open (mount.5).
 */
function cloneEarly(kernel: Kernel, plan: InitPlan, mount: MountPlan, source: Fd): void {
  const tree = cloneTree(kernel, source, "", true);
  close(kernel, source);
  dressBind(kernel, tree, mount, basePropagation(plan));
  mount.tree = tree;
}

/** Opens a bind's source, and notes what it is. Links are followed, magic links are not: /proc/self/fd/N would be whatever we have open (mount.2). */
export function openSource(kernel: Kernel, mount: MountPlan): { source: Fd; status: Stat } {
  const namespace = /^\/proc\/[0-9]+\/ns\/[a-z_]+$/.test(mount.source);
  const resolve = namespace ? 0 : RESOLVE_NO_MAGICLINKS;
  const result = attemptOpen2(kernel, AT_CWD, mount.source, O_PATH, resolve);
  if (result >= 0) {
    const status = stat(kernel, result as Fd);
    mount.directory = isDirectory(status);
    return { source: result as Fd, status };
  }
  const error = open2Failure(kernel, result, AT_CWD, mount.source, O_PATH, resolve);
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
