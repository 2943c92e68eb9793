/** A process that the caller waits for (run, exec): its streams are relayed, signals forwarded, orphans reaped. */
import type { Fd, Kernel, Pid } from "../kernel/call.ts";
import { monotonicMs } from "../kernel/clock.ts";
import {
  POLLIN,
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
import { blockSignals, endedChild, killChild, openPid, openSignals, restoreSignals, wait } from "../kernel/process.ts";
import { clearOnlcr, getTermios } from "../kernel/terminal.ts";
import { viewOf } from "../shared/bytes.ts";
import { ENDING } from "./parent.ts";
import { Relay } from "./relay.ts";

/** All signals but those that cannot be caught; 32 and 33 are libc's. */
function allSignals(): number[] {
  return Array.from({ length: 64 }, (_, index) => index + 1).filter(
    (signal) => signal !== SIGKILL && signal !== SIGSTOP,
  );
}

/** How long a process may go on beginning after an ending signal, milliseconds. */
const PATIENCE_MS = 2000;

export class Foreground {
  readonly #kernel: Kernel;
  readonly #relay: Relay;
  #before: Uint8Array | undefined;
  #signals = -1 as Fd;
  /** Signals that came before there was anybody to forward them to. */
  readonly #early: number[] = [];
  /** One more descriptor, and what is done when it is readable: true, when it is done with. */
  #watched: { fd: Fd; act: () => boolean } | undefined;

  constructor(kernel: Kernel) {
    this.#kernel = kernel;
    this.#relay = new Relay(kernel);
  }

  /** Takes all signals. Before the clone, so that none is lost (runc 1.3.0 hung short runs). */
  begin(): void {
    this.#before = blockSignals(this.#kernel, allSignals());
    this.#signals = openSignals(this.#kernel, allSignals(), SFD_NONBLOCK);
  }

  /** The host's terminal is never the container's (console.3): a standard stream that is one is relayed through a pipe. */
  replaceTerminals(stdio: [number, number, number]): void {
    for (const target of [0, 1, 2] as const) {
      if (getTermios(this.#kernel, target as Fd) === undefined) continue;
      const [readEnd, writeEnd] = pipe(this.#kernel);
      const theirs = target === 0 ? readEnd : writeEnd;
      stdio[target] = theirs;
      if (target === 0) this.#relay.copy(0 as Fd, writeEnd);
      else this.#relay.copy(readEnd, target as Fd);
    }
  }

  /** Relays a terminal, whose master this is. */
  terminal(master: Fd): void {
    clearOnlcr(this.#kernel, master);
    this.#relay.terminal(master);
  }

  /** Acts on one more descriptor until that says it is done. */
  watch(fd: Fd, act: () => boolean): void {
    this.#watched = { fd, act };
  }

  /**
   * Waits until a descriptor is readable. What the container is doing may make that never: some seconds after a signal that ends programs the wait ends.
   * Signals that came before the process began are forwarded to it once it has.
   *
   * @returns false when it was not readable in time.
   */
  untilReadable(fd: Fd): boolean {
    let deadline: number | undefined;
    for (;;) {
      const left = deadline === undefined ? undefined : Math.max(0, deadline - monotonicMs(this.#kernel));
      const wanted = [
        { fd, events: POLLIN },
        { fd: this.#signals, events: POLLIN },
      ];
      const [ready = 0, signalled = 0] = poll(this.#kernel, wanted, left);
      if (ready !== 0) return true;
      if (signalled === 0) return false;
      this.#early.push(...this.#taken());
      if (this.#early.some((signal) => ENDING.includes(signal))) deadline ??= monotonicMs(this.#kernel) + PATIENCE_MS;
    }
  }

  /** Relays and forwards until a child of ours has ended, which is left to be reaped. */
  untilEnd(init: Pid): void {
    const kernel = this.#kernel;
    this.#forward(init, this.#early);
    // Its end is told by a pidfd: SIGCHLD may go to another thread of a host that has some.
    const pidfd = openPid(kernel, init) ?? (-1 as Fd);
    for (let ended = false; !ended; ) {
      const own = [
        { fd: this.#signals, events: POLLIN },
        { fd: pidfd, events: POLLIN },
        { fd: this.#watched?.fd ?? (-1 as Fd), events: POLLIN },
      ];
      const events = poll(kernel, [...own, ...this.#relay.polls()], undefined);
      this.#relay.pump(events.slice(own.length));
      if (((events[0] ?? 0) & POLLIN) !== 0) this.#forward(init, this.#taken());
      if (((events[2] ?? 0) & POLLIN) !== 0 && this.#watched?.act() === true) this.#watched = undefined;
      ended = ((events[1] ?? 0) & POLLIN) !== 0;
    }
    close(kernel, pidfd);
  }

  /** After the end: passes on what is still held, and reaps whoever was orphaned to us. */
  finish(): void {
    this.#relay.drain();
    this.#reapOrphans();
  }

  /** Puts our terminal and signals back. */
  end(): void {
    this.#relay.restore();
    if (this.#before !== undefined) restoreSignals(this.#kernel, this.#before);
  }

  /** Signals that have come; each is read once. */
  #taken(): number[] {
    const bytes = new Uint8Array(128 * 8);
    // Where the host has threads another one may have taken it: then there is nothing, which must not block us.
    const length = this.#kernel.attempt(SYS_read, this.#signals, bytes, bytes.length);
    const view = viewOf(bytes);
    return Array.from({ length: Math.max(0, Math.floor(length / 128)) }, (_, index) =>
      view.getUint32(index * 128, true),
    );
  }

  /** Forwards signals to init, but those that are about ourselves. */
  #forward(init: Pid, signals: readonly number[]): void {
    for (const signal of signals) {
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
