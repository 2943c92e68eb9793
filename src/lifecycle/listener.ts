/** The agent of SCMP_ACT_NOTIFY: a Unix stream socket that gets the filter's listener (runtime-spec config-linux.md#containerprocessstate). */
import { type Fd, type Kernel, SyscallError } from "../kernel/call.ts";
import { close } from "../kernel/file.ts";
import { limitSending, openUnixSocket, sendMessage } from "../kernel/socket.ts";
import { RuntimeError } from "../shared/error.ts";
import { encode } from "../shared/text.ts";
import type { StateRecord } from "../state/record.ts";
import type { ExecTemplate } from "../state/template.ts";
import { connectPath } from "./console-socket.ts";
import { stateForHooks } from "./hook-state.ts";

/** An agent that neither accepts nor reads is given up after this long, seconds. */
const PATIENCE_S = 10;

/** Whose listener it is. */
export interface Notifying {
  record: StateRecord;
  /** Status of the container. */
  status: "creating" | "created" | "running";
  /** The process that loaded the filter. */
  pid: number;
}

/** Connects, sends one container process state with the listener beside it, and closes both. */
export function sendListener(
  kernel: Kernel,
  agent: ExecTemplate["agent"],
  { record, status, pid }: Notifying,
  listener: Fd,
): void {
  const { listenerPath, listenerMetadata } = agent;
  const socket = openUnixSocket(kernel);
  try {
    limitSending(kernel, socket, PATIENCE_S);
    connectPath(kernel, socket, listenerPath);
    const bytes = encode(
      JSON.stringify({
        ociVersion: record.ociVersion,
        fds: ["seccompFd"],
        pid,
        ...(listenerMetadata === undefined ? {} : { metadata: listenerMetadata }),
        state: JSON.parse(stateForHooks(record, status, record.pid)),
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
