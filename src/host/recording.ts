/**
 * The recording host, a test double: it makes no call, notes each one with its arguments as they were, and answers from a script. A call
 * that the script does not know is a failure of the test, not a result.
 */
import { givenWords, type Host, type Word } from "./host.ts";

/** A call that was made. Memory is copied at the time of the call. */
export interface RecordedCall {
  readonly number: number;
  readonly args: readonly Word[];
}

/** What a call returns: a result or -errno, or a function that may also write into the memory it is given. */
export type Answer = number | ((...args: Word[]) => number);

/** Answers by system call number: one for every call, or a list of which each call takes the next. */
export type Script = ReadonlyMap<number, Answer | readonly Answer[]>;

/** Distance of the made-up addresses, larger than any buffer. */
const ADDRESS_STEP = 2 ** 32;

/** A host that plays a script. */
export class RecordingHost implements Host {
  readonly calls: RecordedCall[] = [];
  /** Lists of calls that were handed to `clone`. */
  readonly clones: { args: Uint8Array; calls: Uint8Array }[] = [];
  readonly #script: Script;
  readonly #used = new Map<number, number>();
  readonly #memory: Uint8Array[] = [];
  readonly #cloned: number | undefined;

  /** @param cloned result of `clone`; undefined: it must not be called. */
  constructor(script: Script, cloned?: number) {
    this.#script = script;
    this.#cloned = cloned;
  }

  syscall(number: number, ...words: (Word | undefined)[]): number {
    const args = givenWords(words);
    this.calls.push({ number, args: args.map((arg) => (arg instanceof Uint8Array ? arg.slice() : arg)) });
    const answer = this.#answer(number);
    return typeof answer === "number" ? answer : answer(...args);
  }

  addressOf(memory: Uint8Array): number {
    const known = this.#memory.indexOf(memory);
    return ((known < 0 ? this.#memory.push(memory) - 1 : known) + 1) * ADDRESS_STEP;
  }

  clone(args: Uint8Array, calls: Uint8Array): number {
    this.clones.push({ args: args.slice(), calls: calls.slice() });
    if (this.#cloned === undefined) throw new Error("clone is not in the script");
    return this.#cloned;
  }

  /** The memory at an address that `addressOf` gave, from there on. @throws Error for any other address. */
  memoryAt(address: number): Uint8Array {
    const memory = this.#memory[Math.floor(address / ADDRESS_STEP) - 1];
    if (memory === undefined) throw new Error(`no memory at ${address}`);
    return memory.subarray(address % ADDRESS_STEP);
  }

  /** The calls of one number. */
  callsOf(number: number): RecordedCall[] {
    return this.calls.filter((call) => call.number === number);
  }

  #answer(number: number): Answer {
    const answers = this.#script.get(number);
    if (answers === undefined) throw new Error(`system call ${number} is not in the script`);
    if (typeof answers === "number" || typeof answers === "function") return answers;
    const used = this.#used.get(number) ?? 0;
    this.#used.set(number, used + 1);
    const answer = answers[used];
    if (answer === undefined) throw new Error(`system call ${number}: call ${used + 1} is not in the script`);
    return answer;
  }
}
