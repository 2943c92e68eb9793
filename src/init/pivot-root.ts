/** From the host's tree to the container's: attach the root, make it the root, let go of the old one (mount.1). */
import type { InitPlan } from "../config/plan-types.ts";
import { AT_CWD, type Fd, type Kernel, SyscallError } from "../kernel/call.ts";
import {
  EACCES,
  EINVAL,
  EPERM,
  MNT_DETACH,
  MS_PRIVATE,
  MS_REC,
  MS_SHARED,
  MS_SLAVE,
  O_DIRECTORY,
  O_PATH,
  RESOLVE_NO_MAGICLINKS,
  SYS_chdir,
  SYS_chroot,
  SYS_umount2,
} from "../kernel/constants.ts";
import { attemptOpen2, climb, close, fchdir, open2Failure, openAt } from "../kernel/file.ts";
import { attach, attachAtPath, mount, moveMount, pivotRoot, setAttributes, unmountDetach } from "../kernel/mount.ts";
import { openProc, readProc, selfName } from "../kernel/procfs.ts";
import { RuntimeError } from "../shared/error.ts";

/**
 * Propagation of the host's tree in the container's namespace, and so of what is bound from it; 0: as it is, shared. With rootfsPropagation unset
 * or slave, mounts made on the host later appear inside (as runc); so with an unbindable root, as binds are still to be cloned.
 */
export function basePropagation(plan: InitPlan): number {
  const kind = plan.rootPropagation & ~MS_REC;
  if (kind === MS_SHARED) return 0;
  return kind === MS_PRIVATE ? MS_PRIVATE : MS_SLAVE;
}

/**
 * First change in the new mount namespace: nothing that happens here may reach the host (mount.1). Then the root's detached clone is
 * attached at its own path, where hooks expect it; where the mapped user may not walk to that path, over "/".
 */
export function attachRoot(kernel: Kernel, plan: InitPlan): Fd {
  const propagation = basePropagation(plan);
  if (propagation !== 0) mount(kernel, "", "/", "", propagation | MS_REC, "");
  const root = plan.rootTree as Fd;
  const place = attemptOpen2(kernel, AT_CWD, plan.rootPath, O_PATH | O_DIRECTORY, RESOLVE_NO_MAGICLINKS);
  if (place >= 0) {
    // pivot_root refuses a new root whose parent mount is shared; attaching to one would also reach the host.
    if (propagation === 0) makeParentPrivate(kernel, place as Fd);
    attach(kernel, root, place as Fd);
    close(kernel, place as Fd);
  } else if (place === -EACCES) attachAtPath(kernel, root, "/");
  else throw open2Failure(kernel, place, AT_CWD, plan.rootPath, O_PATH | O_DIRECTORY, RESOLVE_NO_MAGICLINKS);
  return root;
}

/** Makes the mount that holds `place` private, by its own root. */
function makeParentPrivate(kernel: Kernel, place: Fd): void {
  climb(kernel, place, (directory, is, above) => {
    if (above.mountId === is.mountId && above.identity !== is.identity) return false;
    setAttributes(kernel, directory, { propagation: MS_PRIVATE }, false);
    return true;
  });
}

/** Makes the attached root the root of this process and detaches the host's tree. */
export function enterRoot(kernel: Kernel, root: Fd, plan: InitPlan): void {
  fchdir(kernel, root);
  if (plan.noPivot) {
    hideHostProc(kernel, plan);
    fchdir(kernel, root);
    moveMount(kernel, plan.rootPath, "/");
    kernel.call(SYS_chroot, ".");
  } else {
    const old = openAt(kernel, AT_CWD, "/", O_PATH | O_DIRECTORY);
    try {
      pivotRoot(kernel, ".", ".");
    } catch (error) {
      throw explainPivot(error);
    }
    // The old root is mounted on the new one now. It must not tell the host that it goes (mount.1).
    setAttributes(kernel, old, { propagation: MS_SLAVE }, true);
    fchdir(kernel, old);
    unmountDetach(kernel, ".");
    close(kernel, old);
  }
  kernel.call(SYS_chdir, "/");
}

/**
 * chroot can be left where pivot_root cannot, so nothing of the host's procfs and sysfs may be there to be found, unmasked (mount.5). What
 * cannot be unmounted (it came from a more privileged namespace) is covered.
 */
function hideHostProc(kernel: Kernel, plan: InitPlan): void {
  const proc = openProc(kernel);
  const mounts = readProc(kernel, proc, `${selfName(kernel, proc)}/mountinfo`) ?? "";
  close(kernel, proc);
  for (const line of mounts.split("\n").reverse()) {
    const type = / - (proc|sysfs) /.exec(line);
    const point = line.split(" ")[4];
    if (type === null || point === undefined || point === plan.rootPath || point.startsWith(`${plan.rootPath}/`))
      continue;
    const path = point.replace(/\\([0-7]{3})/g, (_, digits: string) => String.fromCharCode(Number.parseInt(digits, 8)));
    const result = kernel.attempt(SYS_umount2, path, MNT_DETACH);
    if (result === -EINVAL || result === -EPERM) mount(kernel, "tmpfs", path, "tmpfs", 0, "size=0,nr_inodes=1");
    else if (result < 0) throw kernel.failure(result, SYS_umount2, path, MNT_DETACH);
  }
}

function explainPivot(error: unknown): unknown {
  if (!(error instanceof SyscallError) || error.errno !== EINVAL) return error;
  return new RuntimeError({
    what: "pivot_root",
    problem: "invalid argument: the host's root is the initramfs, or the root's parent mount is shared, want neither",
    where: "config.json#/root/path",
    hint: "--no-pivot",
    step: "pivot-root",
    call: error.call,
    errno: error.code,
  });
}

/** Without a mount namespace of our own: only the root changes, and no propagation call is made. */
export function changeRoot(kernel: Kernel, plan: InitPlan): void {
  const place = attemptOpen2(kernel, AT_CWD, plan.rootPath, O_PATH | O_DIRECTORY, RESOLVE_NO_MAGICLINKS);
  if (place < 0) throw open2Failure(kernel, place, AT_CWD, plan.rootPath, O_PATH | O_DIRECTORY, RESOLVE_NO_MAGICLINKS);
  fchdir(kernel, place as Fd);
  close(kernel, place as Fd);
  kernel.call(SYS_chroot, ".");
  kernel.call(SYS_chdir, "/");
}

/** linux.rootfsPropagation on the new root. */
export function propagateRoot(kernel: Kernel, root: Fd, plan: InitPlan): void {
  const flags = plan.rootPropagation;
  if (flags === 0) return;
  const kind = flags & ~MS_REC;
  if (kind === MS_SLAVE || kind === MS_PRIVATE) return; // it is since attachRoot
  setAttributes(kernel, root, { propagation: kind }, (flags & MS_REC) !== 0);
}
