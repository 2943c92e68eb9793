/** Lists of system calls as data, for the child of `Host.clone` (record layout: native/common/raw.h). */
import type { Word } from "../host/host.ts";
import { putWord } from "../shared/bytes.ts";
import { encodeZ } from "../shared/text.ts";
import type { Kernel } from "./call.ts";

/** How a call's result is judged and where it goes. */
export interface Rule {
  /** Slot that takes the result. */
  result?: number;
  /** A smaller result is a failure; 0 unless given. */
  least?: number;
  /** Errno that is no failure; -1: any. */
  accept?: number;
  /** Label to go on at when the result is 0. */
  jumpOnZero?: number;
}

/** An argument that is the value of a slot at the time of the call. */
export interface Slot {
  readonly slot: number;
}

const RECORD = 80;
/** A record as words of 32 bits: arguments from the second 64 bits on, then which of them are slots, and the rule. */
const WORDS = RECORD / 4;
const [MASK, RESULT, LEAST, ACCEPT, JUMP] = [14, 15, 16, 18, 19] as const;

/** A list under construction. Strings and buffers stay referenced by it. */
export class CallList {
  readonly #kernel: Kernel;
  #words = new Uint32Array(WORDS * 16);
  #count = 0;
  readonly #keep: Uint8Array[] = [];
  readonly #described: { number: number; args: Word[] }[] = [];
  readonly #jumps: { record: number; label: number }[] = [];
  readonly #labels: number[] = [];
  readonly slots: Uint8Array;

  constructor(kernel: Kernel, slotCount = 4) {
    this.#kernel = kernel;
    this.slots = new Uint8Array(slotCount * 8);
  }

  /** Adds a call. */
  add(rule: Rule, number: number, ...args: (Word | Slot)[]): void {
    const base = this.#count * WORDS;
    if (base === this.#words.length) {
      const larger = new Uint32Array(base * 2);
      larger.set(this.#words);
      this.#words = larger;
    }
    const words = this.#words;
    words[base] = number;
    let mask = 0;
    let at = base;
    for (const arg of args) {
      at += 2;
      if (typeof arg === "number") putWord(words, at, arg);
      else if (typeof arg === "object" && "slot" in arg) {
        mask |= 1 << ((at - base) / 2 - 1);
        words[at] = arg.slot;
      } else putWord(words, at, this.#word(arg));
    }
    words[base + MASK] = mask;
    words[base + RESULT] = rule.result ?? -1;
    putWord(words, base + LEAST, rule.least ?? 0);
    words[base + ACCEPT] = rule.accept ?? 0;
    words[base + JUMP] = -1;
    if (rule.jumpOnZero !== undefined) this.#jumps.push({ record: this.#count, label: rule.jumpOnZero });
    this.#count++;
    this.#described.push({
      number,
      args: args.map((arg) => (typeof arg === "object" && "slot" in arg ? arg.slot : arg)),
    });
  }

  /** A place to jump to, set later by `place`. */
  label(): number {
    return this.#labels.push(-1) - 1;
  }

  /** Puts the label before the next call. */
  place(label: number): void {
    this.#labels[label] = this.#count;
  }

  /** Keeps buffers referenced whose addresses stand in the calls' memory. */
  keep(...buffers: Uint8Array[]): void {
    this.#keep.push(...buffers);
  }

  /** Address of a slot, for calls that write to memory or read from it. */
  slotAddress(slot: number): number {
    return this.#kernel.host.addressOf(this.slots) + slot * 8;
  }

  /** The records as one buffer. */
  bytes(): Uint8Array {
    const words = this.#words.slice(0, this.#count * WORDS);
    for (const jump of this.#jumps) words[jump.record * WORDS + JUMP] = this.#labels[jump.label] ?? -1;
    return new Uint8Array(words.buffer);
  }

  /** The call that a report's index names. */
  at(index: number): { number: number; args: Word[] } | undefined {
    return this.#described[index];
  }

  get length(): number {
    return this.#count;
  }

  #word(arg: bigint | string | Uint8Array): number | bigint {
    if (typeof arg === "bigint") return arg;
    const bytes = typeof arg === "string" ? encodeZ(arg) : arg;
    this.#keep.push(bytes);
    return this.#kernel.host.addressOf(bytes);
  }
}
