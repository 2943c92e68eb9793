/** run: create, start and, in the foreground, wait: streams are relayed, signals forwarded, the status returned. */
import { withStep } from "../init/step.ts";
import type { Pid } from "../kernel/call.ts";
import { PR_SET_CHILD_SUBREAPER } from "../kernel/constants.ts";
import { killAndReap, prctl, wait } from "../kernel/process.ts";
import { partsOf } from "../shared/error.ts";
import { twice } from "../shared/twice.ts";
import { checkId } from "../state/id.ts";
import { Cleanup } from "./cleanup.ts";
import { type Created, type CreateOptions, create, readConfig } from "./create.ts";
import { removeOpen } from "./delete.ts";
import { Foreground } from "./foreground.ts";
import type { NotifyProxy } from "./notify.ts";
import { removePidFile } from "./pid-file.ts";
import type { Runtime } from "./runtime.ts";
import { openNotify, startCreated } from "./start.ts";

/** Flags of run beside those of create. */
export interface RunOptions {
  detach: boolean;
  keep: boolean;
  noSubreaper: boolean;
}

/** Runs a container. Returns the exit status for our own process: 0 when detached. */
export function run(runtime: Runtime, options: CreateOptions, how: RunOptions): number {
  if (how.detach) {
    const created = create(runtime, options);
    startOrAbandon(runtime, created, options)?.wait(created.record.pid as Pid);
    return 0;
  }
  return new ForegroundRun(runtime, options, how).run();
}

/** Starts; where that fails, run gives back what create has made. */
function startOrAbandon(runtime: Runtime, created: Created, options: CreateOptions): NotifyProxy | undefined {
  const { directory, record } = created;
  try {
    directory.lock();
    const notify = openNotify(runtime, directory);
    startCreated(runtime, directory, record);
    directory.unlock();
    return notify;
  } catch (error) {
    abandon(runtime, created, options, error);
  }
}

/** Ends a container that run cannot go on with, and removes all of it. Init has not been reaped. @throws the cause. */
function abandon(runtime: Runtime, created: Created, options: CreateOptions, cause: unknown): never {
  const { kernel } = runtime;
  const { directory, record } = created;
  const cleanup = new Cleanup();
  if (options.pidFile !== undefined) {
    const path = options.pidFile;
    cleanup.add("pid file", () => removePidFile(kernel, path));
  }
  cleanup.add("container", () => removeOpen(runtime, directory, record));
  cleanup.add("process", () => killAndReap(kernel, record.pid as Pid));
  throw cleanup.undo(withStep("run", { what: `run "${record.id}"`, problem: "the kernel refused a call" }, cause));
}

class ForegroundRun {
  readonly #runtime: Runtime;
  readonly #options: CreateOptions;
  readonly #how: RunOptions;
  readonly #foreground: Foreground;

  constructor(runtime: Runtime, options: CreateOptions, how: RunOptions) {
    this.#runtime = runtime;
    this.#options = options;
    this.#how = how;
    this.#foreground = new Foreground(runtime.kernel);
  }

  run(): number {
    const { kernel } = this.#runtime;
    if (!this.#how.noSubreaper) prctl(kernel, PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0);
    this.#foreground.begin();
    try {
      checkId(this.#options.id);
      const config = readConfig(this.#runtime, this.#options.bundle, this.#options.config);
      const terminal = config.process.terminal === true;
      const ownTerminal = terminal && this.#options.consoleSocket === undefined;
      if (!terminal) this.#foreground.replaceTerminals(this.#options.stdio);
      const created = create(this.#runtime, { ...this.#options, ownTerminal }, config);
      this.#relayTerminal(created);
      this.#handOn(startOrAbandon(this.#runtime, created, this.#options));
      const status = this.#untilEnd(created);
      this.#foreground.finish();
      this.#remove(created);
      return status;
    } finally {
      this.#foreground.end();
    }
  }

  #relayTerminal(created: Created): void {
    if (created.master === undefined) return;
    try {
      this.#foreground.terminal(created.master);
    } catch (error) {
      abandon(this.#runtime, created, this.#options, error);
    }
  }

  /** The service manager watches us, whose end is the container's: only its readiness is told. */
  #handOn(notify: NotifyProxy | undefined): void {
    if (notify === undefined) return;
    this.#foreground.watch(notify.fd, () => {
      try {
        return notify.take(undefined);
      } catch (error) {
        const { what, problem } = partsOf(error);
        this.#runtime.warn(`${what}: ${problem}`);
        return true;
      }
    });
  }

  /** Relays and forwards until init has ended, and is reaped. Returns its status. */
  #untilEnd(created: Created): number {
    const init = created.record.pid as Pid;
    try {
      this.#foreground.untilEnd(init);
    } catch (error) {
      abandon(this.#runtime, created, this.#options, error);
    }
    return twice(() => wait(this.#runtime.kernel, init, 0))?.status ?? 0;
  }

  #remove({ directory, record }: Created): void {
    if (this.#how.keep) return;
    twice(() => directory.lock());
    twice(() => removeOpen(this.#runtime, directory, record));
  }
}
