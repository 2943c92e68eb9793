/**
 * Our filters against libseccomp's: the same profile, both programs run in the interpreter over many calls.
 * Exempt is the ENOSYS rule, which runc adds to libseccomp's filter itself.
 *
 * Left out is what libseccomp 2.5.4 gets wrong where arguments have 64 bits: several rules for one call of which one
 * has NE, LT or LE (or GT and GE with different actions). It then misses rules, allows what no rule allows, or never
 * returns. compile.test.ts compares those with a plain reading of the rules.
 */
import { readFileSync } from "node:fs";
import t from "tap";
import { dataWords, decodeProgram, type Program, runProgram } from "../../test/support/bpf-interpreter.ts";
import { KNOWN_ARCHITECTURES } from "./architecture.ts";
import { KNOWN_OPERATORS } from "./arguments.ts";
import { compileSeccomp } from "./compile.ts";
import { buildWithLibseccomp, knowsSyscall, openLibseccomp } from "./libseccomp.oracle.ts";
import { readAction, type SeccompArgument, type SeccompProfile, type SeccompSyscall } from "./profile.ts";
import { SYSCALL_NAMES } from "./tables/names.gen.ts";

const PROFILES = 400;
const RET_ENOSYS = 0x00050026;

/** AUDIT_ARCH_* of every architecture of ours, and two that no profile can list. */
const TOKENS = [
  0xc000003e, 0x40000003, 0xc00000b7, 0x40000028, 0x40000008, 0xc0000008, 0xe0000008, 0xc0000015, 0xc00000f3,
  0x80000016, 0,
];

/** Those on which argument values are tried: 64 and 32 bits, with and without multiplexers. */
const NARROWED = new Set([0xc000003e, 0x40000003, 0xc00000b7, 0xc0000015]);

/** A deterministic random source (mulberry32). */
function createRandom(seed: number): Random {
  let state = seed;
  return (below) => {
    state = (state + 0x6d2b79f5) | 0;
    let value = Math.imul(state ^ (state >>> 15), 1 | state);
    value = (value + Math.imul(value ^ (value >>> 7), 61 | value)) ^ value;
    return ((value ^ (value >>> 14)) >>> 0) % below;
  };
}

function pick<Item>(random: Random, list: readonly Item[]): Item {
  const item = list[random(list.length)];
  if (item === undefined) throw new Error("empty list");
  return item;
}

// sys_debug_setcontext (ppc) shares its pseudo number with another name in libseccomp 2.5.4, which then drops its rule.
const NAMES = SYSCALL_NAMES.trim()
  .split(" ")
  .filter((name) => name !== "sys_debug_setcontext");
const ACTIONS = ["ALLOW", "ERRNO", "KILL", "KILL_PROCESS", "KILL_THREAD", "TRAP", "TRACE", "LOG"].map(
  (name) => `SCMP_ACT_${name}`,
);
const VALUES: readonly bigint[] = [
  0n,
  1n,
  2n,
  3n,
  40n,
  0x5401n,
  0x7fffffffn,
  0x80000000n,
  0xfffffffen,
  0xffffffffn,
  0x100000000n,
  0x100000001n,
  0x200000002n,
  0x7e020000n,
  0x7fffffff00000000n,
  0x8000000000000000n,
  0xffffffff00000000n,
  0xffffffffffffffffn,
];

type Random = (below: number) => number;

/** Small numbers come as numbers, as JSON.parse gives them. */
function plain(value: bigint): number | bigint {
  return value <= 0xffffffffn ? Number(value) : value;
}

function makeArguments(random: Random, operators: readonly string[], count: number): SeccompArgument[] {
  const list = Array.from({ length: count }, () => ({
    index: random(3),
    value: plain(pick(random, VALUES)),
    valueTwo: plain(pick(random, VALUES)),
    op: pick(random, operators),
  }));
  // A second condition on an argument makes several rules of one: only where libseccomp bears it.
  if (operators.length === 2) return list;
  return list.filter((argument, at) => list.findIndex((other) => other.index === argument.index) === at);
}

/** Entries with conditions: a call gets one rule of any kind, or several of one kind. */
function makeConditional(random: Random, name: string, mixed: boolean): SeccompSyscall[] {
  const kind = MULTIPLEXED.includes(name) ? 0 : random(mixed ? 2 : 3);
  const common = pick(random, ACTIONS);
  const entry = (operators: readonly string[], count: number): SeccompSyscall => ({
    names: [name],
    action: mixed ? pick(random, ACTIONS) : common,
    args: makeArguments(random, operators, count),
  });
  if (kind === 1) return [entry(KNOWN_OPERATORS, 1 + random(3))];
  const operators = kind === 0 ? ["SCMP_CMP_EQ", "SCMP_CMP_MASKED_EQ"] : ["SCMP_CMP_GT", "SCMP_CMP_GE"];
  return Array.from({ length: 1 + random(5) }, () => entry(operators, kind === 0 ? 1 + random(3) : 1));
}

/** Calls that share a multiplexer's rules on x86, mips and ppc. */
const MULTIPLEXED = [
  "socket",
  "bind",
  "accept",
  "accept4",
  "sendmsg",
  "recv",
  "semop",
  "shmat",
  "msgget",
  "socketcall",
];

/** `mixed`: whether rules for one call may disagree in their action. */
function makeProfile(random: Random, mixed: boolean): SeccompProfile {
  const x86 = ["SCMP_ARCH_X86_64", "SCMP_ARCH_X86", "SCMP_ARCH_X32"];
  const pool = random(3) > 0 ? x86 : KNOWN_ARCHITECTURES.filter((name) => !name.includes("LOONG"));
  const architectures = Array.from({ length: random(5) }, () => pick(random, pool));
  const syscalls: SeccompSyscall[] = [];
  const conditional = new Set(Array.from({ length: random(6) }, () => pick(random, NAMES)));
  const multiplexed = random(4) === 0 ? pick(random, MULTIPLEXED) : undefined;
  if (multiplexed !== undefined) conditional.add(multiplexed);
  for (const name of conditional) syscalls.push(...makeConditional(random, name, mixed));
  const free = NAMES.filter((name) => mixed || !conditional.has(name));
  for (let count = random(10); count > 0; count -= 1) {
    const names = Array.from({ length: random(pick(random, [3, 80])) }, () => pick(random, free));
    const entry = { names, action: pick(random, ACTIONS) };
    const place = random(syscalls.length + 1);
    syscalls.splice(place, 0, random(3) === 0 ? { ...entry, errnoRet: random(40) } : entry);
  }
  const profile = { defaultAction: pick(random, ACTIONS), architectures, syscalls };
  return random(3) === 0 ? { ...profile, defaultErrnoRet: random(200) } : profile;
}

/** Numbers to try on a token: all small ones, the ranges of x32 and mips, the private ones of ARM, the extremes. */
const NUMBERS: readonly number[] = (() => {
  const list: number[] = [];
  const range = (from: number, to: number) => {
    for (let number = from; number <= to; number += 1) list.push(number);
  };
  range(0, 480);
  range(3999, 4010);
  range(4095, 4125);
  range(4999, 5040);
  range(5999, 6040);
  range(0xeffff, 0xf0007);
  range(0x3fffffff, 0x40000000 + 552);
  list.push(1000, 0x7fffffff, 0x80000000, 0x80000001, 0xc0000000, 0xfffffffe, 0xffffffff);
  return list;
})();

/** Argument values that a profile can tell apart: its own, their neighbours, the same with another high half. */
function valuesOf(profile: SeccompProfile): bigint[] {
  const values = new Set<bigint>([0n, 1n, 0xffffffffffffffffn]);
  for (const entry of profile.syscalls ?? []) {
    for (const argument of entry.args ?? []) {
      for (const field of [argument.value, argument.valueTwo ?? 0]) {
        const value = BigInt(field);
        for (const other of [value, value + 1n, value - 1n, value ^ (1n << 40n), value & 0xffffffffn, ~value]) {
          values.add(BigInt.asUintN(64, other));
        }
      }
    }
  }
  return [...values];
}

interface Outcome {
  comparisons: number;
  differences: string[];
}

/** Runs both programs over numbers × tokens, and with more arguments where ours looks at them. */
function compare(ours: Program, theirs: Program, profile: SeccompProfile, random: Random): Outcome {
  const outcome: Outcome = { comparisons: 0, differences: [] };
  const values = valuesOf(profile);
  const conditional = (profile.syscalls ?? []).some((entry) => (entry.args ?? []).length > 0);
  const otherwise = readAction(profile.defaultAction, profile.defaultErrnoRet, "", "/defaultAction");
  const words = new Uint32Array(16);
  for (const arch of TOKENS) {
    for (const nr of NUMBERS) {
      const tries = conditional && NARROWED.has(arch) ? 6 : 1;
      for (let attempt = 0; attempt < tries; attempt += 1) {
        const args = attempt === 0 ? [0n, 0n, 0n] : [0, 0, 0].map(() => pick(random, values));
        words.set(dataWords({ nr, arch, args }));
        const verdict = runProgram(ours, words);
        const expected = runProgram(theirs, words);
        outcome.comparisons += 1;
        if (verdict === expected || (verdict === RET_ENOSYS && expected === otherwise)) continue;
        const where = `arch ${arch.toString(16)} nr ${nr} args ${args.map((value) => value.toString(16))}`;
        outcome.differences.push(`${where}: ours ${verdict.toString(16)}, libseccomp's ${expected.toString(16)}`);
      }
    }
  }
  return outcome;
}

/** libseccomp 2.5.4 jumps out of the program where an architecture has the tree but no rule. */
function endsInReturns(bytes: Uint8Array): boolean {
  try {
    decodeProgram(bytes);
    return true;
  } catch {
    return false;
  }
}

/** Without what the installed libseccomp cannot know: newer names. */
function comparable(profile: SeccompProfile): SeccompProfile {
  const syscalls = (profile.syscalls ?? []).map((entry) => ({ ...entry, names: entry.names.filter(knowsSyscall) }));
  return { ...profile, syscalls };
}

const present = openLibseccomp();
const skip = present ? false : "libseccomp.so.2 is not installed";

t.test("Docker's default profile: verdicts are libseccomp's", { skip }, (test) => {
  const text = readFileSync("test/fixtures/seccomp-docker.json", "utf8");
  const profile = comparable(JSON.parse(text) as SeccompProfile);
  for (const arch of ["x86_64", "aarch64"] as const) {
    const theirs = buildWithLibseccomp(profile, arch);
    if (typeof theirs === "number") throw new Error(`libseccomp refuses the profile: ${theirs}`);
    const program = compileSeccomp(profile, arch).program;
    const outcome = compare(decodeProgram(program), decodeProgram(theirs), profile, createRandom(1));
    test.same(outcome.differences.slice(0, 5), [], `${arch}: ${outcome.comparisons} comparisons`);
    test.comment(`${arch}: ${program.length / 8} instructions, libseccomp ${theirs.length / 8}`);
  }
  test.end();
});

for (const mixed of [false, true]) {
  const title = mixed ? "rules that disagree" : "rules that agree";
  t.test(`generated profiles, ${title}: verdicts are libseccomp's`, { skip }, (test) => {
    const random = createRandom(mixed ? 11 : 7);
    let comparisons = 0;
    let refused = 0;
    let broken = 0;
    let wrong = 0;
    for (let count = 0; count < PROFILES; count += 1) {
      const profile = comparable(makeProfile(random, mixed));
      const arch = random(4) === 0 ? "aarch64" : "x86_64";
      const theirs = buildWithLibseccomp(profile, arch);
      const ours = compileSeccomp(profile, arch).program;
      if (typeof theirs === "number") {
        refused += 1;
        continue;
      }
      if (!endsInReturns(theirs)) {
        broken += 1;
        continue;
      }
      const outcome = compare(decodeProgram(ours), decodeProgram(theirs), profile, random);
      comparisons += outcome.comparisons;
      if (outcome.differences.length > 0) {
        wrong += 1;
        if (wrong <= 6) {
          const text = JSON.stringify(profile, (_, value) => (typeof value === "bigint" ? `${value}` : value));
          test.fail(`profile ${count} (${arch}): ${outcome.differences.slice(0, 3).join("; ")}`, { profile: text });
        }
      }
    }
    test.comment(
      `${PROFILES} profiles, ${refused} refused and ${broken} broken by libseccomp, ${comparisons} comparisons, ${wrong} differ`,
    );
    test.equal(wrong, 0);
    test.end();
  });
}
