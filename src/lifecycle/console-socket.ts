/** The console socket: a Unix stream socket of the manager, which gets the terminal's master in one message (runc's docs/terminals.md). */
import { AT_CWD, type Fd, type Kernel, SyscallError } from "../kernel/call.ts";
import { O_DIRECTORY, O_PATH } from "../kernel/constants.ts";
import { close, inDirectory, openAt } from "../kernel/file.ts";
import { connectUnix, MAX_SOCKET_PATH, openUnixSocket, sendMessage } from "../kernel/socket.ts";
import { RuntimeError } from "../shared/error.ts";
import { basename, dirname } from "../shared/path.ts";
import { encode } from "../shared/text.ts";

/** A connected console socket. */
export type ConsoleTarget = Fd & { readonly __console: true };

/** Connects to a socket of the host. A path too long for the kernel is reached from its folder. */
export function connectPath(kernel: Kernel, socket: Fd, path: string): void {
  if (encode(path).length <= MAX_SOCKET_PATH) {
    connectUnix(kernel, socket, path);
    return;
  }
  const folder = openAt(kernel, AT_CWD, dirname(path), O_PATH | O_DIRECTORY);
  try {
    inDirectory(kernel, folder, () => connectUnix(kernel, socket, basename(path)));
  } finally {
    close(kernel, folder);
  }
}

/** Connects before anything is made, so that a wrong path costs nothing. */
export function openConsoleSocket(kernel: Kernel, path: string): ConsoleTarget {
  const words = { what: "connect console socket", flag: "--console-socket", step: "console" };
  return connectSocket(kernel, path, words) as ConsoleTarget;
}

/** Connects to a manager's socket that a flag names. */
export function connectSocket(kernel: Kernel, path: string, words: { what: string; flag: string; step: string }): Fd {
  const socket = openUnixSocket(kernel);
  try {
    connectPath(kernel, socket, path);
  } catch (error) {
    close(kernel, socket);
    if (!(error instanceof SyscallError)) throw error;
    throw new RuntimeError({
      what: words.what,
      problem: `${error.code}: want the path of a listening Unix stream socket`,
      where: `${words.flag} ${path}`,
      step: words.step,
      call: error.call,
      errno: error.code,
    });
  }
  return socket;
}

/** Sends the master. The text must not be empty and be below 4096 bytes (go-runc); runc sends the terminal's name. */
export function sendConsole(kernel: Kernel, socket: ConsoleTarget, master: Fd): void {
  sendMessage(kernel, socket, encode("/dev/ptmx"), [master]);
  close(kernel, socket);
}
