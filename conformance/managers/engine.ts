/** What the command lines of Docker and Podman have in common: one seat with run, exec, inspect. */

import { type Outcome, type RunOptions, type TerminalStep, until } from "./command.ts";
import { IMAGE } from "./image.ts";
import { Seat } from "./scenario.ts";

/** Words of a script. */
export const sh = (script: string): string[] => ["sh", "-c", script];

/**
 * Takes more memory than it may. Init outlives the kill: else news of its end may overtake those of the kill, and a manager does not know why it
 * ended. And it begins late: what happens before a shim watches is not seen at all.
 */
export const OVER_ITS_MEMORY = sh("sleep 1; tail /dev/zero; code=$?; sleep 1; exit $code");

/** A command line as Docker's and Podman's, with one runtime. */
export abstract class EngineSeat extends Seat {
  /** The manager's word. */
  abstract readonly manager: "docker" | "podman";
  /** Cgroup of a container, below each hierarchy. */
  abstract cgroup(hash: string): string;
  /** Flags of every `run` and `create`. */
  abstract readonly own: readonly string[];

  abstract cli(args: readonly string[], options?: RunOptions): Promise<Outcome>;
  abstract onTerminal(args: readonly string[], steps: readonly TerminalStep[]): Promise<Outcome>;

  /** `run --rm FLAGS IMAGE WORDS`, on no network unless the flags say so. */
  run(flags: readonly string[], words: readonly string[], options: RunOptions = {}): Promise<Outcome> {
    return this.cli(["run", "--rm", ...this.flags(flags), IMAGE, ...words], options);
  }

  /** The same, and it must succeed. Returns its output. */
  async runs(flags: readonly string[], words: readonly string[]): Promise<string> {
    return this.prints(`run ${flags.join(" ")}`, await this.run(flags, words));
  }

  /** Starts a container that stays. Returns its name. */
  async detached(flags: readonly string[] = [], words: readonly string[] = ["sleep", "1000"]): Promise<string> {
    const id = this.id();
    const found = await this.cli(["run", "--detach", "--name", id, ...this.flags(flags), IMAGE, ...words]);
    this.outcome("run --detach", found, 0, /^[0-9a-f]{64}\n$/, "");
    return id;
  }

  /** `exec FLAGS ID WORDS`. */
  exec(
    id: string,
    words: readonly string[],
    flags: readonly string[] = [],
    options: RunOptions = {},
  ): Promise<Outcome> {
    return this.cli(["exec", ...flags, id, ...words], options);
  }

  /** One value of a container, as a Go template names it. */
  async inspect(id: string, template: string): Promise<string> {
    return this.prints("inspect", await this.cli(["inspect", "--format", `{{${template}}}`, id])).trim();
  }

  /** Waits until a value of a container is this one. */
  async becomes(id: string, template: string, wanted: string, timeoutMs = 15_000): Promise<void> {
    let last = "";
    const look = async (): Promise<true | undefined> => {
      last = await this.inspect(id, template);
      return last === wanted ? true : undefined;
    };
    await until(look, `${template} ${wanted}`, timeoutMs).catch((error) => {
      throw new Error(`${String(error)}, last ${JSON.stringify(last)}`);
    });
  }

  /** Flags with this seat's own; a flag that a scenario gives replaces the same one here. */
  protected flags(flags: readonly string[]): string[] {
    const own = flags.some((flag) => /^--(network|pod)\b/.test(flag)) ? [] : ["--network", "none"];
    return [...this.own, ...own, ...flags];
  }
}
