/**
 * The seccomp section of config.json (runtime-spec 1.3, config-linux.md#seccomp): its shape, its words, and
 * the errors when a word is not one of them.
 */
import { RuntimeError } from "../shared/error.ts";

/** A 64-bit field of config.json: exact as a number up to 2^53, a bigint above. */
export type Int64 = number | bigint;

/** One condition on one argument. */
export interface SeccompArgument {
  readonly index: number;
  readonly value: Int64;
  readonly valueTwo?: Int64 | undefined;
  readonly op: string;
}

/** One rule: what to do for these system calls. */
export interface SeccompSyscall {
  readonly names: readonly string[];
  readonly action: string;
  readonly errnoRet?: number | undefined;
  readonly args?: readonly SeccompArgument[] | undefined;
}

/** linux.seccomp, as far as the compiler reads it. */
export interface SeccompProfile {
  readonly defaultAction: string;
  readonly defaultErrnoRet?: number | undefined;
  readonly architectures?: readonly string[] | undefined;
  readonly flags?: readonly string[] | undefined;
  readonly listenerPath?: string | undefined;
  readonly listenerMetadata?: string | undefined;
  readonly syscalls?: readonly SeccompSyscall[] | undefined;
}

// Values that a filter returns: SECCOMP_RET_* of linux/seccomp.h.
export const RET_KILL_PROCESS = 0x80000000;
export const RET_KILL_THREAD = 0;
export const RET_TRAP = 0x00030000;
export const RET_ERRNO = 0x00050000;
export const RET_USER_NOTIF = 0x7fc00000;
export const RET_TRACE = 0x7ff00000;
export const RET_LOG = 0x7ffc0000;
export const RET_ALLOW = 0x7fff0000;

const ACTIONS = new Map<string, number>([
  ["SCMP_ACT_KILL", RET_KILL_THREAD],
  ["SCMP_ACT_KILL_PROCESS", RET_KILL_PROCESS],
  ["SCMP_ACT_KILL_THREAD", RET_KILL_THREAD],
  ["SCMP_ACT_TRAP", RET_TRAP],
  ["SCMP_ACT_ERRNO", RET_ERRNO],
  ["SCMP_ACT_TRACE", RET_TRACE],
  ["SCMP_ACT_ALLOW", RET_ALLOW],
  ["SCMP_ACT_LOG", RET_LOG],
  ["SCMP_ACT_NOTIFY", RET_USER_NOTIF],
]);

// SECCOMP_FILTER_FLAG_* of linux/seccomp.h. The listener flags are not for profiles: they follow from the rules.
const FLAG_TSYNC = 1;
const FLAG_SPEC_ALLOW = 4;
const FLAG_NEW_LISTENER = 8;
const FLAG_TSYNC_ESRCH = 16;
const FLAG_WAIT_KILLABLE_RECV = 32;

const FLAGS = new Map<string, number>([
  ["SECCOMP_FILTER_FLAG_TSYNC", FLAG_TSYNC],
  ["SECCOMP_FILTER_FLAG_LOG", 2],
  ["SECCOMP_FILTER_FLAG_SPEC_ALLOW", FLAG_SPEC_ALLOW],
  ["SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV", FLAG_WAIT_KILLABLE_RECV],
]);

const EPERM = 1;
/** The largest errno a filter may give: MAX_ERRNO of linux/err.h. The kernel would cut a larger one down to it. */
const MAX_ERRNO = 4095;
/** SECCOMP_RET_DATA: what a tracer can be given. */
const MAX_TRACE_DATA = 0xffff;

/** An error in the profile at a JSON pointer below /linux/seccomp. */
export function profileError(problem: string, pointer: string, hint?: string): RuntimeError {
  return new RuntimeError({
    what: "compile seccomp profile",
    problem,
    where: `config.json#/linux/seccomp${pointer}`,
    hint,
  });
}

/**
 * An unknown word: names it and hints at the known word that is most like it.
 * Also used for architectures and operators, so that all words of a profile fail alike.
 */
export function unknownWord(kind: string, found: string, known: Iterable<string>, pointer: string): RuntimeError {
  let nearest = "";
  let least = Infinity;
  for (const word of known) {
    const distance = editDistance(found, word);
    if (distance < least) {
      least = distance;
      nearest = word;
    }
  }
  return profileError(
    `unknown ${kind}: found ${JSON.stringify(found)}, want one of those that \`features\` lists`,
    pointer,
    `write ${nearest}`,
  );
}

/** Number of characters to insert, remove or replace (Levenshtein). Input is cut: a longer word is like none. */
function editDistance(left: string, right: string): number {
  const text = left.slice(0, 64);
  let previous = Array.from({ length: right.length + 1 }, (_, index) => index);
  for (let row = 1; row <= text.length; row += 1) {
    const current = [row];
    for (let column = 1; column <= right.length; column += 1) {
      const replace = (previous[column - 1] ?? 0) + (text[row - 1] === right[column - 1] ? 0 : 1);
      current.push(Math.min(replace, (previous[column] ?? 0) + 1, (current[column - 1] ?? 0) + 1));
    }
    previous = current;
  }
  return previous[right.length] ?? 0;
}

/**
 * The value a filter returns for an action and its errno, which counts for ERRNO and TRACE only and is EPERM
 * when absent. Errors: unknown action; errno out of range.
 * Source: config-linux.md#seccomp. (The rules of src/config refuse errnoRet with another action.)
 */
export function readAction(name: string, errnoRet: number | undefined, pointer: string, field: string): number {
  const value = ACTIONS.get(name);
  if (value === undefined) throw unknownWord("action", name, ACTIONS.keys(), pointer + field);
  if (value !== RET_ERRNO && value !== RET_TRACE) return value;
  const data = errnoRet ?? EPERM;
  const limit = value === RET_ERRNO ? MAX_ERRNO : MAX_TRACE_DATA;
  if (!Number.isInteger(data) || data < 0 || data > limit) {
    const key = field === "/action" ? "/errnoRet" : "/defaultErrnoRet";
    throw profileError(`invalid errno: found ${data}, want 0 to ${limit}`, pointer + key);
  }
  return value + data;
}

/** What a notifying rule would stop before the listener's descriptor is handed over (SECURITY.md seccomp.4). */
const NEVER_NOTIFY = new Set(["write", "sendmsg", "exit_group"]);

/** Refuses the profiles under which create would wait for an agent that cannot have the listener yet. */
export function checkNotify(profile: SeccompProfile): boolean {
  if (profile.defaultAction === "SCMP_ACT_NOTIFY") {
    throw profileError(
      "refused action: found SCMP_ACT_NOTIFY as default, want it on single system calls only",
      "/defaultAction",
    );
  }
  let notifies = false;
  profile.syscalls?.forEach((rule, position) => {
    if (rule.action !== "SCMP_ACT_NOTIFY" || rule.names.length === 0) return;
    notifies = true;
    const bad = rule.names.findIndex((name) => NEVER_NOTIFY.has(name));
    if (bad < 0) return;
    throw profileError(
      `refused action: found SCMP_ACT_NOTIFY on ${rule.names[bad]}, which init needs to hand over the listener`,
      `/syscalls/${position}/names/${bad}`,
    );
  });
  return notifies;
}

/**
 * SECCOMP_FILTER_FLAG_* for seccomp(2). No list means SPEC_ALLOW, an empty one means none (as runc).
 * Errors: unknown flag.
 */
export function readFlags(flags: readonly string[] | undefined, notifies: boolean): number {
  let result = flags === undefined ? FLAG_SPEC_ALLOW : 0;
  flags?.forEach((name, position) => {
    const value = FLAGS.get(name);
    if (value === undefined) throw unknownWord("flag", name, FLAGS.keys(), `/flags/${position}`);
    result |= value;
  });
  if (notifies) {
    result |= FLAG_NEW_LISTENER;
    // Both return something: the kernel (since 5.7) takes them together only if a failed sync is -ESRCH.
    if ((result & FLAG_TSYNC) !== 0) result |= FLAG_TSYNC_ESRCH;
  } else {
    // It says how a listener is waited for; without one the kernel answers EINVAL, and there is nothing to ask for.
    result &= ~FLAG_WAIT_KILLABLE_RECV;
  }
  return result;
}

/** The words a profile may use, for `features`. */
export const KNOWN_ACTIONS: readonly string[] = [...ACTIONS.keys()];
export const KNOWN_FLAGS: readonly string[] = [...FLAGS.keys()];
