/** Idmapped mounts: user namespaces that exist for their maps alone, and MOUNT_ATTR_IDMAP on a detached tree (mount_setattr(2), Linux 5.12). */
import type { IdmapPlan } from "../config/idmap.ts";
import type { MountPlan } from "../config/plan-types.ts";
import { sentence } from "../init/step.ts";
import { type Fd, type Kernel, type Pid, SyscallError } from "../kernel/call.ts";
import { CallList } from "../kernel/calls.ts";
import {
  CLONE_NEWUSER,
  EINVAL,
  EPERM,
  MOUNT_ATTR_IDMAP,
  SIGCHLD,
  SYS_clone3,
  SYS_close,
  SYS_exit_group,
  SYS_read,
} from "../kernel/constants.ts";
import { close, pipe, stat } from "../kernel/file.ts";
import { setAttributes } from "../kernel/mount.ts";
import { cloneArgs, wait } from "../kernel/process.ts";
import { openProc, openProcNamespace, readProc, selfName, writeProc } from "../kernel/procfs.ts";
import { RuntimeError } from "../shared/error.ts";

/** The user namespaces of one container's mounts: equal maps share one. */
export class IdmapNamespaces {
  readonly #kernel: Kernel;
  readonly #joined: Fd | undefined;
  readonly #made = new Map<string, Fd>();

  /** @param joined the user namespace that the container joins. */
  constructor(kernel: Kernel, joined: Fd | undefined) {
    this.#kernel = kernel;
    this.#joined = joined;
  }

  /** Gives a detached tree its ids. `source`: what it is a clone of. Never falls back to a plain bind (mount.6). */
  apply(tree: Fd, source: Fd, mount: MountPlan, plan: IdmapPlan): void {
    const userNamespace = this.#of(plan, mount.where);
    try {
      setAttributes(this.#kernel, tree, { set: MOUNT_ATTR_IDMAP, userNamespace }, plan.recursive);
    } catch (error) {
      throw explain(this.#kernel, source, mount, plan, error);
    }
  }

  #of({ maps }: IdmapPlan, where: string): Fd {
    if (maps === undefined) {
      if (this.#joined !== undefined) return this.#joined;
      throw new RuntimeError({
        what: `mount ${where}`,
        problem: "found no user namespace, want one for its maps",
        where,
      });
    }
    const key = `${maps.uids};${maps.gids}`;
    const fd = this.#made.get(key) ?? makeNamespace(this.#kernel, maps, where);
    this.#made.set(key, fd);
    return fd;
  }

  /** The mounts hold what they need themselves. */
  close(): void {
    for (const fd of this.#made.values()) close(this.#kernel, fd);
    this.#made.clear();
  }
}

/** A user namespace with these maps: of a child that waits until it is there, and ends with us if we end before. */
function makeNamespace(kernel: Kernel, maps: { uids: string; gids: string }, where: string): Fd {
  const [stay, hold] = pipe(kernel);
  const list = new CallList(kernel);
  list.add({}, SYS_close, hold);
  // End of file: the namespace is open, or its maker is gone.
  list.add({}, SYS_read, stay, new Uint8Array(8), 1);
  list.add({}, SYS_exit_group, 0);
  const args = cloneArgs(BigInt(CLONE_NEWUSER), SIGCHLD, undefined);
  const result = kernel.host.clone(args, list.bytes(), list.slots, hold);
  close(kernel, stay);
  if (result < 0) {
    close(kernel, hold);
    throw kernel.failure(result, SYS_clone3, args, args.length);
  }
  const pid = result as Pid;
  const proc = openProc(kernel);
  try {
    for (const [name, text] of [
      ["uid", maps.uids],
      ["gid", maps.gids],
    ] as const) {
      try {
        writeProc(kernel, proc, `${pid}/${name}_map`, text);
      } catch (error) {
        throw refusedMap(where, name, text, error);
      }
    }
    const fd = openProcNamespace(kernel, proc, pid, "user");
    if (fd === undefined)
      throw new RuntimeError({ what: `mount ${where}`, problem: "the process that holds its maps was killed", where });
    return fd;
  } finally {
    close(kernel, proc);
    close(kernel, hold);
    wait(kernel, pid, 0);
  }
}

function refusedMap(where: string, name: string, text: string, error: unknown): unknown {
  if (!(error instanceof SyscallError)) return error;
  const map = JSON.stringify(text.trim());
  return new RuntimeError({
    what: `mount ${where}`,
    problem: `${error.code}: the kernel refused the ${name} map ${map}; ranges must not overlap and the host ids must be ours to map`,
    where,
    step: "id-map",
    call: error.call,
    errno: error.code,
  });
}

/** Why the kernel gave the tree no ids: it says EINVAL of a file system, EPERM of a mount or of us. */
function explain(kernel: Kernel, source: Fd, mount: MountPlan, plan: IdmapPlan, error: unknown): unknown {
  if (!(error instanceof SyscallError) || (error.errno !== EINVAL && error.errno !== EPERM)) return error;
  const type = typeOf(kernel, source);
  const which = plan.recursive
    ? `source ${mount.source} = ${type}, or a mount below it,`
    : `source ${mount.source} = ${type}`;
  return new RuntimeError({
    what: `mount ${mount.where}`,
    problem:
      error.errno === EINVAL
        ? `${sentence(error.code)}: ${which} cannot be idmapped on this kernel, want a file system that can, such as ext4, xfs, btrfs or (Linux 6.3) tmpfs`
        : `${sentence(error.code)}: ${which} is idmapped already, or belongs to another user namespace, want a mount of ours with the ids of its disk`,
    where: mount.where,
    step: "mounts",
    call: error.call,
    errno: error.code,
  });
}

/** Type of the file system that a descriptor is on, as mountinfo names it. */
function typeOf(kernel: Kernel, fd: Fd): string {
  const proc = openProc(kernel);
  const mountinfo = readProc(kernel, proc, `${selfName(kernel, proc)}/mountinfo`) ?? "";
  close(kernel, proc);
  const start = `${stat(kernel, fd).mountId} `;
  const line = mountinfo.split("\n").find((entry) => entry.startsWith(start)) ?? "";
  return line.split(" - ")[1]?.split(" ")[0] ?? "an unknown file system";
}
