/** What init and a process that joins (exec) do alike, once they stand in the container: everything that concerns the process alone. */
import type { ProcessPlan } from "../config/plan-types.ts";
import type { Fd, Kernel } from "../kernel/call.ts";
import { EINVAL, EPERM, PIPEFS_MAGIC, PR_SET_DUMPABLE, S_IFIFO, S_IFMT, SYS_fchown } from "../kernel/constants.ts";
import { close, dup, fileSystemOf, stat } from "../kernel/file.ts";
import { attemptSetGroups, setGid, setUid } from "../kernel/identity.ts";
import { setUmask } from "../kernel/limits.ts";
import { prctl } from "../kernel/process.ts";
import { checkFilterFlags } from "../kernel/seccomp.ts";
import { dropPrivileges, setNoNewPrivileges } from "./credentials.ts";
import { filtersEarly, filtersLast, listForClosing, loadEarly } from "./early-filter.ts";
import { cwdRefused, enterDirectory, findProgram, withHome } from "./environment.ts";
import { type LabelFiles, openLabels } from "./labels.ts";
import { applyScheduling } from "./scheduling.ts";
import { step, type Words } from "./step.ts";
import { type LastCalls, prepareExec } from "./wait-start.ts";

export const HERE: Words = { what: "set up container", problem: "the kernel refused a call" };

const SECCOMP_WORDS: Words = {
  what: "load seccomp filter",
  problem: "the kernel refused it",
  where: "config.json#/linux/seccomp",
};
const CREDENTIAL_WORDS: Words = {
  what: "set credentials",
  problem: "the kernel refused a call",
  where: "config.json#/process/user",
};

/** A process that only has its last calls to make. */
export interface Prepared {
  labels: LabelFiles;
  calls: LastCalls;
  closing: number[] | undefined;
  /** The working directory was entered before the credentials were given up. */
  entered: boolean;
}

/** What a process is prepared with. */
export interface ProcessInput {
  /** The container's root directory; closed. */
  root: Fd;
  /** Our own directory in procfs (openSelf). */
  own: Fd;
  filter: Uint8Array | undefined;
  /** To the parent, which is given the listener of a filter that notifies. */
  link: Fd;
  /** A missing working directory is made. */
  makeCwd: boolean;
}

/** Environment, working directory, scheduling, no_new_privs, an early filter, credentials, program, a filter that notifies, in this order. */
export function prepareProcess(kernel: Kernel, plan: ProcessPlan, input: ProcessInput): Prepared {
  const { root, own, filter, link, makeCwd } = input;
  // Uid 0 may open them as they are; in a user namespace it could not change who is nobody there.
  if (plan.uid !== 0) step("stdio", HERE, () => ownPipes(kernel, plan.uid));
  const env = step("environment", HERE, () => withHome(kernel, root, plan));
  const entered = step("cwd", HERE, () => enterDirectory(kernel, root, plan, makeCwd));
  const labels = step("labels", HERE, () => openLabels(kernel, plan, own, 3 + plan.preserved));
  step("scheduling", HERE, () => applyScheduling(kernel, plan));
  step("no-new-privileges", HERE, () => setNoNewPrivileges(kernel, plan));
  // Without no_new_privs loading needs CAP_SYS_ADMIN, so it precedes the credentials (seccomp.1); with it, it is the last call of all.
  const load = () => step("seccomp", SECCOMP_WORDS, () => loadEarly(kernel, plan, filter ?? new Uint8Array(0), link));
  if (filtersEarly(plan) && !plan.noNewPrivileges) load();
  if (filtersLast(plan)) {
    // It is loaded after start; that the kernel knows its flags can be learned now.
    step("seccomp", SECCOMP_WORDS, () => checkFilterFlags(kernel, plan.seccompFlags));
  }
  step("credentials", CREDENTIAL_WORDS, () => dropPrivileges(kernel, plan));
  // Ids that changed may have made us dumpable again (fs.suid_dumpable), for processes of the container's user to look into (exec.2).
  prctl(kernel, PR_SET_DUMPABLE, 0, 0, 0, 0);
  setUmask(kernel, plan.umask);
  if (!entered && !enterDirectory(kernel, root, plan, makeCwd)) throw cwdRefused(kernel, root, plan);
  const program = step("program", HERE, () => findProgram(kernel, root, plan));
  close(kernel, root);
  // A listener must be handed over before "ready"; what follows is then served by the agent, as far as the filter notifies of it.
  if (filtersEarly(plan) && plan.noNewPrivileges) load();
  const closing = listForClosing(kernel, plan, own, 3 + plan.preserved);
  const calls = prepareExec(kernel, plan, program, env, filter, closing);
  return { labels, calls, closing, entered };
}

/** In a user namespace: uid 0 of it, so that what is made belongs to it. */
export function becomeRoot(kernel: Kernel, plan: { becomeRoot: boolean }): void {
  if (!plan.becomeRoot) return;
  attemptSetGroups(kernel, []); // denied where the map was written without privilege; then there is nothing to drop
  setGid(kernel, 0);
  setUid(kernel, 0);
}

/** 0, 1 and 2: the terminal, or what the parent gave in their place. */
export function setStdio(kernel: Kernel, plan: ProcessPlan, console: Fd | undefined): void {
  plan.stdio.forEach((fd, target) => {
    if (console !== undefined) dup(kernel, console, target, false);
    else if (fd >= 0) dup(kernel, fd as Fd, target, false);
  });
  if (console !== undefined) close(kernel, console);
  for (const fd of plan.stdio) if (fd > 2) close(kernel, fd as Fd);
}

/**
 * A pipe at 0, 1 or 2 becomes the process's own, as runc's and crun's do: who is not root opens /dev/stdout and /dev/stderr again (nginx, Apache), which
 * its mode allows to the owner alone. Only a pipe that no path leads to: a caller's files and FIFOs keep their owner (console.4, CVE-2026-88265).
 */
function ownPipes(kernel: Kernel, uid: number): void {
  for (const fd of [0, 1, 2] as Fd[]) {
    const found = stat(kernel, fd);
    if ((found.mode & S_IFMT) !== S_IFIFO || found.uid === uid || fileSystemOf(kernel, fd).type !== PIPEFS_MAGIC)
      continue;
    const result = kernel.attempt(SYS_fchown, fd, uid, -1);
    // In a user namespace the caller's ids are nobody's: then the pipe stays the caller's.
    if (result < 0 && result !== -EPERM && result !== -EINVAL) throw kernel.failure(result, SYS_fchown, fd, uid, -1);
  }
}
