/** Bytes between our standard streams and the container's terminal or pipes. Bytes are bytes; buffers are bounded (console.5). */
import type { Fd, Kernel } from "../kernel/call.ts";
import {
  EAGAIN,
  F_GETFL,
  F_SETFL,
  O_NONBLOCK,
  POLLIN,
  POLLOUT,
  SYS_fcntl,
  SYS_read,
  SYS_write,
} from "../kernel/constants.ts";
import { close, type Poll, poll } from "../kernel/file.ts";
import { getTermios, getWindowSize, rawTermios, setTermios, setWindowSize, type Termios } from "../kernel/terminal.ts";

const BUFFER = 32 << 10;
/** How often is read after the container's end: a full pipe is 1 MiB, and a terminal, which gives 4 KiB at a time, holds less than 256. */
const DRAIN_READS = 2 * ((1 << 20) / BUFFER);

/** One direction: at most one buffer is held; while it cannot be written nothing more is read. */
interface Flow {
  from: Fd;
  to: Fd;
  buffer: Uint8Array;
  held: Uint8Array;
  /** Output of the container is drained to its end after the container has ended; input is not. */
  output: boolean;
  ended: boolean;
}

export class Relay {
  readonly #kernel: Kernel;
  readonly #flows: Flow[] = [];
  #master: Fd | undefined;
  #settings: Termios | undefined;

  constructor(kernel: Kernel) {
    this.#kernel = kernel;
  }

  /** Copies from one descriptor to the other until the end. */
  copy(from: Fd, to: Fd): void {
    const ours = to > 2 ? to : from;
    const flags = this.#kernel.call(SYS_fcntl, ours, F_GETFL);
    // Only on our own end of a pipe or terminal: a flag on the caller's streams would outlive us.
    this.#kernel.call(SYS_fcntl, ours, F_SETFL, flags | O_NONBLOCK);
    const buffer = new Uint8Array(BUFFER);
    this.#flows.push({ from, to, buffer, held: buffer.subarray(0, 0), output: from > 2, ended: false });
  }

  /** Connects our streams with a terminal's master; our own terminal goes into raw mode. */
  terminal(master: Fd): void {
    this.#master = master;
    this.#settings = getTermios(this.#kernel, 0 as Fd);
    if (this.#settings !== undefined) setTermios(this.#kernel, 0 as Fd, rawTermios(this.#settings));
    this.resize();
    this.copy(0 as Fd, master);
    this.copy(master, 1 as Fd);
  }

  /** Hands our window's size on. */
  resize(): void {
    if (this.#master === undefined) return;
    const size = getWindowSize(this.#kernel, 0 as Fd) ?? getWindowSize(this.#kernel, 1 as Fd);
    if (size !== undefined) setWindowSize(this.#kernel, this.#master, size);
  }

  /** What to wait for, one entry a flow. */
  polls(): Poll[] {
    return this.#flows.map((flow) => {
      if (flow.ended) return { fd: -1 as Fd, events: 0 };
      return flow.held.length > 0 ? { fd: flow.to, events: POLLOUT } : { fd: flow.from, events: POLLIN };
    });
  }

  /** Moves what can be moved. */
  pump(events: readonly number[]): void {
    this.#flows.forEach((flow, index) => {
      if ((events[index] ?? 0) !== 0 && !flow.ended) this.#step(flow);
    });
  }

  #step(flow: Flow): void {
    if (flow.held.length === 0) {
      const count = this.#kernel.attempt(SYS_read, flow.from, flow.buffer, flow.buffer.length);
      if (count === -EAGAIN) return;
      // A terminal whose other side is closed says EIO where a pipe says end of file.
      if (count <= 0) {
        this.#end(flow);
        return;
      }
      flow.held = flow.buffer.subarray(0, count);
    }
    const written = this.#kernel.attempt(SYS_write, flow.to, flow.held, flow.held.length);
    if (written === -EAGAIN) return;
    if (written < 0) this.#end(flow);
    else flow.held = flow.held.subarray(written);
  }

  #end(flow: Flow): void {
    flow.ended = true;
    // The container reads end of file from its stdin only when our end of the pipe is closed; a master must stay open for the other flow.
    if (!flow.output && flow.to !== this.#master) close(this.#kernel, flow.to);
  }

  /**
   * After the container has ended: what it wrote is still passed on, to the end or until nothing comes for a moment. Others that hold its terminal may
   * write for ever.
   */
  drain(): void {
    const outputs = this.#flows.filter((flow) => flow.output);
    let reads = 0;
    while (reads < DRAIN_READS && outputs.some((flow) => !flow.ended)) {
      const events = poll(
        this.#kernel,
        outputs.map(
          (flow): Poll =>
            flow.ended
              ? { fd: -1 as Fd, events: 0 }
              : flow.held.length > 0
                ? { fd: flow.to, events: POLLOUT }
                : { fd: flow.from, events: POLLIN },
        ),
        100,
      );
      if (events.every((event) => event === 0)) return;
      outputs.forEach((flow, index) => {
        if ((events[index] ?? 0) === 0) return;
        if (flow.held.length === 0) reads++;
        this.#step(flow);
      });
    }
  }

  /** Puts our terminal back as it was. */
  restore(): void {
    if (this.#settings !== undefined) setTermios(this.#kernel, 0 as Fd, this.#settings);
    this.#settings = undefined;
  }
}
