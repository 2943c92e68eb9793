/** rtnetlink (netlink(7), rtnetlink(7)): messages as bytes, and one request with its answers. Numbers are in the machine's order. */
import { concat, viewOf } from "../shared/bytes.ts";
import { type Fd, type Kernel, SyscallError } from "./call.ts";
import {
  AF_NETLINK,
  AF_UNSPEC,
  NETLINK_ROUTE,
  NLM_F_ACK,
  NLM_F_DUMP,
  NLM_F_DUMP_INTR,
  NLM_F_MULTI,
  NLM_F_REQUEST,
  NLMSG_DONE,
  NLMSG_ERROR,
  SOCK_CLOEXEC,
  SOCK_RAW,
  SYS_read,
  SYS_socket,
  SYS_write,
} from "./constants.ts";

/** struct nlmsghdr. */
const HEADER = 16;
/** The kernel sends at most this much at once (netlink_dump(), NLMSG_GOODSIZE and what a reader has shown to take). */
const READ_SIZE = 32_768;
/** A dump is taken anew when the table changed under it. */
const TRIES = 20;

/** A message as it came. */
export interface NetlinkMessage {
  /** RTM_…, NLMSG_… */
  type: number;
  /** NLM_F_… */
  flags: number;
  sequence: number;
  body: Uint8Array;
}

const aligned = (length: number): number => (length + 3) & ~3;

/** struct rtattr: length, type, data, padded to 4 bytes. */
export function attribute(type: number, data: Uint8Array): Uint8Array {
  const bytes = new Uint8Array(aligned(4 + data.length));
  const view = viewOf(bytes);
  view.setUint16(0, 4 + data.length, true);
  view.setUint16(2, type, true);
  bytes.set(data, 4);
  return bytes;
}

/** An attribute of one 32-bit number. */
export function numberAttribute(type: number, value: number): Uint8Array {
  const data = new Uint8Array(4);
  viewOf(data).setUint32(0, value, true);
  return attribute(type, data);
}

/** A message with its header; the parts of `body` are padded already. */
export function encodeMessage(type: number, flags: number, sequence: number, body: readonly Uint8Array[]): Uint8Array {
  const header = new Uint8Array(HEADER);
  const bytes = concat([header, ...body]);
  const view = viewOf(bytes);
  view.setUint32(0, bytes.length, true);
  view.setUint16(4, type, true);
  view.setUint16(6, flags, true);
  view.setUint32(8, sequence, true);
  return bytes;
}

/** The messages of one read; what is cut off or says a wrong length ends the list. */
export function decodeMessages(bytes: Uint8Array): NetlinkMessage[] {
  const view = viewOf(bytes);
  const messages: NetlinkMessage[] = [];
  for (let at = 0; at + HEADER <= bytes.length; ) {
    const length = view.getUint32(at, true);
    if (length < HEADER || at + length > bytes.length) break;
    messages.push({
      type: view.getUint16(at + 4, true),
      flags: view.getUint16(at + 6, true),
      sequence: view.getUint32(at + 8, true),
      body: bytes.subarray(at + HEADER, at + length),
    });
    at += aligned(length);
  }
  return messages;
}

/** Attributes by their type, the last of a kind; `from`: where the fixed part of the body ends. */
export function decodeAttributes(body: Uint8Array, from: number): Map<number, Uint8Array> {
  const view = viewOf(body);
  const found = new Map<number, Uint8Array>();
  for (let at = from; at + 4 <= body.length; ) {
    const length = view.getUint16(at, true);
    if (length < 4 || at + length > body.length) break;
    // The two highest bits are flags: nested, in network order.
    found.set(view.getUint16(at + 2, true) & 0x3fff, body.subarray(at + 4, at + length));
    at += aligned(length);
  }
  return found;
}

/** struct ifinfomsg: 16 bytes. `change`: bits of `flags` that count. */
export function linkHeader(index: number, flags = 0, change = 0): Uint8Array {
  const bytes = new Uint8Array(16);
  const view = viewOf(bytes);
  bytes[0] = AF_UNSPEC;
  view.setInt32(4, index, true);
  view.setUint32(8, flags, true);
  view.setUint32(12, change, true);
  return bytes;
}

/** A socket that speaks to the network namespace that this thread is in, and holds it. */
export function openNetlink(kernel: Kernel): Fd {
  return kernel.call(SYS_socket, AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_ROUTE) as Fd;
}

let sequence = 0;

/**
 * Sends a request, and returns the answers but for the acknowledgement.
 *
 * @param type RTM_…; with NLM_F_DUMP in `flags` the answer is a whole table.
 * @param name of the type, for errors.
 * @throws SyscallError with the kernel's errno.
 */
export function request(
  kernel: Kernel,
  socket: Fd,
  type: number,
  name: string,
  flags: number,
  body: readonly Uint8Array[],
): NetlinkMessage[] {
  for (let left = TRIES; ; left--) {
    const answers = ask(kernel, socket, type, name, flags, body);
    if (left === 0 || !answers.some((answer) => (answer.flags & NLM_F_DUMP_INTR) !== 0)) return answers;
  }
}

function ask(
  kernel: Kernel,
  socket: Fd,
  type: number,
  name: string,
  flags: number,
  body: readonly Uint8Array[],
): NetlinkMessage[] {
  sequence++;
  const dump = (flags & NLM_F_DUMP) === NLM_F_DUMP;
  const message = encodeMessage(type, flags | NLM_F_REQUEST | (dump ? 0 : NLM_F_ACK), sequence, body);
  kernel.call(SYS_write, socket, message, message.length);
  const answers: NetlinkMessage[] = [];
  for (;;) {
    const buffer = new Uint8Array(READ_SIZE);
    const count = kernel.call(SYS_read, socket, buffer, buffer.length);
    for (const answer of decodeMessages(buffer.subarray(0, count))) {
      // What an earlier request, which failed, has left.
      if (answer.sequence !== sequence) continue;
      if (answer.type !== NLMSG_ERROR && answer.type !== NLMSG_DONE) answers.push(answer);
      else {
        const error = answer.body.length >= 4 ? -viewOf(answer.body).getInt32(0, true) : 0;
        if (error > 0) throw new SyscallError(SYS_write, [socket, message], error, `netlink ${name}`);
        // The end of a table also says whether it changed.
        if ((answer.flags & NLM_F_MULTI) !== 0) answers.push(answer);
        return answers;
      }
    }
  }
}
