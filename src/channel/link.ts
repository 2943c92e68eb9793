/**
 * The link between parent and init: one stream socket pair. A message is a u32 length and that many bytes of JSON; a descriptor
 * may come along. The native part reports a failed call of the child's list in its own form (native/common/raw.h), told apart by its marker.
 */

import type { Fd, Kernel } from "../kernel/call.ts";
import { receiveMessage, sendMessage } from "../kernel/socket.ts";
import { viewOf } from "../shared/bytes.ts";
import { type ErrorParts, RuntimeError } from "../shared/error.ts";
import { decode, encode } from "../shared/text.ts";
import type { Message } from "./message.ts";

/** Longest message: a plan is a few kilobytes and 64 bytes for each mount. */
const MAX_MESSAGE = 16 << 20;
const REPORT_MARKER = 0xffffffff;

/** A call of the child's list that failed. `error` 0: the result was too small, not an errno. */
export interface NativeReport {
  type: "native";
  index: number;
  error: number;
}

/** What arrived, with the descriptors that came along. */
export interface Received {
  message: Message | NativeReport;
  fds: Fd[];
}

/** A message as it goes over the link. */
export function frameOf(message: Message): Uint8Array {
  const body = encode(JSON.stringify(message));
  const frame = new Uint8Array(4 + body.length);
  viewOf(frame).setUint32(0, body.length, true);
  frame.set(body, 4);
  return frame;
}

/** Sends a message. Throws SyscallError EPIPE when the other side is gone. */
export function send(kernel: Kernel, socket: Fd, message: Message, fds: readonly Fd[] = []): void {
  const frame = frameOf(message);
  let sent = sendMessage(kernel, socket, frame, fds);
  while (sent < frame.length) sent += sendMessage(kernel, socket, frame.subarray(sent), []);
}

/** Receives one message; undefined when the other side has closed. Whatever it sends, the receiver survives: bounds are checked. */
export function receive(kernel: Kernel, socket: Fd): Received | undefined {
  const fds: Fd[] = [];
  const head = receiveExactly(kernel, socket, 4, fds);
  if (head === undefined) return undefined;
  const length = viewOf(head).getUint32(0, true);
  if (length === REPORT_MARKER) {
    const body = receiveExactly(kernel, socket, 8, fds);
    if (body === undefined) return undefined;
    const view = viewOf(body);
    return { message: { type: "native", index: view.getInt32(0, true), error: view.getInt32(4, true) }, fds };
  }
  if (length > MAX_MESSAGE) throw broken(`a message of ${length} bytes`);
  const body = receiveExactly(kernel, socket, length, fds);
  if (body === undefined) return undefined;
  let message: unknown;
  try {
    message = JSON.parse(decode(body));
  } catch {
    throw broken("a message that is no JSON");
  }
  if (!isMessage(message)) throw broken("a message of no known form");
  return { message, fds };
}

/** As far as a receiver builds on it before anything else: the kind, and the words of an error. */
function isMessage(value: unknown): value is Message {
  if (typeof value !== "object" || value === null) return false;
  const { type, parts } = value as { type?: unknown; parts?: Partial<ErrorParts> };
  return (
    typeof type === "string" &&
    (type !== "error" || (typeof parts?.what === "string" && typeof parts.problem === "string"))
  );
}

function receiveExactly(kernel: Kernel, socket: Fd, length: number, fds: Fd[]): Uint8Array | undefined {
  const buffer = new Uint8Array(length);
  let have = 0;
  while (have < length) {
    const part = receiveMessage(kernel, socket, buffer.subarray(have));
    fds.push(...part.fds);
    if (fds.length > 4) throw broken("too many descriptors");
    if (part.length === 0) return undefined;
    have += part.length;
  }
  return buffer;
}

function broken(found: string): RuntimeError {
  return new RuntimeError({ what: "talk to init", problem: `found ${found}, want one of src/channel/message.ts` });
}
