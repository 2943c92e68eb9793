/** run: create, start and, in the foreground, wait: streams are relayed, signals forwarded, the status returned. */
import { withStep } from "../init/step.ts";
import type { Fd, Kernel, Pid } from "../kernel/call.ts";
import {
  POLLIN,
  PR_SET_CHILD_SUBREAPER,
  SFD_NONBLOCK,
  SIGCHLD,
  SIGKILL,
  SIGPIPE,
  SIGSTOP,
  SIGURG,
  SIGWINCH,
  SYS_read,
  WNOHANG,
} from "../kernel/constants.ts";
import { close, pipe, poll } from "../kernel/file.ts";
import {
  blockSignals,
  endedChild,
  killChild,
  openPid,
  openSignals,
  prctl,
  restoreSignals,
  wait,
} from "../kernel/process.ts";
import { clearOnlcr, getTermios } from "../kernel/terminal.ts";
import { viewOf } from "../shared/bytes.ts";
import { twice } from "../shared/twice.ts";
import { checkId } from "../state/id.ts";
import { Cleanup } from "./cleanup.ts";
import { type Created, type CreateOptions, create, readConfig } from "./create.ts";
import { removeOpen } from "./delete.ts";
import { removePidFile } from "./pid-file.ts";
import { Relay } from "./relay.ts";
import type { Runtime } from "./runtime.ts";
import { startOpen } from "./start.ts";

/** Flags of run beside those of create. */
export interface RunOptions {
  detach: boolean;
  keep: boolean;
  noSubreaper: boolean;
}

/** All signals but those that cannot be caught; 32 and 33 are libc's. */
function allSignals(): number[] {
  return Array.from({ length: 64 }, (_, index) => index + 1).filter(
    (signal) => signal !== SIGKILL && signal !== SIGSTOP,
  );
}

/** Runs a container. Returns the exit status for our own process: 0 when detached. */
export function run(runtime: Runtime, options: CreateOptions, how: RunOptions): number {
  if (how.detach) {
    const created = create(runtime, options);
    startOrAbandon(runtime, created, options);
    return 0;
  }
  return new Foreground(runtime, options, how).run();
}

/** Starts; where that fails, run gives back what create has made. */
function startOrAbandon(runtime: Runtime, created: Created, options: CreateOptions): void {
  const { directory, record } = created;
  try {
    directory.lock();
    startOpen(runtime, directory, record);
    directory.unlock();
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
  cleanup.add("process", () => {
    killChild(kernel, record.pid as Pid, SIGKILL);
    wait(kernel, record.pid as Pid, 0);
  });
  throw cleanup.undo(withStep("run", { what: `run "${record.id}"`, problem: "the kernel refused a call" }, cause));
}

class Foreground {
  readonly #runtime: Runtime;
  readonly #kernel: Kernel;
  readonly #options: CreateOptions;
  readonly #how: RunOptions;
  readonly #relay: Relay;

  constructor(runtime: Runtime, options: CreateOptions, how: RunOptions) {
    this.#runtime = runtime;
    this.#kernel = runtime.kernel;
    this.#options = options;
    this.#how = how;
    this.#relay = new Relay(runtime.kernel);
  }

  run(): number {
    const kernel = this.#kernel;
    if (!this.#how.noSubreaper) prctl(kernel, PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0);
    // Before the clone, so that no signal is lost (runc 1.3.0 hung short runs).
    const before = blockSignals(kernel, allSignals());
    const signals = openSignals(kernel, allSignals(), SFD_NONBLOCK);
    let created: Created | undefined;
    try {
      checkId(this.#options.id);
      const config = readConfig(this.#runtime, this.#options.bundle);
      const terminal = config.process.terminal === true;
      const ownTerminal = terminal && this.#options.consoleSocket === undefined;
      if (!terminal) this.#replaceTerminals();
      created = create(this.#runtime, { ...this.#options, ownTerminal }, config);
      this.#relayTerminal(created);
      startOrAbandon(this.#runtime, created, this.#options);
      const status = this.#untilEnd(created, signals);
      this.#relay.drain();
      this.#reapOrphans();
      this.#remove(created);
      return status;
    } finally {
      this.#relay.restore();
      restoreSignals(kernel, before);
    }
  }

  /** The host's terminal is never the container's (console.3): a standard stream that is one is relayed through a pipe. */
  #replaceTerminals(): void {
    for (const target of [0, 1, 2] as const) {
      if (getTermios(this.#kernel, target as Fd) === undefined) continue;
      const [readEnd, writeEnd] = pipe(this.#kernel);
      const theirs = target === 0 ? readEnd : writeEnd;
      this.#options.stdio[target] = theirs;
      if (target === 0) this.#relay.copy(0 as Fd, writeEnd);
      else this.#relay.copy(readEnd, target as Fd);
    }
  }

  #relayTerminal(created: Created): void {
    if (created.master === undefined) return;
    try {
      clearOnlcr(this.#kernel, created.master);
      this.#relay.terminal(created.master);
    } catch (error) {
      abandon(this.#runtime, created, this.#options, error);
    }
  }

  /** Relays and forwards until init has ended, and is reaped. Returns its status. */
  #untilEnd(created: Created, signals: Fd): number {
    const init = created.record.pid as Pid;
    try {
      this.#relayUntilEnd(init, signals);
    } catch (error) {
      abandon(this.#runtime, created, this.#options, error);
    }
    return twice(() => wait(this.#kernel, init, 0))?.status ?? 0;
  }

  #relayUntilEnd(init: Pid, signals: Fd): void {
    const kernel = this.#kernel;
    // Its end is told by a pidfd: SIGCHLD may go to another thread of a host that has some.
    const pidfd = openPid(kernel, init) ?? (-1 as Fd);
    for (let ended = false; !ended; ) {
      const own = [
        { fd: signals, events: POLLIN },
        { fd: pidfd, events: POLLIN },
      ];
      const events = poll(kernel, [...own, ...this.#relay.polls()], undefined);
      this.#relay.pump(events.slice(own.length));
      if (((events[0] ?? 0) & POLLIN) !== 0) this.#forward(signals, init);
      ended = ((events[1] ?? 0) & POLLIN) !== 0;
    }
    close(kernel, pidfd);
  }

  #remove({ directory, record }: Created): void {
    if (this.#how.keep) return;
    twice(() => directory.lock());
    twice(() => removeOpen(this.#runtime, directory, record));
  }

  /** Forwards signals to init, but those that are about ourselves. */
  #forward(signals: Fd, init: Pid): void {
    const bytes = new Uint8Array(128 * 8);
    // Where the host has threads another one may have taken it: then there is nothing, which must not block us.
    const length = this.#kernel.attempt(SYS_read, signals, bytes, bytes.length);
    const view = viewOf(bytes);
    for (let at = 0; at + 128 <= length; at += 128) {
      const signal = view.getUint32(at, true);
      if (signal === SIGCHLD) this.#reapOrphans(init);
      else if (signal === SIGWINCH) this.#relay.resize();
      else if (signal !== SIGURG && signal !== SIGPIPE) killChild(this.#kernel, init, signal);
    }
  }

  /** Takes children that were orphaned to us as their subreaper; init itself, while it is there, is left for untilEnd. */
  #reapOrphans(init?: Pid): void {
    for (;;) {
      const pid = endedChild(this.#kernel);
      if (pid === undefined || pid === init) return;
      wait(this.#kernel, pid, WNOHANG);
    }
  }
}
