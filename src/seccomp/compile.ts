/**
 * Compiles a seccomp profile to the BPF program that seccomp(2) takes.
 *
 *     load arch → one block an architecture: load number → binary search over ranges of numbers → action or rules
 *
 * Verdicts are libseccomp's for the same calls that runc makes (proven in compile.oracle.test.ts), but for one
 * rule that runc adds itself: numbers above all that the profile knows answer ENOSYS (SECURITY.md seccomp.3).
 */
import { type Architecture, PRIVATE_BASE, readArchitectures, syscallIndex, X32_BIT } from "./architecture.ts";
import { orderRules, readConditions, writeRules } from "./arguments.ts";
import { Assembler, JUMP_EQUAL, JUMP_GREATER_EQUAL, returns, type Target } from "./assembler.ts";
import {
  checkNotify,
  profileError,
  RET_ALLOW,
  RET_ERRNO,
  RET_KILL_THREAD,
  RET_LOG,
  RET_TRACE,
  readAction,
  readFlags,
  type SeccompProfile,
} from "./profile.ts";
import { collectSlots, DENSE, type Steps } from "./slots.ts";

/** What seccomp(2) needs, and what the user may want to know. */
export interface SeccompFilter {
  /** struct sock_filter[], 8 bytes each, little endian. */
  readonly program: Uint8Array;
  /** SECCOMP_FILTER_FLAG_*. */
  readonly flags: number;
  /** Names in the profile that are no system call known here, each once. */
  readonly skipped: readonly string[];
  /** Whether loading returns a listener. */
  readonly notifies: boolean;
}

/** BPF_MAXINSNS of linux/bpf_common.h: the kernel takes no longer filter. */
const MAX_INSTRUCTIONS = 4096;

const ENOSYS = 38;
/** A number that a tracer leaves to have the call skipped; no filter rule is for it. */
const SKIPPED_CALL = 0xffffffff;

/** The profile, read: everything in numbers. */
interface Plan extends Steps {
  readonly defaultAction: number;
  readonly skipped: readonly string[];
}

function readPlan(profile: SeccompProfile): Plan {
  const defaultAction = readAction(profile.defaultAction, profile.defaultErrnoRet, "", "/defaultAction");
  const indexes: number[] = [];
  const outcomes: number[] = [];
  const alternatives: Plan["alternatives"] = [];
  const actions: number[] = [];
  const skipped = new Set<string>();
  profile.syscalls?.forEach((entry, position) => {
    const pointer = `/syscalls/${position}`;
    const action = readAction(entry.action, entry.errnoRet, pointer, "/action");
    // A rule that says what happens anyway: libseccomp refuses it, runc leaves it out. Its names are known, though.
    const outcome = action === defaultAction ? 0 : actions.indexOf(action) + 1 || actions.push(action);
    const conditions =
      entry.args === undefined || entry.args.length === 0 ? undefined : readConditions(entry.args, pointer);
    const names = entry.names;
    for (let at = 0; at < names.length; at += 1) {
      const name = names[at] ?? "";
      const index = syscallIndex(name);
      if (index !== undefined) {
        indexes.push(index);
        outcomes.push(outcome);
        alternatives.push(conditions);
      } else if (name === "") {
        throw profileError('invalid system call: found "", want a name', `${pointer}/names/${at}`);
      } else skipped.add(name);
    }
  });
  return { defaultAction, indexes, outcomes, alternatives, actions, skipped: [...skipped] };
}

/** Ranges of numbers in ascending order: where each starts and what it leads to. */
interface Ranges {
  readonly starts: number[];
  readonly targets: Target[];
}

function addRange(ranges: Ranges, start: number, target: Target): void {
  const last = ranges.starts.length - 1;
  if (ranges.starts[last] === start) {
    ranges.targets[last] = target;
    if (last > 0 && ranges.targets[last - 1] === target) {
      ranges.starts.pop();
      ranges.targets.pop();
    }
  } else if (ranges.targets[last] !== target) {
    ranges.starts.push(start);
    ranges.targets.push(target);
  }
}

/** Binary search for the accumulator over ranges from..to: returns where it starts. */
function writeSearch(program: Assembler, ranges: Ranges, from: number, to: number): Target {
  const { starts, targets } = ranges;
  const target = targets[from] ?? 0;
  if (from === to) return target;
  const middle = starts[from + 1] ?? 0;
  // One number between two ranges alike: one comparison instead of two.
  if (to - from === 2 && targets[to] === target && starts[to] === middle + 1) {
    return program.branch(JUMP_EQUAL, middle, targets[from + 1] ?? 0, target);
  }
  const half = (from + to + 1) >>> 1;
  const upper = writeSearch(program, ranges, half, to);
  const lower = writeSearch(program, ranges, from, half - 1);
  return program.branch(JUMP_GREATER_EQUAL, starts[half] ?? 0, upper, lower);
}

/** Writes one architecture's rules and appends its ranges; the last one ends where another one starts. */
function addArchitecture(program: Assembler, plan: Plan, architecture: Architecture, ranges: Ranges): void {
  const { codes, rules, highest, last } = collectSlots(plan, architecture);
  const otherwise = returns(plan.defaultAction);
  const addSlots = (from: number, to: number, first: number): void => {
    let previous = 0;
    for (let slot = from; slot < to; slot += 1) {
      const code = codes[slot] ?? 0;
      // Most neighbours are alike.
      if (code === previous && code >= 0) continue;
      previous = code;
      let target = otherwise;
      if (code > 0) target = returns(plan.actions[code - 1] ?? 0);
      else if (code < 0) {
        const ordered = orderRules(rules[-code - 1] ?? [], architecture.wide);
        target = writeRules(program, ordered, architecture.wide, returns, otherwise);
      }
      addRange(ranges, first + slot - from, target);
    }
  };
  const { base } = architecture;
  const dense = Math.max(highest, last) + 1;
  const unknown = highest > 0 && answersEnosys(plan.defaultAction) ? returns(RET_ERRNO + ENOSYS) : otherwise;
  addRange(ranges, base, otherwise);
  addSlots(0, dense, base);
  addRange(ranges, base + dense, unknown);
  if (!codes.subarray(DENSE).some((code) => code !== 0)) return;
  addRange(ranges, PRIVATE_BASE, otherwise);
  addSlots(DENSE, codes.length, PRIVATE_BASE);
  addRange(ranges, PRIVATE_BASE + codes.length - DENSE, unknown);
}

/**
 * Whether unknown newer calls get ENOSYS: only under a default that forbids. A tracer answers for itself.
 * Source: runc's patchbpf (isAllowAction); glibc probes newer calls and falls back on ENOSYS, not on EPERM.
 */
function answersEnosys(defaultAction: number): boolean {
  return (
    defaultAction !== RET_ALLOW && defaultAction !== RET_LOG && Math.floor(defaultAction / 65536) !== RET_TRACE / 65536
  );
}

/** Writes the block of all architectures that share a token (x86_64 and x32). Returns where it starts. */
function writeBlock(program: Assembler, plan: Plan, members: readonly Architecture[]): Target {
  const otherwise = returns(plan.defaultAction);
  // The kernel reports x32 calls under x86_64's token: the half of the numbers that is not listed is killed.
  const below = members[0]?.base === X32_BIT ? returns(RET_KILL_THREAD) : otherwise;
  const ranges: Ranges = { starts: [0], targets: [below] };
  for (const architecture of members) addArchitecture(program, plan, architecture, ranges);
  if (members.length === 1 && members[0]?.name === "SCMP_ARCH_X86_64") {
    addRange(ranges, X32_BIT, returns(RET_KILL_THREAD));
  }
  addRange(ranges, SKIPPED_CALL, otherwise);
  return program.load(0, writeSearch(program, ranges, 0, ranges.starts.length - 1));
}

/**
 * Compiles a profile for a machine. The machine's own architecture is always included; a call of one that is
 * not listed kills the thread, as does an x32 call where x32 is not listed.
 *
 * Precedence among rules of one call: one without conditions beats all with conditions, the first of those
 * without wins; those with conditions are tried in the order of arguments.ts. Unknown names are skipped.
 *
 * Errors: unknown action, operator, architecture or flag; values out of range; a notify rule that would hang
 * create; more than 4096 instructions. Source: runtime-spec 1.3 config-linux.md#seccomp, seccomp(2), libseccomp.
 */
export function compileSeccomp(profile: SeccompProfile, arch: "x86_64" | "aarch64"): SeccompFilter {
  const notifies = checkNotify(profile);
  const flags = readFlags(profile.flags, notifies);
  const architectures = readArchitectures(profile.architectures, arch);
  const plan = readPlan(profile);
  const program = new Assembler();
  let entry = returns(RET_KILL_THREAD);
  const tokens = [...new Set(architectures.map((architecture) => architecture.token))];
  // Last first: the machine's own architecture is then the first one tested.
  for (const token of tokens.reverse()) {
    const members = architectures.filter((architecture) => architecture.token === token);
    const block = writeBlock(
      program,
      plan,
      members.sort((left, right) => left.base - right.base),
    );
    entry = program.branch(JUMP_EQUAL, token, block, entry);
  }
  const bytes = program.finish(program.load(4, entry));
  const count = bytes.length / 8;
  if (count > MAX_INSTRUCTIONS) {
    throw profileError(
      `filter too long: found ${count} instructions, want at most ${MAX_INSTRUCTIONS}`,
      "/syscalls",
      "use fewer conditions on arguments",
    );
  }
  return { program: bytes, flags, skipped: plan.skipped, notifies };
}
