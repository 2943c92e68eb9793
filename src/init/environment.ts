/** What the process finds: working directory, HOME, its program. */
import type { ProcessPlan } from "../config/plan-types.ts";
import { AT_CWD, type Fd, type Kernel, SyscallError } from "../kernel/call.ts";
import {
  EACCES,
  ELOOP,
  ENAMETOOLONG,
  ENOENT,
  ENOTDIR,
  EPERM,
  O_NONBLOCK,
  O_PATH,
  O_RDONLY,
  S_IFDIR,
  S_IFMT,
  S_IFREG,
} from "../kernel/constants.ts";
import { close, fchdir, getCwd, openAt, readAll, stat } from "../kernel/file.ts";
import { RuntimeError } from "../shared/error.ts";
import { decode } from "../shared/text.ts";
import { filtersEarly } from "./early-filter.ts";
import { ensureInRoot, findInRoot } from "./root.ts";
import { sentence } from "./step.ts";

/** Largest /etc/passwd that is read for HOME, bytes. */
const MAX_PASSWD = 1 << 20;

/**
 * Changes to process.cwd; false when the current user may not, so that the caller tries as the other one.
 *
 * @param make the folder is made where it is missing: for init, as runc does, and not for a process that joins.
 */
export function enterDirectory(kernel: Kernel, root: Fd, plan: ProcessPlan, make: boolean): boolean {
  try {
    const fd = make ? ensureInRoot(kernel, root, plan.cwd, true) : findInRoot(kernel, root, plan.cwd);
    if (fd === undefined) throw cwdError(plan, "no such file or directory: it is missing in the root");
    try {
      if ((stat(kernel, fd).mode & S_IFMT) !== S_IFDIR)
        throw cwdError(plan, "not a directory: found a file, want a folder");
      fchdir(kernel, fd);
    } finally {
      close(kernel, fd);
    }
  } catch (error) {
    if (!(error instanceof SyscallError)) throw error;
    if (error.errno === EACCES || error.errno === EPERM) return false;
    throw cwdError(plan, `${sentence(error.code)}`, error);
  }
  checkInside(kernel, plan);
  return true;
}

/** The error when neither user may enter the directory. */
export function cwdRefused(kernel: Kernel, root: Fd, plan: ProcessPlan): RuntimeError {
  const found = findInRoot(kernel, root, plan.cwd);
  const status = found === undefined ? undefined : stat(kernel, found);
  const known =
    status === undefined
      ? ""
      : `: mode 0${(status.mode & 0o7777).toString(8)} owner ${status.uid}:${status.gid}, we are ${plan.uid}`;
  return cwdError(plan, `permission denied${known}`);
}

/**
 * The kernel says where we really are: outside of the root it begins with "(unreachable)" (CVE-2024-21626, fd.7).
 *
 * @param again it was inside before a filter was loaded, which may refuse to say so once more.
 */
export function checkInside(kernel: Kernel, plan: ProcessPlan, again = false): void {
  let where: string;
  try {
    where = getCwd(kernel);
  } catch (error) {
    if (again && filtersEarly(plan) && error instanceof SyscallError && error.errno !== ENOENT) return;
    if (!(error instanceof SyscallError && error.errno === ENOENT)) throw error;
    where = "(gone)";
  }
  if (!where.startsWith("/")) throw cwdError(plan, `the folder lies outside of the root (${where}), want one inside`);
}

function cwdError(plan: ProcessPlan, problem: string, error?: SyscallError): RuntimeError {
  return new RuntimeError({
    what: `chdir ${JSON.stringify(plan.cwd)}`,
    problem,
    where: "config.json#/process/cwd",
    ...(error === undefined ? {} : { step: "cwd", call: error.call, errno: error.code }),
  });
}

/** The environment with HOME, from the container's passwd file by number (never by name, CVE-2016-3697), else "/". */
export function withHome(kernel: Kernel, root: Fd, plan: ProcessPlan): string[] {
  if (plan.env.some((entry) => entry.startsWith("HOME=") && entry.length > 5)) return plan.env;
  return [...plan.env.filter((entry) => entry !== "HOME="), `HOME=${findHome(kernel, root, plan.uid)}`];
}

function findHome(kernel: Kernel, root: Fd, uid: number): string {
  try {
    // Looked at before it is opened: a FIFO or device in its place must neither hang us nor do anything (exec.3).
    const path = findInRoot(kernel, root, "/etc/passwd", O_PATH);
    if (path === undefined) return "/";
    const regular = (stat(kernel, path).mode & S_IFMT) === S_IFREG;
    close(kernel, path);
    const fd = regular ? findInRoot(kernel, root, "/etc/passwd", O_RDONLY | O_NONBLOCK) : undefined;
    if (fd === undefined) return "/";
    const bytes = (stat(kernel, fd).mode & S_IFMT) === S_IFREG ? readAll(kernel, fd, MAX_PASSWD) : undefined;
    close(kernel, fd);
    for (const line of decode(bytes ?? new Uint8Array(0)).split("\n")) {
      const fields = line.split(":");
      const home = fields[5] ?? "";
      if (fields[2] === String(uid) && home.startsWith("/") && !home.includes("\0")) return home;
    }
  } catch (error) {
    if (!(error instanceof SyscallError && isOfImage(error.errno))) throw error;
  }
  return "/";
}

/** The path that execve gets: args[0] itself when it has a slash, else the first match in the PATH of process.env. */
export function findProgram(kernel: Kernel, root: Fd, plan: ProcessPlan): string {
  const name = plan.args[0] ?? "";
  if (name.includes("/")) {
    checkProgram(kernel, root, name, plan);
    return name;
  }
  const path = plan.env.find((entry) => entry.startsWith("PATH="))?.slice(5);
  for (const directory of (path ?? "").split(":")) {
    if (!directory.startsWith("/")) continue;
    const candidate = `${directory.endsWith("/") ? directory.slice(0, -1) : directory}/${name}`;
    const status = lookAt(kernel, root, candidate, plan);
    if (typeof status !== "number" && (status.mode & S_IFMT) !== S_IFDIR && (status.mode & 0o111) !== 0)
      return candidate;
  }
  const where = "config.json#/process/args/0";
  const shell = lookAt(kernel, root, "/bin/sh", plan);
  const hint = name.includes(" ")
    ? "one word per args entry"
    : path === undefined
      ? "config.json#/process/env has no PATH"
      : typeof shell !== "number"
        ? "/bin/sh is present"
        : undefined;
  throw new RuntimeError({
    what: `exec ${JSON.stringify(name)}`,
    problem: `executable file not found in $PATH: searched ${path ?? "nothing"}`,
    where,
    hint,
  });
}

/** Only what is certain is refused here; what the kernel will say to a doubtful file is learned from execve itself (runc#3715). */
function checkProgram(kernel: Kernel, root: Fd, name: string, plan: ProcessPlan): void {
  const status = lookAt(kernel, root, name.startsWith("/") ? name : `${plan.cwd}/${name}`, plan);
  const what = `exec ${JSON.stringify(name)}`;
  const where = "config.json#/process/args/0";
  if (status === ENOENT || status === ENOTDIR)
    throw new RuntimeError({ what, problem: "no such file or directory: it is missing in the root", where });
  if (typeof status === "number") return;
  if ((status.mode & S_IFMT) === S_IFDIR)
    throw new RuntimeError({ what, problem: "permission denied: it is a folder, want a program", where });
  if ((status.mode & 0o111) === 0) {
    const owner = `${status.uid}:${status.gid}`;
    const mode = (status.mode & 0o7777).toString(8).padStart(4, "0");
    throw new RuntimeError({
      what,
      problem: `permission denied: mode ${mode} owner ${owner}, want x for uid ${plan.uid}`,
      where,
    });
  }
}

/** Status of a path inside the root, links followed; else the errno. */
function lookAt(kernel: Kernel, root: Fd, path: string, plan: ProcessPlan): ReturnType<typeof stat> | number {
  try {
    const fd = lookUp(kernel, root, path, plan);
    if (fd === undefined) return ENOENT;
    const status = stat(kernel, fd);
    close(kernel, fd);
    return status;
  } catch (error) {
    if (error instanceof SyscallError && isOfImage(error.errno)) return error.errno;
    throw error;
  }
}

/** Whether an errno tells of the image (there is no such file, it may not be reached), and not of the kernel's plight. */
function isOfImage(errno: number): boolean {
  return [ENOENT, ENOTDIR, EACCES, ELOOP, ENAMETOOLONG].includes(errno);
}

/**
 * As findInRoot. A filter that was loaded early may be older than openat2 and refuse it with any errno: then a plain open asks what execve
 * will ask, for our root directory is the container's by now, and a descriptor that is only looked at does no harm.
 */
function lookUp(kernel: Kernel, root: Fd, path: string, plan: ProcessPlan): Fd | undefined {
  try {
    return findInRoot(kernel, root, path, O_PATH);
  } catch (error) {
    if (!(error instanceof SyscallError) || !filtersEarly(plan)) throw error;
    return openAt(kernel, AT_CWD, path, O_PATH);
  }
}
