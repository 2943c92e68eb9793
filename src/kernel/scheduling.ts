/** Scheduling, I/O priority, memory policy and execution domain of this process. */
import { putU64, viewOf } from "../shared/bytes.ts";
import type { Kernel } from "./call.ts";
import {
  IOPRIO_WHO_PROCESS,
  SYS_ioprio_set,
  SYS_personality,
  SYS_sched_setaffinity,
  SYS_sched_setattr,
  SYS_set_mempolicy,
} from "./constants.ts";

/** struct sched_attr (sched_setattr(2)), its first version: 48 bytes. Times in nanoseconds. */
export interface SchedulerAttributes {
  policy: number;
  flags: number;
  nice: number;
  priority: number;
  runtime: bigint;
  deadline: bigint;
  period: bigint;
}

/** sched_setattr(2), Linux 3.14. */
export function setScheduler(kernel: Kernel, attributes: SchedulerAttributes): void {
  const bytes = new Uint8Array(48);
  const view = viewOf(bytes);
  view.setUint32(0, bytes.length, true);
  view.setUint32(4, attributes.policy, true);
  putU64(view, 8, attributes.flags);
  view.setInt32(16, attributes.nice, true);
  view.setUint32(20, attributes.priority, true);
  putU64(view, 24, attributes.runtime);
  putU64(view, 32, attributes.deadline);
  putU64(view, 40, attributes.period);
  kernel.call(SYS_sched_setattr, 0, bytes, 0);
}

/** ioprio_set(2): class and level in one word. */
export function setIoPriority(kernel: Kernel, value: number): void {
  kernel.call(SYS_ioprio_set, IOPRIO_WHO_PROCESS, 0, value);
}

/** personality(2). */
export function setPersonality(kernel: Kernel, persona: number): void {
  kernel.call(SYS_personality, persona);
}

/** A bit for each number, in 64-bit words. */
function bitMask(numbers: readonly number[]): Uint8Array {
  const words = Math.floor(Math.max(0, ...numbers) / 64) + 1;
  const mask = new Uint8Array(words * 8);
  for (const number of numbers) mask[number >> 3] = (mask[number >> 3] ?? 0) | (1 << (number & 7));
  return mask;
}

/** set_mempolicy(2). No nodes: an empty mask. */
export function setMemoryPolicy(kernel: Kernel, mode: number, nodes: readonly number[]): void {
  const mask = bitMask(nodes);
  // The kernel takes one bit less than maxnode says (get_nodes in mm/mempolicy.c).
  if (nodes.length === 0) kernel.call(SYS_set_mempolicy, mode, 0, 0);
  else kernel.call(SYS_set_mempolicy, mode, mask, mask.length * 8 + 1);
}

/** Bytes of a mask of the largest CONFIG_NR_CPUS; the kernel leaves out what there is not. */
const ALL_CPUS = 8192 / 8;

/** sched_setaffinity(2) of this process; undefined: every CPU. */
export function setAffinity(kernel: Kernel, cpus: readonly number[] | undefined): void {
  const mask = cpus === undefined ? new Uint8Array(ALL_CPUS).fill(0xff) : bitMask(cpus);
  kernel.call(SYS_sched_setaffinity, 0, mask.length, mask);
}
