/** --pidfd-socket: a Unix stream socket of the manager, which gets a pidfd of the process (runc 1.2). */
import type { Fd, Kernel } from "../kernel/call.ts";
import { close } from "../kernel/file.ts";
import { sendMessage } from "../kernel/socket.ts";
import { encode } from "../shared/text.ts";
import { connectSocket } from "./console-socket.ts";

/** Sends it with the word that runc sends: `standard` for create and run, `setns` for exec. */
export function sendPidfd(kernel: Kernel, path: string, pidfd: Fd, word: "standard" | "setns"): void {
  const socket = connectSocket(kernel, path, { what: "connect pidfd socket", flag: "--pidfd-socket", step: "pidfd" });
  sendMessage(kernel, socket, encode(word), [pidfd]);
  for (const fd of [socket, pidfd]) close(kernel, fd);
}
