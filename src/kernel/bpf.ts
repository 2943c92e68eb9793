/** bpf(2): programs of type cgroup_device on a v2 cgroup. */
import { putU64, viewOf } from "../shared/bytes.ts";
import { decode } from "../shared/text.ts";
import type { Fd, Kernel } from "./call.ts";
import {
  BPF_CGROUP_DEVICE,
  BPF_F_ALLOW_MULTI,
  BPF_PROG_ATTACH,
  BPF_PROG_DETACH,
  BPF_PROG_GET_FD_BY_ID,
  BPF_PROG_LOAD,
  BPF_PROG_QUERY,
  BPF_PROG_TYPE_CGROUP_DEVICE,
  SYS_bpf,
} from "./constants.ts";
import { close } from "./file.ts";

const ATTR_SIZE = 128;

/** Loads a device program of 8-byte instructions; the verifier's last words are in the error. */
export function loadDeviceProgram(kernel: Kernel, program: Uint8Array): Fd {
  const license = new Uint8Array([0x41, 0x70, 0x61, 0x63, 0x68, 0x65, 0]);
  const log = new Uint8Array(4096);
  const attr = new Uint8Array(ATTR_SIZE);
  const view = viewOf(attr);
  view.setUint32(0, BPF_PROG_TYPE_CGROUP_DEVICE, true);
  view.setUint32(4, program.length / 8, true);
  putU64(view, 8, kernel.host.addressOf(program));
  putU64(view, 16, kernel.host.addressOf(license));
  const result = kernel.attempt(SYS_bpf, BPF_PROG_LOAD, attr, attr.length);
  if (result >= 0) return result as Fd;
  view.setUint32(24, 1, true);
  view.setUint32(28, log.length, true);
  putU64(view, 32, kernel.host.addressOf(log));
  kernel.attempt(SYS_bpf, BPF_PROG_LOAD, attr, attr.length);
  const words = decode(log.subarray(0, Math.max(0, log.indexOf(0)))).trim();
  const error = kernel.failure(result, SYS_bpf, BPF_PROG_LOAD, attr, attr.length);
  if (words !== "") error.message += ` (verifier: ${words.split("\n").slice(-1)[0]})`;
  throw error;
}

/** Attaches a program to a cgroup directory. */
export function attachDeviceProgram(kernel: Kernel, cgroup: Fd, program: Fd): void {
  const attr = new Uint8Array(ATTR_SIZE);
  const view = viewOf(attr);
  view.setUint32(0, cgroup, true);
  view.setUint32(4, program, true);
  view.setUint32(8, BPF_CGROUP_DEVICE, true);
  view.setUint32(12, BPF_F_ALLOW_MULTI, true);
  kernel.call(SYS_bpf, BPF_PROG_ATTACH, attr, attr.length);
}

/** Most device programs that are looked for on one cgroup (the kernel allows 64). */
const MAX_PROGRAMS = 64;

/** Ids of the device programs that are attached to a cgroup directory itself (BPF_PROG_QUERY, Linux 4.16). */
export function devicePrograms(kernel: Kernel, cgroup: Fd): number[] {
  const ids = new Uint8Array(MAX_PROGRAMS * 4);
  const attr = new Uint8Array(ATTR_SIZE);
  const view = viewOf(attr);
  view.setUint32(0, cgroup, true);
  view.setUint32(4, BPF_CGROUP_DEVICE, true);
  putU64(view, 16, kernel.host.addressOf(ids));
  view.setUint32(24, MAX_PROGRAMS, true);
  kernel.call(SYS_bpf, BPF_PROG_QUERY, attr, attr.length);
  const list = viewOf(ids);
  return Array.from({ length: view.getUint32(24, true) }, (_, index) => list.getUint32(index * 4, true));
}

/** Detaches programs by their ids. */
export function detachDevicePrograms(kernel: Kernel, cgroup: Fd, ids: readonly number[]): void {
  for (const id of ids) {
    const byId = new Uint8Array(ATTR_SIZE);
    viewOf(byId).setUint32(0, id, true);
    const program = kernel.call(SYS_bpf, BPF_PROG_GET_FD_BY_ID, byId, byId.length) as Fd;
    try {
      const attr = new Uint8Array(ATTR_SIZE);
      const view = viewOf(attr);
      view.setUint32(0, cgroup, true);
      view.setUint32(4, program, true);
      view.setUint32(8, BPF_CGROUP_DEVICE, true);
      kernel.call(SYS_bpf, BPF_PROG_DETACH, attr, attr.length);
    } finally {
      close(kernel, program);
    }
  }
}
