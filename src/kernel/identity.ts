/** Users, groups and capabilities of this process. Ids are unsigned 32-bit; 4294967295 means "unchanged" to the kernel and is refused (user.5). */
import { viewOf } from "../shared/bytes.ts";
import type { Kernel } from "./call.ts";
import {
  _LINUX_CAPABILITY_VERSION_3,
  EINVAL,
  PR_CAP_AMBIENT,
  PR_CAP_AMBIENT_CLEAR_ALL,
  PR_CAP_AMBIENT_RAISE,
  PR_CAPBSET_DROP,
  PR_CAPBSET_READ,
  SYS_capget,
  SYS_capset,
  SYS_geteuid,
  SYS_getgroups,
  SYS_getresgid,
  SYS_getresuid,
  SYS_prctl,
  SYS_setgroups,
  SYS_setresgid,
  SYS_setresuid,
} from "./constants.ts";

const UNCHANGED = 0xffffffff;

function checkId(id: number): number {
  if (!Number.isInteger(id) || id < 0 || id >= UNCHANGED) throw new RangeError(`id ${id} is not within 0..4294967294`);
  return id;
}

/** setresuid(2) of all three, read back (user.5). */
export function setUid(kernel: Kernel, uid: number): void {
  kernel.call(SYS_setresuid, checkId(uid), uid, uid);
  checkTriple(kernel, SYS_getresuid, uid, "uid");
}

/** setresgid(2) of all three, read back (user.5). */
export function setGid(kernel: Kernel, gid: number): void {
  kernel.call(SYS_setresgid, checkId(gid), gid, gid);
  checkTriple(kernel, SYS_getresgid, gid, "gid");
}

function checkTriple(kernel: Kernel, number: number, want: number, what: string): void {
  const real = new Uint8Array(4);
  const effective = new Uint8Array(4);
  const saved = new Uint8Array(4);
  kernel.call(number, real, effective, saved);
  for (const id of [real, effective, saved]) {
    const found = viewOf(id).getUint32(0, true);
    if (found !== want) throw new Error(`${what} is ${found} after it was set to ${want}`);
  }
}

/** setgroups(2); 0 or -errno, because a denied call is fine when there is nothing to drop (user.2). */
export function attemptSetGroups(kernel: Kernel, groups: readonly number[]): number {
  const buffer = new Uint8Array(groups.length * 4 + 4);
  const view = viewOf(buffer);
  groups.forEach((gid, index) => {
    view.setUint32(index * 4, checkId(gid), true);
  });
  return kernel.attempt(SYS_setgroups, groups.length, buffer);
}

/** getgroups(2). */
export function getGroups(kernel: Kernel): number[] {
  const count = kernel.call(SYS_getgroups, 0, 0);
  if (count === 0) return [];
  const buffer = new Uint8Array(count * 4);
  const view = viewOf(buffer);
  const filled = kernel.call(SYS_getgroups, count, buffer);
  return Array.from({ length: filled }, (_, index) => view.getUint32(index * 4, true));
}

/** Effective uid. */
export function effectiveUid(kernel: Kernel): number {
  return kernel.call(SYS_geteuid);
}

/** Three sets of capability bits. */
export interface CapabilitySets {
  effective: bigint;
  permitted: bigint;
  inheritable: bigint;
}

function capabilityHeader(): Uint8Array {
  const header = new Uint8Array(8);
  viewOf(header).setUint32(0, _LINUX_CAPABILITY_VERSION_3, true);
  return header;
}

/** capget(2) of this thread. */
export function getCapabilities(kernel: Kernel): CapabilitySets {
  const data = new Uint8Array(24);
  kernel.call(SYS_capget, capabilityHeader(), data);
  const view = viewOf(data);
  const set = (at: number) => BigInt(view.getUint32(at, true)) | (BigInt(view.getUint32(at + 12, true)) << 32n);
  return { effective: set(0), permitted: set(4), inheritable: set(8) };
}

/** capset(2) of this thread. */
export function setCapabilities(kernel: Kernel, sets: CapabilitySets): void {
  const data = new Uint8Array(24);
  const view = viewOf(data);
  const put = (at: number, bits: bigint) => {
    view.setUint32(at, Number(bits & 0xffffffffn), true);
    view.setUint32(at + 12, Number(bits >> 32n), true);
  };
  put(0, sets.effective);
  put(4, sets.permitted);
  put(8, sets.inheritable);
  kernel.call(SYS_capset, capabilityHeader(), data);
}

/** Drops from the bounding set all that `keep` lacks, also what we have no name for: until the kernel says EINVAL (user.4). */
export function limitBoundingSet(kernel: Kernel, keep: bigint): void {
  for (let capability = 0; capability < 64; capability++) {
    if ((keep & (1n << BigInt(capability))) !== 0n) continue;
    const result = kernel.attempt(SYS_prctl, PR_CAPBSET_DROP, capability, 0, 0, 0);
    if (result === -EINVAL) return;
    // Without CAP_SETPCAP nothing can be dropped, which is fine where it is absent already.
    if (result < 0 && kernel.attempt(SYS_prctl, PR_CAPBSET_READ, capability, 0, 0, 0) !== 0)
      throw kernel.failure(result, SYS_prctl, PR_CAPBSET_DROP, capability, 0, 0, 0);
  }
}

/** Bounding set as bits. */
export function getBoundingSet(kernel: Kernel): bigint {
  let bits = 0n;
  for (let capability = 0; capability < 64; capability++) {
    const present = kernel.attempt(SYS_prctl, PR_CAPBSET_READ, capability, 0, 0, 0);
    if (present < 0) break;
    if (present === 1) bits |= 1n << BigInt(capability);
  }
  return bits;
}

/** Clears the ambient set, then raises the given bits. */
export function setAmbient(kernel: Kernel, bits: bigint): void {
  kernel.call(SYS_prctl, PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0);
  if (bits === 0n) return;
  for (let capability = 0; capability < 64; capability++) {
    if ((bits & (1n << BigInt(capability))) !== 0n) {
      kernel.call(SYS_prctl, PR_CAP_AMBIENT, PR_CAP_AMBIENT_RAISE, capability, 0, 0);
    }
  }
}
