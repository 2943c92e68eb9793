/** Conditions on system call arguments: read from the profile, put in order, written as BPF. */
import { type Assembler, JUMP_EQUAL, JUMP_GREATER, JUMP_GREATER_EQUAL, type Target } from "./assembler.ts";
import { type Int64, profileError, type SeccompArgument, unknownWord } from "./profile.ts";

/** How a condition compares: NE, LT and LE are EQ, GE and GT with both ways swapped, as BPF has no others. */
interface Operator {
  readonly comparison: number;
  readonly negated: boolean;
  readonly masked: boolean;
  /** Place in the order of rules: EQUALITY first, then "less", then "greater". */
  readonly rank: number;
}

const EQUALITY = 3;

const OPERATORS = new Map<string, Operator>([
  ["SCMP_CMP_NE", { comparison: JUMP_EQUAL, negated: true, masked: false, rank: EQUALITY }],
  ["SCMP_CMP_LT", { comparison: JUMP_GREATER_EQUAL, negated: true, masked: false, rank: 2 }],
  ["SCMP_CMP_LE", { comparison: JUMP_GREATER, negated: true, masked: false, rank: 2 }],
  ["SCMP_CMP_EQ", { comparison: JUMP_EQUAL, negated: false, masked: false, rank: EQUALITY }],
  ["SCMP_CMP_GE", { comparison: JUMP_GREATER_EQUAL, negated: false, masked: false, rank: 1 }],
  ["SCMP_CMP_GT", { comparison: JUMP_GREATER, negated: false, masked: false, rank: 1 }],
  ["SCMP_CMP_MASKED_EQ", { comparison: JUMP_EQUAL, negated: false, masked: true, rank: EQUALITY }],
]);

/** The operators a profile may use, for `features`. */
export const KNOWN_OPERATORS: readonly string[] = [...OPERATORS.keys()];

/** One condition: argument, operator, and both halves of what it is compared with. */
export interface Condition {
  readonly index: number;
  readonly operator: Operator;
  readonly high: number;
  readonly low: number;
  /** All ones unless the operator masks. */
  readonly highMask: number;
  readonly lowMask: number;
}

/** Conditions that must all hold (in order of their arguments, each argument once), and what follows then. */
export interface Rule {
  readonly conditions: readonly Condition[];
  readonly action: number;
}

/** seccomp(2): a system call has at most 6 arguments. */
const ARGUMENT_COUNT = 6;

const WORD = 0x100000000;
const MAX_UINT64 = 0xffffffffffffffffn;

/** Both halves of an unsigned 64-bit value. Errors: not an integer, negative, larger, or inexact as a number. */
function halves(value: Int64, pointer: string): readonly [high: number, low: number] {
  const valid =
    typeof value === "bigint" ? value >= 0n && value <= MAX_UINT64 : Number.isSafeInteger(value) && value >= 0;
  if (!valid) throw profileError(`invalid value: found ${value}, want an unsigned 64-bit integer`, pointer);
  if (typeof value === "bigint") return [Number(value >> 32n), Number(value & 0xffffffffn)];
  return [Math.floor(value / WORD), value % WORD];
}

function readCondition(argument: SeccompArgument, pointer: string): Condition {
  const operator = OPERATORS.get(argument.op);
  if (operator === undefined) throw unknownWord("operator", argument.op, OPERATORS.keys(), `${pointer}/op`);
  const index = argument.index;
  if (!Number.isInteger(index) || index < 0 || index >= ARGUMENT_COUNT) {
    throw profileError(`invalid argument index: found ${index}, want 0 to 5`, `${pointer}/index`);
  }
  const [high, low] = halves(argument.value, `${pointer}/value`);
  // The second value counts only here, but a wrong one is wrong everywhere.
  const [highTwo, lowTwo] = halves(argument.valueTwo ?? 0, `${pointer}/valueTwo`);
  if (!operator.masked) return { index, operator, high, low, highMask: 0xffffffff, lowMask: 0xffffffff };
  return {
    index,
    operator,
    high: (highTwo & high) >>> 0,
    low: (lowTwo & low) >>> 0,
    highMask: high,
    lowMask: low,
  };
}

/**
 * The alternatives that a rule's argument list stands for. All conditions must hold; but if two are on the same
 * argument, each one is an alternative of its own, as runc has it (a list that libseccomp would refuse otherwise).
 * Errors: unknown operator, index or value out of range.
 */
export function readConditions(list: readonly SeccompArgument[], pointer: string): readonly (readonly Condition[])[] {
  const conditions = list.map((argument, position) => readCondition(argument, `${pointer}/args/${position}`));
  const repeats = new Set(conditions.map((condition) => condition.index)).size < conditions.length;
  if (repeats) return conditions.map((condition) => [condition]);
  return [conditions.sort((left, right) => left.index - right.index)];
}

/** Whether a condition can fail at all: a mask without a bit (among those compared) matches everything. */
export function matters(condition: Condition, wide: boolean): boolean {
  return condition.lowMask !== 0 || (wide && condition.highMask !== 0);
}

/** The first argument is this: what a multiplexed call adds to (or puts in place of) a rule's conditions. */
export function firstArgumentIs(value: number, others: readonly Condition[]): readonly Condition[] {
  const operator = OPERATORS.get("SCMP_CMP_EQ");
  if (operator === undefined) return others;
  const first: Condition = { index: 0, operator, high: 0, low: value, highMask: 0xffffffff, lowMask: 0xffffffff };
  return [first, ...others.filter((condition) => condition.index !== 0)];
}

/** One comparison in the tree of a system call's rules. */
interface Branch {
  readonly condition: Condition;
  readonly branches: Branch[];
  /** The rule whose last comparison this is. */
  rule: Rule | undefined;
}

/** Which halves a comparison looks at: equality is decided half by half, an order by both together. */
type Part = "high" | "low" | "both";

/**
 * Order of two comparisons on one level of the tree: negative if the first is tried first, NaN if they are the same
 * one, 0 if the one that came first stays first. Later arguments come first, then equality, "less", "greater", then
 * larger values, but smaller ones for "less", so that the narrower of two rules decides.
 */
function compareBranches(first: Condition, second: Condition, part: Part): number {
  if (first.index !== second.index) return second.index - first.index;
  const high = part === "low" ? 0 : first.high - second.high;
  const values = high !== 0 || part === "high" ? high : first.low - second.low;
  const same =
    values === 0 &&
    first.operator.comparison === second.operator.comparison &&
    first.operator.masked === second.operator.masked &&
    (part === "high" ? first.highMask === second.highMask : first.lowMask === second.lowMask);
  if (same) return Number.NaN;
  if (first.operator.rank !== second.operator.rank) return second.operator.rank - first.operator.rank;
  return first.operator.rank === 2 ? values : -values;
}

/** Finds the branch for a comparison on a level of the tree, or puts a new one in its place. */
function enterBranch(level: Branch[], condition: Condition, part: Part): Branch {
  let place = 0;
  for (; place < level.length; place += 1) {
    const branch = level[place];
    if (branch === undefined) break;
    const order = compareBranches(branch.condition, condition, part);
    if (Number.isNaN(order)) return branch;
    if (order > 0) break;
  }
  const created: Branch = { condition, branches: [], rule: undefined };
  level.splice(place, 0, created);
  return created;
}

/** Appends the rules below a level in the order in which the tree is walked. */
function walkBranches(level: readonly Branch[], result: Rule[]): void {
  for (const branch of level) {
    walkBranches(branch.branches, result);
    if (branch.rule !== undefined) result.push(branch.rule);
  }
}

/**
 * Rules of one system call in the order in which they are tried: the first that matches decides. Rules that
 * disagree are put in the order of the tree that libseccomp builds of their comparisons.
 *
 * A rule that begins like an earlier, shorter one is never reached. The other way round, and with equal
 * conditions, libseccomp refuses the profile; here the longer one, and of equal ones the first, decides.
 */
export function orderRules(rules: readonly Rule[], wide: boolean): readonly Rule[] {
  const action = rules[0]?.action;
  // Rules that agree need no order, and that is what nearly all profiles have.
  if (rules.every((rule) => rule.action === action)) return rules;
  const tree: Branch[] = [];
  for (const rule of rules) {
    let level = tree;
    let last: Branch | undefined;
    for (const condition of rule.conditions) {
      if (last?.rule !== undefined) break;
      const byHalves = condition.operator.rank === EQUALITY;
      if (wide && byHalves) level = enterBranch(level, condition, "high").branches;
      last = enterBranch(level, condition, wide && !byHalves ? "both" : "low");
      level = last.branches;
    }
    if (last !== undefined) last.rule ??= rule;
  }
  const result: Rule[] = [];
  walkBranches(tree, result);
  return result;
}

/** Offset of args[index] in struct seccomp_data: low half first, as all our machines are little-endian. */
function argumentOffset(index: number): number {
  return 16 + index * 8;
}

/** Compares one loaded half, masked if need be. Returns where to start, after a load of that half. */
function compareHalf(
  program: Assembler,
  comparison: number,
  mask: number,
  value: number,
  yes: Target,
  no: Target,
): Target {
  const compare = program.branch(comparison, value, yes, no);
  return mask === 0xffffffff ? compare : program.and(mask, compare);
}

/** Writes one condition. Returns where it starts. */
function writeCondition(program: Assembler, condition: Condition, wide: boolean, holds: Target, fails: Target): Target {
  const { operator, high, low, highMask, lowMask } = condition;
  const offset = argumentOffset(condition.index);
  const yes = operator.negated ? fails : holds;
  const no = operator.negated ? holds : fails;
  if (yes === no) return yes;
  let start = yes;
  if (lowMask !== 0) {
    start = program.load(offset, compareHalf(program, operator.comparison, lowMask, low, yes, no));
  }
  if (!wide || highMask === 0) return start;
  start = compareHalf(program, JUMP_EQUAL, highMask, high, start, no);
  // Larger in the high half decides; equal leaves it to the low one.
  if (operator.comparison !== JUMP_EQUAL) start = program.branch(JUMP_GREATER, high, yes, start);
  return program.load(offset + 4, start);
}

/** Writes the rules of one system call. Returns where they start; where none matches they end at `otherwise`. */
export function writeRules(
  program: Assembler,
  rules: readonly Rule[],
  wide: boolean,
  actionTarget: (action: number) => Target,
  otherwise: Target,
): Target {
  let next = otherwise;
  for (let position = rules.length - 1; position >= 0; position -= 1) {
    const rule = rules[position];
    if (rule === undefined) continue;
    const fails = next;
    next = actionTarget(rule.action);
    for (let at = rule.conditions.length - 1; at >= 0; at -= 1) {
      const condition = rule.conditions[at];
      if (condition !== undefined) next = writeCondition(program, condition, wide, next, fails);
    }
  }
  return next;
}
