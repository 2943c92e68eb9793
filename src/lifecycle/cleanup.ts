/** Everything that was acquired, in order: on failure it is given back in reverse (DESIGN section 3). */
import { partsOf, RuntimeError } from "../shared/error.ts";
import { twice } from "../shared/twice.ts";

export class Cleanup {
  readonly #undo: { what: string; run: () => void }[] = [];

  /** Puts an acquisition on the stack, at once after it was made (or, where it may be half made, before). */
  add(what: string, run: () => void): void {
    this.#undo.push({ what, run });
  }

  /** Success: everything stays. */
  release(): void {
    this.#undo.length = 0;
  }

  /** Failure: undoes everything, and returns the cause with what could not be undone. */
  undo(cause: unknown): RuntimeError {
    const failures: string[] = [];
    for (let entry = this.#undo.pop(); entry !== undefined; entry = this.#undo.pop()) {
      try {
        twice(entry.run);
      } catch (error) {
        const parts = partsOf(error);
        failures.push(`${entry.what} (${parts.problem}${parts.errno === undefined ? "" : ` ${parts.errno}`})`);
      }
    }
    const parts = partsOf(cause);
    return new RuntimeError(failures.length === 0 ? parts : { ...parts, cleanup: failures });
  }
}
