/**
 * The child's side of exec, from its clone to execve. It stands in the container's other namespaces already (spawn-join.ts); the mount
 * namespace is the last to be joined, so that until then it reaches nothing of the container's and its image nothing of ours (exec.1).
 */
import { send } from "../channel/link.ts";
import type { JoinPlan } from "../config/plan-types.ts";
import type { Fd, Kernel } from "../kernel/call.ts";
import { AT_CWD } from "../kernel/call.ts";
import { CLONE_FS, CLONE_NEWNS, PR_SET_PDEATHSIG, SYS_chdir, SYS_chroot } from "../kernel/constants.ts";
import { close, dup, fchdir, read } from "../kernel/file.ts";
import { setUmask } from "../kernel/limits.ts";
import { joinNamespace, unshare } from "../kernel/namespace.ts";
import { exit, newSession, prctl } from "../kernel/process.ts";
import type { Procfs } from "../kernel/procfs.ts";
import { setAffinity } from "../kernel/scheduling.ts";
import { setControllingTerminal } from "../kernel/terminal.ts";
import { partsOf } from "../shared/error.ts";
import { openConsole } from "./console.ts";
import { checkInside } from "./environment.ts";
import { writeLabels } from "./labels.ts";
import { becomeRoot, HERE, prepareProcess, setStdio } from "./process.ts";
import { openRootDirectory } from "./root.ts";
import { step, withStep } from "./step.ts";
import { joinKeyring, setLimits } from "./system.ts";
import { openSelf } from "./wait-start.ts";

/** What the child is given. */
export interface JoinInput {
  plan: JoinPlan;
  filter: Uint8Array | undefined;
  /** Our end of the link to the parent. */
  link: Fd;
  /** The parent's "go" has yet to be read (engine host). */
  awaitGo: boolean;
}

/** Runs the child. Never returns: ends in the user's program or in exit. The link's end of file tells the parent that execve succeeded. */
export function runJoin(kernel: Kernel, input: JoinInput): never {
  const { plan } = input;
  let { link } = input;
  try {
    if (input.awaitGo && read(kernel, link, 1).length === 0) return exit(kernel, 1);
    step("session", HERE, () => newSession(kernel));
    // A narrow mask that was inherited would outlast the cpuset's (runc and crun widen it as well).
    step("affinity", HERE, () => setAffinity(kernel, plan.affinity.final.length > 0 ? plan.affinity.final : ALL_CPUS));
    step("mount-namespace", HERE, () => enterTree(kernel, plan));
    step("user-namespace", HERE, () => becomeRoot(kernel, plan));
    step("keyring", HERE, () => joinKeyring(kernel, plan));
    setUmask(kernel, 0);
    const root = openRootDirectory(kernel, AT_CWD, "/");
    const console = plan.terminal ? step("console", HERE, () => takeTerminal(kernel, plan, root, link)) : undefined;
    step("stdio", HERE, () => setStdio(kernel, plan, console));
    const own = step("procfs", HERE, () => openSelf(kernel, plan.proc as Procfs));
    const { labels, calls } = prepareProcess(kernel, plan, { root, own, filter: input.filter, link });
    close(kernel, own);
    const report = dup(kernel, link, 3 + plan.preserved, true);
    if (report !== link) close(kernel, link);
    link = report;
    setLimits(kernel, plan);
    checkInside(kernel, plan);
    writeLabels(kernel, plan, labels);
    send(kernel, link, { type: "exec", announcement: calls.announcement });
    prctl(kernel, PR_SET_PDEATHSIG, 0, 0, 0, 0);
    kernel.host.clone(new Uint8Array(0), calls.list, calls.slots, link);
  } catch (error) {
    tell(kernel, link, error);
  }
  return exit(kernel, 1);
}

/** CONFIG_NR_CPUS of common kernels; the kernel leaves out what there is not. */
const ALL_CPUS: readonly number[] = Array.from({ length: 1024 }, (_, cpu) => cpu);

/** The container's tree: its mount namespace, and where init's root is not that namespace's, that too. */
function enterTree(kernel: Kernel, plan: JoinPlan): void {
  if (plan.pidfd >= 0) {
    // Node's threads share what setns(2) wants for itself.
    unshare(kernel, CLONE_FS);
    joinNamespace(kernel, plan.pidfd as Fd, CLONE_NEWNS);
    close(kernel, plan.pidfd as Fd);
  }
  if (plan.root < 0) return;
  fchdir(kernel, plan.root as Fd);
  kernel.call(SYS_chroot, ".");
  kernel.call(SYS_chdir, "/");
  close(kernel, plan.root as Fd);
}

/** A terminal of the container's devpts; /dev/console stays init's. */
function takeTerminal(kernel: Kernel, plan: JoinPlan, root: Fd, link: Fd): Fd {
  const { master, peer } = openConsole(kernel, root, plan);
  send(kernel, link, { type: "console" }, [master]);
  close(kernel, master);
  setControllingTerminal(kernel, peer);
  return peer;
}

function tell(kernel: Kernel, link: Fd, error: unknown): void {
  try {
    send(kernel, link, { type: "error", parts: partsOf(withStep("exec", HERE, error)) });
  } catch {
    // The parent is gone: nobody is left to tell.
  }
}
