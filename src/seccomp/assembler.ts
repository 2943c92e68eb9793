/**
 * Writes classic BPF from its end to its start: a jump only goes forward, so every target is known when a
 * jump is written. Jump distances of conditions are 8 bits; what is further away gets a step nearby.
 */

/**
 * Where to go: a place in the program (counted from its end, so that it stays valid while the program grows),
 * or, if negative, the end of the filter: -1 - the value returned.
 */
export type Target = number;

// Instruction codes: class + size/operation + mode of linux/bpf_common.h; only these are used.
const LOAD_WORD = 0x20;
const AND = 0x54;
const RETURN = 0x06;
const JUMP = 0x05;
export const JUMP_EQUAL = 0x15;
export const JUMP_GREATER = 0x25;
export const JUMP_GREATER_EQUAL = 0x35;

/** A condition's jump distance is a byte; two less leave room for the steps of both its ways. */
const NEAR = 253;

/** The target that ends the filter with a value. */
export function returns(value: number): Target {
  return -1 - value;
}

/** A program under construction. */
export class Assembler {
  /** Instructions, last first: code, both jump distances (true × 256 + false), operand. */
  readonly codes: number[] = [];
  readonly jumps: number[] = [];
  readonly operands: number[] = [];
  /** Nearest place where a target can be reached: the last `return` of a value, the last long jump to a place. */
  readonly nearest = new Map<Target, number>();

  #push(code: number, jumps: number, operand: number): Target {
    this.operands.push(operand);
    this.jumps.push(jumps);
    return this.codes.push(code) - 1;
  }

  /** A place from which the target is reached, near enough for a condition that is written next. */
  #near(target: Target): number {
    const length = this.codes.length;
    if (target >= 0 && length - target - 1 <= NEAR) return target;
    const known = this.nearest.get(target);
    if (known !== undefined && length - known - 1 <= NEAR) return known;
    return this.#step(target);
  }

  /** Writes a `return` or a long jump: the target, as the very next instruction. */
  #step(target: Target): number {
    const length = this.codes.length;
    const place = target < 0 ? this.#push(RETURN, 0, -1 - target) : this.#push(JUMP, 0, length - target - 1);
    this.nearest.set(target, place);
    return place;
  }

  /** Makes the target what follows the instruction that is written next. */
  #follow(target: Target): void {
    if (target < 0 || target !== this.codes.length - 1) this.#step(target);
  }

  /** Compares the accumulator with a constant (unsigned 32 bits) and goes on at one of two targets. */
  branch(comparison: number, operand: number, yes: Target, no: Target): Target {
    if (yes === no) return yes;
    // The further one first: writing a step for it moves the other one away by one.
    const yesPlace = this.#near(yes);
    const noPlace = this.#near(no);
    const length = this.codes.length;
    return this.#push(comparison, (length - yesPlace - 1) * 256 + (length - noPlace - 1), operand);
  }

  /** Loads the 32-bit word at an offset of struct seccomp_data, then goes on. */
  load(offset: number, next: Target): Target {
    this.#follow(next);
    return this.#push(LOAD_WORD, 0, offset);
  }

  /** Masks the accumulator, then goes on. */
  and(mask: number, next: Target): Target {
    this.#follow(next);
    return this.#push(AND, 0, mask);
  }

  /** The program from a start that was written last: struct sock_filter[], little endian. */
  finish(start: Target): Uint8Array {
    this.#follow(start);
    const length = this.codes.length;
    const bytes = new Uint8Array(length * 8);
    const view = new DataView(bytes.buffer);
    for (let index = 0; index < length; index += 1) {
      const from = length - 1 - index;
      const at = index * 8;
      const jumps = this.jumps[from] ?? 0;
      view.setUint16(at, this.codes[from] ?? 0, true);
      bytes[at + 2] = jumps >>> 8;
      bytes[at + 3] = jumps & 0xff;
      view.setUint32(at + 4, this.operands[from] ?? 0, true);
    }
    return bytes;
  }
}
