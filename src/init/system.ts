/** Facilities that are one call each: keyring, names, sysctls, limits. */
import type { InitPlan, ProcessPlan } from "../config/plan-types.ts";
import { errnoName, type Kernel, SyscallError } from "../kernel/call.ts";
import { ENOSYS } from "../kernel/constants.ts";
import { close } from "../kernel/file.ts";
import { joinSessionKeyring, setDomainName, setHostName, setLimit } from "../kernel/limits.ts";
import { openPrivateProc, openProc, type Procfs, writeProc } from "../kernel/procfs.ts";
import { RuntimeError } from "../shared/error.ts";

/** A session keyring of our own, so that the caller's keys are out of reach (user.8). */
export function joinKeyring(kernel: Kernel, plan: Pick<InitPlan, "id" | "newKeyring">): void {
  if (!plan.newKeyring) return;
  const result = joinSessionKeyring(kernel, `_ses.${plan.id}`);
  if (result >= 0 || result === -ENOSYS) return;
  throw new RuntimeError({
    what: "session keyring",
    problem: `${errnoName(-result)}: the kernel made none (EDQUOT: kernel.keys.maxkeys, no disk involved)`,
    hint: "--no-new-keyring",
    step: "keyring",
    call: "keyctl(KEYCTL_JOIN_SESSION_KEYRING)",
    errno: errnoName(-result),
  });
}

/** Host and domain name of the new UTS namespace. */
export function setNames(kernel: Kernel, plan: InitPlan): void {
  if (plan.hostname !== "") setHostName(kernel, plan.hostname);
  if (plan.domainname !== "") setDomainName(kernel, plan.domainname);
}

/**
 * Sysctls of the container's namespaces. /proc/sys shows those of the process that opens, so this runs in init, while the host's /proc is still
 * there; where an outer container has covered it, through a procfs of our own (proc.1).
 */
export function applySysctls(kernel: Kernel, plan: InitPlan): void {
  if (plan.sysctls.length === 0) return;
  const host = openProc(kernel);
  let own: Procfs | undefined;
  try {
    for (const [path, value, where] of plan.sysctls) {
      try {
        try {
          writeProc(kernel, host, `sys/${path}`, value);
        } catch (error) {
          if (error instanceof SyscallError) throw error;
          own ??= openPrivateProc(kernel, false);
          writeProc(kernel, own, `sys/${path}`, value);
        }
      } catch (error) {
        throw sysctlError(path, value, where, error);
      }
    }
  } finally {
    close(kernel, host);
    if (own !== undefined) close(kernel, own);
  }
}

function sysctlError(path: string, value: string, where: string, error: unknown): unknown {
  const code =
    error instanceof SyscallError ? error.code : error instanceof RuntimeError ? error.parts.errno : undefined;
  if (code === undefined) return error;
  return new RuntimeError({
    what: `sysctl ${path.replace(/\//g, ".")}`,
    problem: `${code}: the kernel refused ${JSON.stringify(value)}`,
    where,
    step: "sysctl",
    call: error instanceof SyscallError ? error.call : "openat2",
    errno: code,
  });
}

/** Final resource limits: the last thing before the filter, so that a tight one does not hit the runtime (USERS.md row 22). */
export function setLimits(kernel: Kernel, plan: ProcessPlan): void {
  for (const limit of plan.limits) {
    try {
      setLimit(kernel, 0, limit.resource, BigInt(limit.soft), BigInt(limit.hard));
    } catch (error) {
      if (!(error instanceof SyscallError)) throw error;
      throw new RuntimeError({
        what: `rlimit ${limit.name}`,
        problem: `${error.code}: asked soft ${limit.soft} hard ${limit.hard}`,
        where: `${limit.where}/hard`,
        step: "limits",
        call: error.call,
        errno: error.code,
      });
    }
  }
}
