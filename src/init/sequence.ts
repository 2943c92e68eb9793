/**
 * The container's side, from the clone to execve: the order, one call a line. Why here and not elsewhere is said where it matters.
 *
 * A failure before "ready" goes to the parent over the link; one after it to `start` over the fifo.
 */
import { receive, send } from "../channel/link.ts";
import type { InitPlan, MountPlan } from "../config/plan-types.ts";
import type { NamespaceType } from "../config/types.ts";
import { runHooks } from "../hook/run.ts";
import { type Fd, type Kernel, SyscallError } from "../kernel/call.ts";
import { CLONE_NEWCGROUP, EPERM, MOUNT_ATTR_RDONLY, PR_SET_PDEATHSIG, SIGPIPE } from "../kernel/constants.ts";
import { close, read } from "../kernel/file.ts";
import { loopbackUp, setUmask } from "../kernel/limits.ts";
import { setAttributes } from "../kernel/mount.ts";
import { unshare } from "../kernel/namespace.ts";
import { exit, getPid, newSession, prctl, setDisposition } from "../kernel/process.ts";
import type { Procfs } from "../kernel/procfs.ts";
import { setControllingTerminal } from "../kernel/terminal.ts";
import { type ErrorParts, partsOf, RuntimeError } from "../shared/error.ts";
import { stepAside, stepBack } from "./aside.ts";
import { Sources } from "./binds.ts";
import { type Door, enterCgroups } from "./cgroup-doors.ts";
import { bindConsole, openConsole } from "./console.ts";
import { makeDevices, makeDevLinks, reopenNull } from "./devices.ts";
import { filtersLast } from "./early-filter.ts";
import { checkInside } from "./environment.ts";
import { writeLabels } from "./labels.ts";
import { maskPaths, protectPaths } from "./masked-paths.ts";
import { applyMounts } from "./mounts.ts";
import { attachRoot, changeRoot, enterRoot, propagateRoot } from "./pivot-root.ts";
import { becomeRoot, HERE, prepareProcess, setStdio } from "./process.ts";
import { openRootDirectory } from "./root.ts";
import { step, type Words, withStep } from "./step.ts";
import { applySysctls, joinKeyring, setLimits, setNames } from "./system.ts";
import { becomeVisible, hideOurselves } from "./visible.ts";
import { announceExec, greetStart, hostProc, openSelf, reportFailure, waitForStart } from "./wait-start.ts";

/** What init is given. */
export interface InitInput {
  plan: InitPlan;
  /** The seccomp program; undefined: none. */
  filter: Uint8Array | undefined;
  /** Our end of the link to the parent. */
  link: Fd;
  /** The parent's "go" has yet to be read (engine host; Node's init is executed after it). */
  awaitGo: boolean;
  /** v1: the ways into the container's cgroups; none where the list of first calls has gone through them (Node). */
  doors: readonly Door[];
  /** Engine host, with a pid namespace that is joined: we are the stage, and this takes the pid of init (visible.ts). */
  tell: Fd | undefined;
}

/** Runs init. Never returns: ends in the user's program or in exit. */
export function runInit(kernel: Kernel, input: InitInput): never {
  let last: ReturnType<typeof prepare>;
  try {
    last = prepare(kernel, input);
    send(kernel, input.link, { type: "ready" });
  } catch (error) {
    return giveUp(kernel, input.link, partsOf(withStep("init", HERE, error)));
  }
  return toProgram(kernel, input, last);
}

function giveUp(kernel: Kernel, link: Fd, parts: ErrorParts): never {
  try {
    send(kernel, link, { type: "error", parts });
  } catch {
    // The parent is gone: nobody is left to tell.
  }
  return exit(kernel, 1);
}

/**
 * Waits, once, until the parent has done its part: id maps, devices of the network, our pid in the record. Without the first two init need not
 * wait at its beginning: what it does until then goes with it when the parent dies.
 */
function gate(kernel: Kernel, { link, awaitGo }: InitInput): () => void {
  let open = !awaitGo;
  return () => {
    if (!open && read(kernel, link, 1).length === 0) exit(kernel, 1);
    open = true;
  };
}

/**
 * Enters the container's cgroups, once: when something wants them (a cgroup mount), else before the root changes, so that what the engine itself
 * needs is not billed to the container, whose memory limit may be small. Not later: no descriptor of a cgroup is held then (fd.4), and from
 * there on init may have to wait for what the container controls. On v2 init is born in them.
 */
function cgroupEntrance(kernel: Kernel, { plan, doors }: InitInput): () => void {
  let entered = false;
  return () => {
    if (entered) return;
    entered = true;
    step("cgroup", HERE, () => enterCgroups(kernel, doors));
    // Only now: a cgroup namespace's root is the cgroup that its maker is in (cgroup_namespaces(7)).
    if (plan.newNamespaces.includes("cgroup")) step("cgroup-namespace", HERE, () => unshare(kernel, CLONE_NEWCGROUP));
  };
}

/** Everything up to "ready". */
function prepare(kernel: Kernel, input: InitInput) {
  const { plan, link } = input;
  const isNew = (kind: NamespaceType) => plan.newNamespaces.includes(kind);
  const awaitGo = gate(kernel, input);
  const enterCgroup = cgroupEntrance(kernel, input);

  if (input.tell !== undefined) step("procfs", HERE, () => hideFromOthers(kernel));
  if (plan.needsParent) awaitGo();
  if (input.tell === undefined) step("session", HERE, () => newSession(kernel));
  step("user-namespace", HERE, () => becomeRoot(kernel, plan));
  step("keyring", HERE, () => joinKeyring(kernel, plan));
  if (isNew("network")) step("loopback", HERE, () => loopbackUp(kernel));
  step("hostname", HERE, () => setNames(kernel, plan));
  // Before pivot_root, while the host's verified /proc is there; what is written belongs to our namespaces all the same.
  step("sysctl", HERE, () => applySysctls(kernel, plan));
  setUmask(kernel, 0);

  const home = plan.aside ? step("aside", HERE, () => stepAside(kernel)) : undefined;
  const askHooks = () => {
    enterCgroup();
    if (!plan.askRuntimeHooks && plan.createContainerHooks.length === 0) return;
    awaitGo();
    hooks(kernel, plan, link);
  };
  const late = input.tell === undefined || plan.rootTree < 0 ? [] : lateMounts(plan);
  if (plan.rootTree >= 0) prepareTree(kernel, plan, enterCgroup, askHooks, late);
  const proc = plan.rootTree >= 0 ? undefined : prepareChroot(kernel, plan, askHooks);
  let root = openRootDirectory(kernel, -100 as Fd, "/");
  if (input.tell !== undefined) {
    awaitGo();
    becomeVisible(kernel, link, input.tell);
    step("session", HERE, () => newSession(kernel));
    step("mounts", HERE, () => applyMounts(kernel, root, late, undefined, enterCgroup));
    // Whether /dev/core is wanted is seen in the procfs.
    if (late.length > 0 && plan.setUpDev) step("devices", DEVICE_WORDS, () => makeDevLinks(kernel, root));
  }
  if (plan.rootTree >= 0) finishTree(kernel, plan, root);
  const console = plan.terminal ? step("console", HERE, () => takeConsole(kernel, plan, root, link)) : undefined;
  step("stdio", HERE, () => {
    setStdio(kernel, plan, console);
    if (plan.rootTree >= 0 && plan.setUpDev) reopenNull(kernel, root);
  });
  if (plan.rootTree >= 0 && plan.readonlyRoot) {
    step("readonly-root", HERE, () => setAttributes(kernel, root, { set: MOUNT_ATTR_RDONLY }, false));
  }
  if (home !== undefined) {
    close(kernel, root);
    step("aside", HERE, () => stepBack(kernel, home));
    root = openRootDirectory(kernel, -100 as Fd, "/");
  }

  const own = step("fifo", HERE, () => openOwn(kernel, proc));
  // Not later: a filter that is loaded now may refuse to read.
  awaitGo();
  const process = prepareProcess(kernel, plan, { root, own, filter: input.filter, link, makeCwd: true });
  // The parent lives until "ready" is read: from then on the container must not die with it (DESIGN section 7).
  prctl(kernel, PR_SET_PDEATHSIG, 0, 0, 0, 0);
  return { own, ...process };
}

/**
 * The mounts that only a process of the pid namespace can make, and what lies below them: a procfs shows the namespace of who mounts it. They come when
 * we are in it, which is after the pivot.
 */
function lateMounts(plan: InitPlan): MountPlan[] {
  const late: MountPlan[] = [];
  for (const mount of plan.mounts) {
    const isBelow = late.some(({ destination }) => `${mount.destination}/`.startsWith(`${destination}/`));
    if (isBelow || (mount.kind === "new" && mount.type === "proc")) late.push(mount);
  }
  return late;
}

function hideFromOthers(kernel: Kernel): void {
  const proc = hostProc(kernel);
  hideOurselves(kernel, proc);
  close(kernel, proc);
  // The kernel keeps it from the first process of a pid namespace, which we will not be: a hook need not read its state.
  setDisposition(kernel, SIGPIPE, 1);
}

/** With a mount namespace of our own: the tree, then the hooks that must see it, then the new root. */
function prepareTree(
  kernel: Kernel,
  plan: InitPlan,
  enterCgroup: () => void,
  hooks: () => void,
  late: readonly MountPlan[],
): void {
  const sources = step("mounts", HERE, () => new Sources(kernel, plan));
  const root = step("root", ROOT_WORDS, () => attachRoot(kernel, plan));
  step("mounts", HERE, () => {
    const now = late.length === 0 ? plan.mounts : plan.mounts.filter((mount) => !late.includes(mount));
    applyMounts(kernel, root, now, sources, enterCgroup);
    // Nothing of the host but what they show may be held when we are seen.
    for (const mount of late) if (mount.kind === "bind") mount.tree = sources.tree(mount);
    sources.done();
  });
  step("devices", DEVICE_WORDS, () => {
    makeDevices(kernel, root, plan.devices);
    if (plan.setUpDev) makeDevLinks(kernel, root);
  });
  hooks();
  step("pivot-root", ROOT_WORDS, () => enterRoot(kernel, root, plan));
  close(kernel, root);
}

const ROOT_WORDS: Words = {
  what: "enter root file system",
  problem: "the kernel refused a call",
  where: "config.json#/root/path",
};
const DEVICE_WORDS: Words = {
  what: "make devices",
  problem: "the kernel refused a call",
  where: "config.json#/linux/devices",
};

/** Without one: only the root directory changes. */
function prepareChroot(kernel: Kernel, plan: InitPlan, hooks: () => void): Procfs {
  hooks();
  const proc = hostProc(kernel);
  step("chroot", ROOT_WORDS, () => changeRoot(kernel, plan));
  return proc;
}

/** prestart and createRuntime by the parent, createContainer here: all before the pivot (runtime-spec config.md#createcontainer-hooks). */
function hooks(kernel: Kernel, plan: InitPlan, link: Fd): void {
  if (plan.askRuntimeHooks) {
    send(kernel, link, { type: "hooks" });
    const answer = receive(kernel, link);
    if (answer?.message.type !== "hooked")
      throw new RuntimeError({ what: "run hooks", problem: "the parent ended, want its answer" });
  }
  if (plan.createContainerHooks.length > 0) {
    runHooks(kernel, plan.createContainerHooks, { state: stateFor(kernel, plan, "creating"), directory: plan.bundle });
  }
}

/** The state with the pid that the container sees. */
function stateFor(kernel: Kernel, plan: InitPlan, status: string): string {
  const state = JSON.parse(plan.state) as Record<string, unknown>;
  return JSON.stringify({ ...state, status, pid: getPid(kernel) });
}

function finishTree(kernel: Kernel, plan: InitPlan, root: Fd): void {
  step("masked-paths", HERE, () => maskPaths(kernel, root, plan));
  step("readonly-paths", HERE, () => protectPaths(kernel, root, plan));
  step("propagation", HERE, () => propagateRoot(kernel, root, plan));
}

/** Makes the terminal, hands its master to the parent and takes the peer for our own (console.1–3). */
function takeConsole(kernel: Kernel, plan: InitPlan, root: Fd, link: Fd): Fd {
  const { master, peer } = openConsole(kernel, root, plan);
  if (plan.rootTree >= 0) bindConsole(kernel, root, peer);
  send(kernel, link, { type: "console" }, [master]);
  close(kernel, master);
  setControllingTerminal(kernel, peer);
  return peer;
}

/** Where a user namespace may make no procfs of its own there is the one that the config mounted, below which nothing is masked for us. */
function openOwn(kernel: Kernel, host: Procfs | undefined): Fd {
  try {
    return openSelf(kernel, host);
  } catch (error) {
    if (!(error instanceof SyscallError) || error.errno !== EPERM || host !== undefined) throw error;
    return openSelf(kernel, hostProc(kernel));
  }
}

/** After "ready": wait, startContainer hooks, limits, and the last calls. */
function toProgram(kernel: Kernel, input: InitInput, last: ReturnType<typeof prepare>): never {
  const { plan, filter } = input;
  close(kernel, input.link);
  let fifo: Fd | undefined;
  try {
    fifo = waitForStart(kernel, plan, last.own);
    fifo = greetStart(kernel, plan, fifo);
    if (plan.startContainerHooks.length > 0) {
      const late =
        filtersLast(plan) && filter !== undefined ? { program: filter, flags: plan.seccompFlags } : undefined;
      runHooks(kernel, plan.startContainerHooks, {
        state: stateFor(kernel, plan, "created"),
        directory: undefined,
        filter: late,
        closing: last.closing,
      });
    }
    setLimits(kernel, plan);
    checkInside(kernel, plan, last.entered);
    writeLabels(kernel, plan, last.labels);
    announceExec(kernel, fifo, last.calls.announcement);
    // One native call to the end: nothing of ours may run between the filter and execve.
    kernel.host.clone(new Uint8Array(0), last.calls.list, last.calls.slots, fifo);
  } catch (error) {
    if (fifo !== undefined) tell(kernel, fifo, partsOf(withStep("init", HERE, error)));
  }
  return exit(kernel, 1);
}

function tell(kernel: Kernel, fifo: Fd, parts: ErrorParts): void {
  try {
    reportFailure(kernel, fifo, parts);
  } catch {
    // `start` has gone away: there is nobody to tell.
  }
}
