/** Unix sockets: pairs, connections, descriptors in messages (unix(7), cmsg(3)). */
import { putU64, viewOf } from "../shared/bytes.ts";
import { encode } from "../shared/text.ts";
import type { Fd, Kernel } from "./call.ts";
import {
  AF_UNIX,
  MSG_CMSG_CLOEXEC,
  MSG_CTRUNC,
  MSG_NOSIGNAL,
  SCM_RIGHTS,
  SO_SNDTIMEO_OLD,
  SOCK_CLOEXEC,
  SOCK_STREAM,
  SOL_SOCKET,
  SYS_connect,
  SYS_recvmsg,
  SYS_sendmsg,
  SYS_setsockopt,
  SYS_socket,
  SYS_socketpair,
} from "./constants.ts";

/** A connected pair of stream sockets. */
export function socketPair(kernel: Kernel): [Fd, Fd] {
  const pair = new Uint8Array(8);
  kernel.call(SYS_socketpair, AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair);
  const view = viewOf(pair);
  return [view.getInt32(0, true) as Fd, view.getInt32(4, true) as Fd];
}

/** Longest path that fits struct sockaddr_un. */
export const MAX_SOCKET_PATH = 107;

/** A stream socket; connectUnix connects it. */
export function openUnixSocket(kernel: Kernel): Fd {
  return kernel.call(SYS_socket, AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0) as Fd;
}

/** Bounds how long connecting and sending may wait for the other side, seconds; then they fail with EAGAIN (socket(7), SO_SNDTIMEO). */
export function limitSending(kernel: Kernel, socket: Fd, seconds: number): void {
  const time = new Uint8Array(16);
  putU64(viewOf(time), 0, seconds);
  kernel.call(SYS_setsockopt, socket, SOL_SOCKET, SO_SNDTIMEO_OLD, time, time.length);
}

/** struct sockaddr_un of a path of at most MAX_SOCKET_PATH bytes; a NUL begins an abstract name, which has none at its end (unix(7)). */
export function unixAddress(path: string): Uint8Array {
  const name = encode(path);
  const abstract = path.startsWith("\0");
  const address = new Uint8Array(2 + name.length + (abstract ? 0 : 1));
  viewOf(address).setUint16(0, AF_UNIX, true);
  address.set(name, 2);
  return address;
}

/** connect(2) to a path of at most MAX_SOCKET_PATH bytes, or an abstract name. */
export function connectUnix(kernel: Kernel, socket: Fd, path: string): void {
  const address = unixAddress(path);
  kernel.call(SYS_connect, socket, address, address.length);
}

const CONTROL_SIZE = 64;
/** struct cmsghdr; the descriptors follow. */
export const CONTROL_HEADER = 16;

/** The head of a control message that carries descriptors (cmsg(3), SCM_RIGHTS). */
export function putRights(control: DataView, count: number): void {
  putU64(control, 0, CONTROL_HEADER + count * 4);
  control.setInt32(8, SOL_SOCKET, true);
  control.setInt32(12, SCM_RIGHTS, true);
}

/** sendmsg(2) of all of `data`, with descriptors beside its first byte. Returns bytes sent. */
export function sendMessage(kernel: Kernel, socket: Fd, data: Uint8Array, fds: readonly Fd[]): number {
  const keep = new Uint8Array(CONTROL_SIZE);
  const header = messageHeader(
    kernel,
    data,
    kernel.host.addressOf(keep),
    fds.length === 0 ? 0 : CONTROL_HEADER + fds.length * 4,
  );
  if (fds.length > 0) {
    const control = viewOf(keep);
    putRights(control, fds.length);
    fds.forEach((fd, index) => {
      control.setInt32(16 + index * 4, fd, true);
    });
  }
  return kernel.call(SYS_sendmsg, socket, header, MSG_NOSIGNAL);
}

/** recvmsg(2) into `data`: bytes received (0 at the end) and the descriptors that came along, close-on-exec. */
export function receiveMessage(kernel: Kernel, socket: Fd, data: Uint8Array): { length: number; fds: Fd[] } {
  const keep = new Uint8Array(CONTROL_SIZE);
  const header = messageHeader(kernel, data, kernel.host.addressOf(keep), CONTROL_SIZE);
  const length = kernel.call(SYS_recvmsg, socket, header, MSG_CMSG_CLOEXEC);
  const view = viewOf(header);
  if ((view.getUint32(48, true) & MSG_CTRUNC) !== 0)
    throw new Error("a message brought more descriptors than were expected");
  const fds: Fd[] = [];
  const controlLength = view.getUint32(40, true);
  const control = viewOf(keep);
  if (controlLength >= 20 && control.getInt32(8, true) === SOL_SOCKET && control.getInt32(12, true) === SCM_RIGHTS) {
    for (let at = 16; at + 4 <= control.getUint32(0, true); at += 4) fds.push(control.getInt32(at, true) as Fd);
  }
  return { length, fds };
}

/** struct msghdr with one iovec. `data` and the control buffer must stay referenced during the call. */
export function messageHeader(
  kernel: Kernel,
  data: Uint8Array,
  controlAddress: number,
  controlLength: number,
): Uint8Array {
  // header (56 bytes), iovec (16), padding
  const header = new Uint8Array(80);
  const view = viewOf(header);
  putU64(view, 16, kernel.host.addressOf(header) + 56);
  putU64(view, 24, 1);
  putU64(view, 56, kernel.host.addressOf(data));
  putU64(view, 64, data.length);
  if (controlLength > 0) {
    putU64(view, 32, controlAddress);
    putU64(view, 40, controlLength);
  }
  return header;
}
