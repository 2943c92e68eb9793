/**
 * What each system call number of one architecture leads to. This is the compiler's hot part: numbers in a typed
 * array instead of objects in a sparse one keep it under a millisecond in QuickJS for Docker's profile.
 */
import { type Architecture, FIRST, IPC_OFFSET, multiplexCode, PRIVATE } from "./architecture.ts";
import { type Condition, firstArgumentIs, matters, type Rule } from "./arguments.ts";

/** The profile's entries, one for each name that is known, in the profile's order. */
export interface Steps {
  /** Index of the name in the tables. */
  readonly indexes: number[];
  /** 1 + place in `actions`, or 0 for the default action. */
  readonly outcomes: number[];
  /** Conditions, if there are any. */
  readonly alternatives: (readonly (readonly Condition[])[] | undefined)[];
  readonly actions: readonly number[];
}

/** Table values below are numbers less base; ARM's private calls follow them directly here. */
export const DENSE = 1024;
const PRIVATE_COUNT = 16;

/** Slots of one architecture. */
export interface Slots {
  /** By table value: 0 nothing, n > 0 is actions[n - 1] whatever the arguments, n < 0 is rules[-n - 1]. */
  readonly codes: Int16Array;
  readonly rules: Rule[][];
  /** Largest table value that the profile names, ARM's private calls aside; 0 if none. */
  readonly highest: number;
  /** Largest slot in use below DENSE, -1 if none. */
  readonly last: number;
}

/**
 * Adds the alternatives of one entry to a slot, without conditions that always hold on this architecture. Without
 * any condition left it beats rules that have some; an earlier one of its kind stays.
 */
function putAlternatives(
  slots: { readonly codes: Int16Array; readonly rules: Rule[][] },
  slot: number,
  alternatives: readonly (readonly Condition[])[],
  outcome: number,
  action: number,
  wide: boolean,
): void {
  for (const alternative of alternatives) {
    const code = slots.codes[slot] ?? 0;
    if (code > 0) return;
    const conditions = alternative.filter((condition) => matters(condition, wide));
    if (conditions.length === 0) slots.codes[slot] = outcome;
    else if (code < 0) slots.rules[-code - 1]?.push({ conditions, action });
    else slots.codes[slot] = -slots.rules.push([{ conditions, action }]);
  }
}

/** The slots of an architecture for a profile. */
export function collectSlots(steps: Steps, architecture: Architecture): Slots {
  const codes = new Int16Array(DENSE + PRIVATE_COUNT);
  const rules: Rule[][] = [];
  const { table, wide, socketcall } = architecture;
  const { indexes, outcomes, alternatives, actions } = steps;
  const count = indexes.length;
  let highest = 0;
  let last = -1;
  for (let at = 0; at < count; at += 1) {
    const index = indexes[at] ?? 0;
    const outcome = outcomes[at] ?? 0;
    const conditions = alternatives[at];
    // No such call: negative; no such table: NaN, which compares like it.
    const value = table.charCodeAt(index) - FIRST;
    if (value >= 0) {
      const slot = value < DENSE ? value : value - PRIVATE + DENSE;
      if (value > highest && value < DENSE) highest = value;
      if (outcome > 0) {
        if (slot > last && slot < DENSE) last = slot;
        if (conditions !== undefined) {
          putAlternatives({ codes, rules }, slot, conditions, outcome, actions[outcome - 1] ?? 0, wide);
        } else if ((codes[slot] ?? 0) <= 0) codes[slot] = outcome;
      }
    }
    if (socketcall === undefined || outcome === 0) continue;
    const code = multiplexCode(index);
    if (code === 0) continue;
    const slot = code < 256 ? socketcall : socketcall + IPC_OFFSET;
    if (slot > last) last = slot;
    if ((codes[slot] ?? 0) > 0) continue;
    const extended = (conditions ?? [[]]).map((list) => firstArgumentIs(code & 0xff, list));
    putAlternatives({ codes, rules }, slot, extended, outcome, actions[outcome - 1] ?? 0, wide);
  }
  return { codes, rules, highest, last };
}
