/** Lists of system calls as data, for the child of `Host.clone` (record layout: native/common/raw.h). */
import type { Word } from "../host/host.ts";
import { putU64, viewOf } from "../shared/bytes.ts";
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

/** A list under construction. Strings and buffers stay referenced by it. */
export class CallList {
  readonly #kernel: Kernel;
  readonly #records: Uint8Array[] = [];
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
    const record = new Uint8Array(RECORD);
    const view = viewOf(record);
    putU64(view, 0, number);
    let mask = 0;
    args.forEach((arg, index) => {
      if (typeof arg === "object" && "slot" in arg) {
        mask |= 1 << index;
        putU64(view, 8 + index * 8, arg.slot);
      } else putU64(view, 8 + index * 8, this.#word(arg));
    });
    view.setUint32(56, mask, true);
    view.setInt32(60, rule.result ?? -1, true);
    view.setInt32(64, rule.least ?? 0, true);
    view.setInt32(68, (rule.least ?? 0) < 0 ? -1 : 0, true);
    view.setInt32(72, rule.accept ?? 0, true);
    view.setInt32(76, -1, true);
    if (rule.jumpOnZero !== undefined) this.#jumps.push({ record: this.#records.length, label: rule.jumpOnZero });
    this.#records.push(record);
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
    this.#labels[label] = this.#records.length;
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
    const bytes = new Uint8Array(this.#records.length * RECORD);
    this.#records.forEach((record, index) => {
      bytes.set(record, index * RECORD);
    });
    const view = viewOf(bytes);
    for (const jump of this.#jumps) view.setInt32(jump.record * RECORD + 76, this.#labels[jump.label] ?? -1, true);
    return bytes;
  }

  /** The call that a report's index names. */
  at(index: number): { number: number; args: Word[] } | undefined {
    return this.#described[index];
  }

  get length(): number {
    return this.#records.length;
  }

  #word(arg: Word): number | bigint {
    if (typeof arg === "number") return arg < 0 ? BigInt.asUintN(64, BigInt(arg)) : arg;
    if (typeof arg === "bigint") return arg;
    const bytes = typeof arg === "string" ? encodeZ(arg) : arg;
    this.#keep.push(bytes);
    return this.#kernel.host.addressOf(bytes);
  }
}
