/** The agent of SCMP_ACT_NOTIFY: a Unix stream socket that gets the filter's listener (runtime-spec config-linux.md#containerprocessstate). */
import type { Seccomp } from "../config/types.ts";
import { type Fd, type Kernel, SyscallError } from "../kernel/call.ts";
import { close } from "../kernel/file.ts";
import { limitSending, openUnixSocket, sendMessage } from "../kernel/socket.ts";
import { RuntimeError } from "../shared/error.ts";
import { encode } from "../shared/text.ts";
import type { StateRecord } from "../state/record.ts";
import { connectPath } from "./console-socket.ts";
import { stateForHooks } from "./hook-state.ts";

/** An agent that neither accepts nor reads is given up after this long, seconds. */
const PATIENCE_S = 10;

/** Connects, sends one container process state with the listener beside it, and closes both. */
export function sendListener(kernel: Kernel, seccomp: Seccomp, record: StateRecord, listener: Fd): void {
  const { listenerPath = "", listenerMetadata } = seccomp;
  const socket = openUnixSocket(kernel);
  try {
    limitSending(kernel, socket, PATIENCE_S);
    connectPath(kernel, socket, listenerPath);
    const bytes = encode(
      JSON.stringify({
        ociVersion: record.ociVersion,
        fds: ["seccompFd"],
        pid: record.pid,
        ...(listenerMetadata === undefined ? {} : { metadata: listenerMetadata }),
        state: JSON.parse(stateForHooks(record, "creating", record.pid)),
      }),
    );
    // The descriptor goes with the first byte, and only then.
    let sent = sendMessage(kernel, socket, bytes, [listener]);
    while (sent < bytes.length) sent += sendMessage(kernel, socket, bytes.subarray(sent), []);
  } catch (error) {
    if (!(error instanceof SyscallError)) throw error;
    throw new RuntimeError({
      what: "send seccomp listener",
      problem: `${error.code}: found no agent that takes it at ${listenerPath}, want a listening Unix stream socket`,
      where: "config.json#/linux/seccomp/listenerPath",
      step: "seccomp-listener",
      call: error.call,
      errno: error.code,
    });
  } finally {
    close(kernel, socket);
    close(kernel, listener);
  }
}
