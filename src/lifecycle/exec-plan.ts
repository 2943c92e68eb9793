/** What exec's process is given: the container's template, changed by flags, or a process file over it. */
import { CAPABILITY_NUMBERS } from "../config/capability.ts";
import { loadConfig } from "../config/load.ts";
import { type ProcessOptions, planProcess } from "../config/plan-process.ts";
import type { CapabilityPlan, ProcessPlan } from "../config/plan-types.ts";
import { AT_CWD, errnoName, type Fd } from "../kernel/call.ts";
import { O_CLOEXEC, O_NONBLOCK, O_RDONLY, S_IFMT, S_IFREG, SYS_openat } from "../kernel/constants.ts";
import { close, readAll, stat } from "../kernel/file.ts";
import { RuntimeError } from "../shared/error.ts";
import { parseJson } from "../shared/json.ts";
import { decode } from "../shared/text.ts";
import type { ExecTemplate } from "../state/template.ts";
import type { Runtime } from "./runtime.ts";

/** Largest process file, bytes (input.1). */
const MAX_PROCESS = 16 << 20;

/** exec's command line. */
export interface ExecRequest {
  id: string;
  args: readonly string[];
  /** --process: then the flags about the process do not count (runc). */
  processFile: string | undefined;
  cwd: string | undefined;
  env: readonly string[];
  tty: boolean;
  user: { uid: number; gid: number | undefined } | undefined;
  additionalGids: readonly number[];
  processLabel: string | undefined;
  apparmor: string | undefined;
  noNewPrivs: boolean;
  caps: readonly string[];
  cgroups: readonly string[];
  ignorePaused: boolean;
  detach: boolean;
  pidFile: string | undefined;
  consoleSocket: string | undefined;
  pidfdSocket: string | undefined;
  preserveFds: number;
}

/** The plan. */
export function planExec(
  runtime: Runtime,
  template: ExecTemplate,
  request: ExecRequest,
  options: ProcessOptions,
): ProcessPlan {
  const base = template.process;
  const { preserved } = options;
  const own =
    request.processFile === undefined
      ? planFlags(base, request)
      : planFile(runtime, base, request.processFile, options);
  const env = options.listenFds > 0 ? merge(own.env, [`LISTEN_FDS=${options.listenFds}`, "LISTEN_PID=1"]) : own.env;
  const { personality, memoryPolicy, seccompFlags, hasSeccomp, seccompNotifies } = base;
  const seccomp = { seccompFlags, hasSeccomp, seccompNotifies };
  return { ...own, env, personality, memoryPolicy, ...seccomp, preserved, stdio: [-1, -1, -1] };
}

function planFlags(base: ProcessPlan, request: ExecRequest): ProcessPlan {
  if (request.args.length === 0) {
    throw new RuntimeError({
      what: "read command line",
      problem: "found no program, want one after the container's id, or --process",
      where: "the argument <command>",
    });
  }
  if (request.cwd !== undefined && !request.cwd.startsWith("/")) {
    throw new RuntimeError({
      what: "read command line",
      problem: `found ${JSON.stringify(request.cwd)}, want an absolute path`,
      where: "--cwd",
    });
  }
  return {
    ...base,
    args: [...request.args],
    cwd: request.cwd ?? base.cwd,
    env: merge(base.env, request.env),
    terminal: request.tty,
    consoleSize: null,
    uid: request.user?.uid ?? base.uid,
    gid: request.user?.gid ?? base.gid,
    groups: [...base.groups, ...request.additionalGids],
    selinuxLabel: request.processLabel ?? base.selinuxLabel,
    apparmorProfile: request.apparmor ?? base.apparmorProfile,
    noNewPrivileges: request.noNewPrivs || base.noNewPrivileges,
    capabilities: addCapabilities(base.capabilities, request.caps),
  };
}

/** Duplicates: the last wins, at the place of the first. */
function merge(env: readonly string[], more: readonly string[]): string[] {
  const byName = new Map<string, string>();
  for (const entry of [...env, ...more]) {
    const end = entry.indexOf("=");
    if (end <= 0) {
      throw new RuntimeError({
        what: "read command line",
        problem: `found ${JSON.stringify(entry)}, want NAME=value`,
        where: "--env",
      });
    }
    byName.set(entry.slice(0, end), entry);
  }
  return [...byName.values()];
}

/** As runc: bounding, effective and permitted; ambient only where there is something inheritable, without which it could not be. */
function addCapabilities(base: CapabilityPlan | null, names: readonly string[]): CapabilityPlan | null {
  if (names.length === 0 || base === null) return base;
  let bits = 0n;
  for (const name of names) {
    const number = CAPABILITY_NUMBERS.get(
      name.toUpperCase().startsWith("CAP_") ? name.toUpperCase() : `CAP_${name.toUpperCase()}`,
    );
    if (number === undefined) {
      throw new RuntimeError({
        what: "read command line",
        problem: `found ${JSON.stringify(name)}, want a capability of capabilities(7)`,
        where: "--cap",
      });
    }
    bits |= 1n << BigInt(number);
  }
  const plus = (set: string) => String(BigInt(set) | bits);
  return {
    bounding: plus(base.bounding),
    effective: plus(base.effective),
    permitted: plus(base.permitted),
    inheritable: base.inheritable,
    ambient: BigInt(base.inheritable) === 0n ? base.ambient : plus(base.ambient),
  };
}

/** A process file: what it leaves out is the container's. */
function planFile(runtime: Runtime, base: ProcessPlan, path: string, options: ProcessOptions): ProcessPlan {
  const text = readFile(runtime, path);
  try {
    // By itself first: places are counted from its own start, and what follows the object is an error, not a part of a config.
    parseJson(text, "load process");
    // One validator, one set of rules: the process is checked as the part of a config that it is.
    const config = loadConfig(
      `{"ociVersion":"1.3.0","root":{"path":"rootfs"},"process":${text}}`,
      runtime.chunks.validateConfig(),
      runtime.warn,
    );
    const { process } = config;
    const own = planProcess(process, {}, { preserved: options.preserved, listenFds: 0 });
    return {
      ...own,
      limits: own.limits.length > 0 ? own.limits : base.limits,
      oomScoreAdj: own.oomScoreAdj ?? base.oomScoreAdj,
      capabilities: own.capabilities ?? base.capabilities,
      umask: process.user?.umask ?? base.umask,
      scheduler: own.scheduler ?? base.scheduler,
      ioPriority: own.ioPriority ?? base.ioPriority,
      apparmorProfile: own.apparmorProfile === "" ? base.apparmorProfile : own.apparmorProfile,
      selinuxLabel: own.selinuxLabel === "" ? base.selinuxLabel : own.selinuxLabel,
      affinity: process.execCPUAffinity === undefined ? base.affinity : own.affinity,
    };
  } catch (error) {
    if (!(error instanceof RuntimeError)) throw error;
    const where = error.parts.where?.replace(/^config\.json(#\/process)?/, `${path}#`) ?? `--process ${path}`;
    throw new RuntimeError({ ...error.parts, what: "load process", where });
  }
}

/** It must be a regular file, as config.json: a FIFO could hold us for ever (input.1). */
function readFile(runtime: Runtime, path: string): string {
  const { kernel } = runtime;
  const processError = (problem: string) =>
    new RuntimeError({ what: "load process", problem, where: `--process ${path}` });
  const fd = kernel.attempt(SYS_openat, AT_CWD, path, O_RDONLY | O_NONBLOCK | O_CLOEXEC, 0) as Fd;
  if (fd < 0)
    throw processError(
      `${errnoName(-fd)}: found no file that may be read, want a JSON object like config.json#/process`,
    );
  try {
    if ((stat(kernel, fd).mode & S_IFMT) !== S_IFREG) throw processError("found no regular file, want one");
    const bytes = readAll(kernel, fd, MAX_PROCESS);
    if (bytes === undefined) throw processError(`found more than ${MAX_PROCESS} bytes, want fewer`);
    return decode(bytes);
  } finally {
    close(kernel, fd);
  }
}
