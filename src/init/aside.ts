/**
 * A container that has mounts, and no mount namespace of its own: it shares the caller's, or joins one. Made there, its mounts would be everybody's
 * and would outlive it; left out, the config would be ignored. So the root is built in a namespace of init's alone, taken along as a
 * detached tree, which no path leads to, and ends with the last process that has it as its root.
 */
import { AT_CWD, type Fd, type Kernel } from "../kernel/call.ts";
import { CLONE_NEWNS, O_RDONLY, SYS_chdir, SYS_chroot } from "../kernel/constants.ts";
import { close, fchdir, open2 } from "../kernel/file.ts";
import { cloneTree } from "../kernel/mount.ts";
import { joinNamespace, unshare } from "../kernel/namespace.ts";
import { openPrivateProc, selfName } from "../kernel/procfs.ts";

/** Leaves the mount namespace that the container shall have, for a copy of it. Returns a handle of the one that was left. */
export function stepAside(kernel: Kernel): Fd {
  // Not /proc: a joined namespace may have anything there.
  const proc = openPrivateProc(kernel, true);
  try {
    const home = open2(kernel, proc, `${selfName(kernel, proc)}/ns/mnt`, O_RDONLY, 0);
    unshare(kernel, CLONE_NEWNS);
    return home;
  } finally {
    close(kernel, proc);
  }
}

/** Goes back there, with the root that was built. */
export function stepBack(kernel: Kernel, home: Fd): void {
  const tree = cloneTree(kernel, AT_CWD, "/", true);
  joinNamespace(kernel, home, CLONE_NEWNS);
  fchdir(kernel, tree);
  kernel.call(SYS_chroot, ".");
  kernel.call(SYS_chdir, "/");
  for (const fd of [tree, home]) close(kernel, fd);
}
