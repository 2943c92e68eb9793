/**
 * The child's side of exec, from its clone to execve. On the engine host it is a stage at first: no process of the container can see it, as
 * it is still in our pid namespace. It joins everything, gives up all that it holds of the host and every right that the process is not to have;
 * only then it makes the process that the container sees (exec.2): one with CAP_SYS_PTRACE in our user namespace may look into that, and
 * make it do what it likes, whatever PR_SET_DUMPABLE says.
 * Node cannot be started below the container's root, so there the child is seen while it still holds the host's.
 */
import { send } from "../channel/link.ts";
import type { JoinPlan } from "../config/plan-types.ts";
import type { Fd, Kernel } from "../kernel/call.ts";
import { AT_CWD } from "../kernel/call.ts";
import { CLONE_FS, PR_SET_PDEATHSIG, SYS_chdir, SYS_chroot } from "../kernel/constants.ts";
import { close, dup, fchdir, read } from "../kernel/file.ts";
import { setUmask } from "../kernel/limits.ts";
import { joinNamespace, unshare } from "../kernel/namespace.ts";
import { exit, newSession, prctl } from "../kernel/process.ts";
import type { Procfs } from "../kernel/procfs.ts";
import { setAffinity } from "../kernel/scheduling.ts";
import { setControllingTerminal } from "../kernel/terminal.ts";
import { partsOf } from "../shared/error.ts";
import { type Door, enterCgroups } from "./cgroup-doors.ts";
import { openConsole } from "./console.ts";
import { filtersEarly } from "./early-filter.ts";
import { checkInside } from "./environment.ts";
import { writeLabels } from "./labels.ts";
import { becomeRoot, HERE, prepareProcess, setStdio } from "./process.ts";
import { openRootDirectory } from "./root.ts";
import { step, withStep } from "./step.ts";
import { joinKeyring, setLimits } from "./system.ts";
import { becomeVisible, hideOurselves } from "./visible.ts";
import { type LastCalls, openSelf } from "./wait-start.ts";

/** What the child is given. */
export interface JoinInput {
  plan: JoinPlan;
  filter: Uint8Array | undefined;
  /** Our end of the link to the parent. */
  link: Fd;
  /** Engine host: we are the stage, and this takes the pid of the process that we make. undefined: we are that process. */
  tell: Fd | undefined;
  /** v1: the ways into the container's cgroups; none where the list of first calls has gone through them (Node). */
  doors: readonly Door[];
}

/** Runs the child. Never returns: ends in the user's program or in exit. The link's end of file tells the parent that execve succeeded. */
export function runJoin(kernel: Kernel, input: JoinInput): never {
  const { plan } = input;
  let { link } = input;
  try {
    if (input.tell !== undefined && read(kernel, link, 1).length === 0) return exit(kernel, 1);
    step("cgroup", HERE, () => enterCgroups(kernel, input.doors));
    // A narrow mask that was inherited would outlast the cpuset's (runc and crun widen it as well).
    const { final } = plan.affinity;
    step("affinity", HERE, () => setAffinity(kernel, final.length > 0 ? final : undefined));
    if (input.tell !== undefined) step("procfs", HERE, () => hideOurselves(kernel, plan.proc as Procfs));
    step("namespaces", HERE, () => enter(kernel, plan));
    step("user-namespace", HERE, () => becomeRoot(kernel, plan));
    step("keyring", HERE, () => joinKeyring(kernel, plan));
    setUmask(kernel, 0);
    const root = openRootDirectory(kernel, AT_CWD, "/");
    const console = plan.terminal ? step("console", HERE, () => openTerminal(kernel, plan, root, link)) : undefined;
    step("stdio", HERE, () => setStdio(kernel, plan, console));
    const proc = step("procfs", HERE, () => keepProc(kernel, plan, input.tell !== undefined));
    const prepare = () => prepareWith(kernel, input, root, proc);
    let calls = plan.hidden ? prepare() : undefined;
    if (input.tell !== undefined) becomeVisible(kernel, link, input.tell);
    step("session", HERE, () => newSession(kernel));
    if (plan.terminal) step("console", HERE, () => setControllingTerminal(kernel, 0 as Fd));
    calls ??= prepare();
    const report = dup(kernel, link, 3 + plan.preserved, true);
    if (report !== link) close(kernel, link);
    link = report;
    setLimits(kernel, plan);
    checkInside(kernel, plan);
    send(kernel, link, { type: "exec", announcement: calls.announcement });
    prctl(kernel, PR_SET_PDEATHSIG, 0, 0, 0, 0);
    kernel.host.clone(new Uint8Array(0), calls.list, calls.slots, link);
  } catch (error) {
    tell(kernel, link, error);
  }
  return exit(kernel, 1);
}

/** The container's namespaces, all at once: the kernel takes the rights for them from the same moment. Where init's root is not its mount namespace's, that too. */
function enter(kernel: Kernel, plan: JoinPlan): void {
  if (plan.pidfd >= 0) {
    // Node's threads share what setns(2) wants for itself.
    unshare(kernel, CLONE_FS);
    joinNamespace(kernel, plan.pidfd as Fd, plan.namespaces);
    close(kernel, plan.pidfd as Fd);
  }
  if (plan.root < 0) return;
  fchdir(kernel, plan.root as Fd);
  kernel.call(SYS_chroot, ".");
  kernel.call(SYS_chdir, "/");
  close(kernel, plan.root as Fd);
}

/**
 * The host's procfs, while nobody sees us. When we are seen, only where the process may make none of its own: in a user namespace, where nobody
 * inside can look at what we hold, as we are not dumpable and of the host's user namespace. On Node's host always.
 */
function keepProc(kernel: Kernel, plan: JoinPlan, staged: boolean): Procfs | undefined {
  const proc = plan.proc as Procfs;
  if (!staged || (needsSelf(plan) && (plan.hidden || plan.userNamespace))) return proc;
  close(kernel, proc);
  return undefined;
}

/** Whether our own directory in procfs is wanted: for labels, or to list descriptors where a filter refuses to close them all at once. */
function needsSelf(plan: JoinPlan): boolean {
  return plan.apparmorProfile !== "" || plan.selinuxLabel !== "" || filtersEarly(plan);
}

/** A terminal of the container's devpts; /dev/console stays init's. */
function openTerminal(kernel: Kernel, plan: JoinPlan, root: Fd, link: Fd): Fd {
  const { master, peer } = openConsole(kernel, root, plan);
  send(kernel, link, { type: "console" }, [master]);
  close(kernel, master);
  return peer;
}

/** Everything that takes rights, to their end; what is left to call. Labels are ours, or our child's: fork passes them on (security_task_alloc, Linux 4.17). */
function prepareWith(kernel: Kernel, { plan, filter, link }: JoinInput, root: Fd, proc: Procfs | undefined): LastCalls {
  const own = needsSelf(plan) ? step("procfs", HERE, () => openSelf(kernel, proc)) : undefined;
  if (own === undefined && proc !== undefined) close(kernel, proc);
  const with_ = { root, own: own ?? (-1 as Fd), filter, link, makeCwd: false };
  const { labels, calls } = prepareProcess(kernel, plan, with_);
  if (own !== undefined) close(kernel, own);
  writeLabels(kernel, plan, labels);
  return calls;
}

function tell(kernel: Kernel, link: Fd, error: unknown): void {
  try {
    send(kernel, link, { type: "error", parts: partsOf(withStep("exec", HERE, error)) });
  } catch {
    // The parent is gone: nobody is left to tell.
  }
}
