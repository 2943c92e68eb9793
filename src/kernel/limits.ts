/** Resource limits, umask, host and domain names, session keyring, loopback. */
import { putU64, viewOf } from "../shared/bytes.ts";
import { encode } from "../shared/text.ts";
import type { Fd, Kernel, Pid } from "./call.ts";
import {
  AF_INET,
  IFF_UP,
  KEYCTL_JOIN_SESSION_KEYRING,
  SIOCGIFFLAGS,
  SIOCSIFFLAGS,
  SOCK_CLOEXEC,
  SOCK_DGRAM,
  SYS_ioctl,
  SYS_keyctl,
  SYS_prlimit64,
  SYS_setdomainname,
  SYS_sethostname,
  SYS_socket,
  SYS_umask,
} from "./constants.ts";
import { close } from "./file.ts";

/** prlimit(2): sets soft and hard limit of a process (0: this one). Values are u64; RLIM_INFINITY is 2^64 - 1. */
export function setLimit(
  kernel: Kernel,
  pid: Pid | 0,
  resource: number,
  soft: number | bigint,
  hard: number | bigint,
): void {
  const limit = new Uint8Array(16);
  putU64(viewOf(limit), 0, soft);
  putU64(viewOf(limit), 8, hard);
  kernel.call(SYS_prlimit64, pid, resource, limit, 0);
}

/** Soft and hard limit of this process. */
export function getLimit(kernel: Kernel, resource: number): { soft: bigint; hard: bigint } {
  const limit = new Uint8Array(16);
  kernel.call(SYS_prlimit64, 0, resource, 0, limit);
  const view = viewOf(limit);
  return { soft: view.getBigUint64(0, true), hard: view.getBigUint64(8, true) };
}

/** umask(2): sets the mask, returns the one before. */
export function setUmask(kernel: Kernel, mask: number): number {
  return kernel.call(SYS_umask, mask);
}

export function setHostName(kernel: Kernel, name: string): void {
  const bytes = encode(name);
  kernel.call(SYS_sethostname, bytes, bytes.length);
}

export function setDomainName(kernel: Kernel, name: string): void {
  const bytes = encode(name);
  kernel.call(SYS_setdomainname, bytes, bytes.length);
}

/** Joins a new session keyring of that name, so that the caller's keys are not possessed (user.8). Returns its id or -errno. */
export function joinSessionKeyring(kernel: Kernel, name: string): number {
  return kernel.attempt(SYS_keyctl, KEYCTL_JOIN_SESSION_KEYRING, name);
}

/** Sets the loopback interface up in this network namespace (netdevice(7)). */
export function loopbackUp(kernel: Kernel): void {
  const socket = kernel.call(SYS_socket, AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0) as Fd;
  try {
    const request = new Uint8Array(40);
    request.set(encode("lo"));
    kernel.call(SYS_ioctl, socket, SIOCGIFFLAGS, request);
    const view = viewOf(request);
    view.setUint16(16, view.getUint16(16, true) | IFF_UP, true);
    kernel.call(SYS_ioctl, socket, SIOCSIFFLAGS, request);
  } finally {
    close(kernel, socket);
  }
}
