/** seccomp(2). */
import { putU64, viewOf } from "../shared/bytes.ts";
import type { Kernel } from "./call.ts";
import { EFAULT, SECCOMP_SET_MODE_FILTER, SYS_seccomp } from "./constants.ts";

/** struct sock_fprog for a program of 8-byte instructions; the program must stay referenced. */
export function filterProgram(kernel: Kernel, program: Uint8Array): Uint8Array {
  const buffer = new Uint8Array(16);
  const view = viewOf(buffer);
  view.setUint16(0, program.length / 8, true);
  putU64(view, 8, kernel.host.addressOf(program));
  return buffer;
}

/** Whether the kernel knows the flags: with no program it says EFAULT when it does, EINVAL when not. Throws for the latter. */
export function checkFilterFlags(kernel: Kernel, flags: number): void {
  const result = kernel.attempt(SYS_seccomp, SECCOMP_SET_MODE_FILTER, flags, 0);
  if (result !== -EFAULT) throw kernel.failure(result, SYS_seccomp, SECCOMP_SET_MODE_FILTER, flags, 0);
}

/** Loads a filter; unknown flags are the kernel's EINVAL, never dropped (seccomp.1). */
export function loadFilter(kernel: Kernel, program: Uint8Array, flags: number): number {
  return kernel.call(SYS_seccomp, SECCOMP_SET_MODE_FILTER, flags, filterProgram(kernel, program));
}
