/** Terminals: devpts, window size, raw mode (ioctl_tty(2), termios(3)). */
import { viewOf } from "../shared/bytes.ts";
import type { Fd, Kernel } from "./call.ts";
import {
  BRKINT,
  CS8,
  CSIZE,
  ECHO,
  ECHONL,
  ICANON,
  ICRNL,
  IEXTEN,
  IGNBRK,
  IGNCR,
  INLCR,
  ISIG,
  ISTRIP,
  IXON,
  O_CLOEXEC,
  O_NOCTTY,
  O_RDWR,
  ONLCR,
  PARENB,
  PARMRK,
  SYS_ioctl,
  TCGETS,
  TCSETS,
  TIOCGPTPEER,
  TIOCGWINSZ,
  TIOCSCTTY,
  TIOCSPTLCK,
  TIOCSWINSZ,
} from "./constants.ts";

/** struct termios of the kernel, 36 bytes on both architectures, in a buffer with room for libc's 60. */
export type Termios = Uint8Array;

/** Settings of a terminal; undefined when `fd` is none. */
export function getTermios(kernel: Kernel, fd: Fd): Termios | undefined {
  const settings = new Uint8Array(60);
  return kernel.attempt(SYS_ioctl, fd, TCGETS, settings) < 0 ? undefined : settings;
}

export function setTermios(kernel: Kernel, fd: Fd, settings: Termios): void {
  kernel.call(SYS_ioctl, fd, TCSETS, settings);
}

/**
 * Raw mode as cfmakeraw(3) has it, but for the output's processing: the container's terminal leaves carriage returns out (clearOnlcr), so ours
 * must add them, or lines would begin where the last one ended (runc keeps OPOST too).
 */
export function rawTermios(settings: Termios): Termios {
  const raw = settings.slice();
  const view = viewOf(raw);
  const clear = (at: number, bits: number) => view.setUint32(at, view.getUint32(at, true) & ~bits, true);
  clear(0, IGNBRK | BRKINT | PARMRK | ISTRIP | INLCR | IGNCR | ICRNL | IXON);
  clear(8, CSIZE | PARENB);
  view.setUint32(8, view.getUint32(8, true) | CS8, true);
  clear(12, ECHO | ECHONL | ICANON | ISIG | IEXTEN);
  return raw;
}

/** Output of the container goes through two terminals: the inner one must not add carriage returns (runc clears it as well). */
export function clearOnlcr(kernel: Kernel, fd: Fd): void {
  const settings = getTermios(kernel, fd);
  if (settings === undefined) return;
  const view = viewOf(settings);
  view.setUint32(4, view.getUint32(4, true) & ~ONLCR, true);
  setTermios(kernel, fd, settings);
}

/** Unlocks the peer of a master and opens it by TIOCGPTPEER (Linux 4.13), never by its path (console.1). */
export function openPeer(kernel: Kernel, master: Fd): Fd {
  kernel.call(SYS_ioctl, master, TIOCSPTLCK, new Uint8Array(4));
  return kernel.call(SYS_ioctl, master, TIOCGPTPEER, O_RDWR | O_NOCTTY | O_CLOEXEC) as Fd;
}

/** Makes the terminal the controlling one of this session. */
export function setControllingTerminal(kernel: Kernel, fd: Fd): void {
  kernel.call(SYS_ioctl, fd, TIOCSCTTY, 0);
}

/** Rows and columns in character cells. */
export interface WindowSize {
  height: number;
  width: number;
}

export function setWindowSize(kernel: Kernel, fd: Fd, size: WindowSize): void {
  const buffer = new Uint8Array(8);
  const view = viewOf(buffer);
  view.setUint16(0, size.height, true);
  view.setUint16(2, size.width, true);
  kernel.call(SYS_ioctl, fd, TIOCSWINSZ, buffer);
}

/** Size of a terminal; undefined when `fd` is none. */
export function getWindowSize(kernel: Kernel, fd: Fd): WindowSize | undefined {
  const buffer = new Uint8Array(8);
  if (kernel.attempt(SYS_ioctl, fd, TIOCGWINSZ, buffer) < 0) return undefined;
  const view = viewOf(buffer);
  return { height: view.getUint16(0, true), width: view.getUint16(2, true) };
}
