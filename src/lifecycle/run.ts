/** run: create, start and, in the foreground, wait: streams are relayed, signals forwarded, the status returned. */
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
  setSignalMask,
  wait,
} from "../kernel/process.ts";
import { clearOnlcr, getTermios } from "../kernel/terminal.ts";
import { viewOf } from "../shared/bytes.ts";
import { checkId } from "../state/id.ts";
import { type Created, type CreateOptions, create, readConfig } from "./create.ts";
import { removeOpen } from "./delete.ts";
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
    startOrDelete(runtime, created);
    return 0;
  }
  return new Foreground(runtime, options, how).run();
}

function startOrDelete(runtime: Runtime, created: Created): void {
  const { directory, record } = created;
  try {
    directory.lock();
    startOpen(runtime, directory, record);
    directory.unlock();
  } catch (error) {
    killChild(runtime.kernel, record.pid as Pid, SIGKILL);
    wait(runtime.kernel, record.pid as Pid, 0);
    removeOpen(runtime, directory, record);
    throw error;
  }
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
      if (created.master !== undefined) {
        clearOnlcr(kernel, created.master);
        this.#relay.terminal(created.master);
      }
      startOrDelete(this.#runtime, created);
      return this.#untilEnd(created, signals);
    } finally {
      this.#relay.restore();
      setSignalMask(kernel, before);
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

  #untilEnd(created: Created, signals: Fd): number {
    const kernel = this.#kernel;
    const init = created.record.pid as Pid;
    // Its end is told by a pidfd: SIGCHLD may go to another thread of a host that has some.
    const pidfd = openPid(kernel, init) ?? (-1 as Fd);
    let status: number | undefined;
    while (status === undefined) {
      const own = [
        { fd: signals, events: POLLIN },
        { fd: pidfd, events: POLLIN },
      ];
      const events = poll(kernel, [...own, ...this.#relay.polls()], undefined);
      this.#relay.pump(events.slice(own.length));
      if (((events[0] ?? 0) & POLLIN) !== 0) this.#forward(signals, init);
      if (((events[1] ?? 0) & POLLIN) !== 0) status = wait(kernel, init, 0)?.status ?? 0;
    }
    close(kernel, pidfd);
    this.#relay.drain();
    this.#reapOrphans(init);
    if (!this.#how.keep) {
      created.directory.lock();
      removeOpen(this.#runtime, created.directory, created.record);
    }
    return status;
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

  /** Takes children that were orphaned to us as their subreaper; init itself is left for untilEnd. */
  #reapOrphans(init: Pid): void {
    for (;;) {
      const pid = endedChild(this.#kernel);
      if (pid === undefined || pid === init) return;
      wait(this.#kernel, pid, WNOHANG);
    }
  }
}
