/** Changing the limits of a container that runs: all of them, or none. */
import type { Resources } from "../config/types.ts";
import { attachDeviceProgram, detachDevicePrograms, devicePrograms, loadDeviceProgram } from "../kernel/bpf.ts";
import { type Fd, type Kernel, SyscallError } from "../kernel/call.ts";
import { close, readText } from "../kernel/file.ts";
import { RuntimeError } from "../shared/error.ts";
import { deviceProgram, type PlainRule, v1DeviceWrites } from "./devices.ts";
import { freezeAndWait } from "./freezer.ts";
import { isFrozen, type OpenCgroup, openPlace, writeDevices } from "./group.ts";
import { writeLimits } from "./limits.ts";
import { type CgroupRecord, placeOf } from "./path.ts";
import { v1Writes } from "./resources-v1.ts";
import { type PresentLimits, v2Writes } from "./resources-v2.ts";
import { type CgroupWrite, isNegative, isSet, RESOURCES_AT } from "./write-list.ts";

/** Text of runc for a container whose cgroup somebody has removed (libcontainer/error.go). */
const GONE = "cgroup not exist";

/** Opens the directories of a container. @throws RuntimeError when one is gone. */
export function openCgroup(kernel: Kernel, record: CgroupRecord, what: string): OpenCgroup {
  const fds = record.places.map((place): Fd => {
    const fd = openPlace(kernel, place);
    if (fd === undefined)
      throw new RuntimeError({ what, problem: `${GONE}: it was removed`, where: `${place.mountPoint}/${place.path}` });
    return fd;
  });
  return { record, fds };
}

/**
 * Sets the limits that `resources` has, and leaves all others. If one is refused, those that were set get their earlier value back.
 *
 * @throws RuntimeError of the first that is refused.
 */
export function updateLimits(kernel: Kernel, cgroup: OpenCgroup, resources: Resources): void {
  const writes =
    cgroup.record.version === 1
      ? v1Writes(resources)
      : v2Writes(withSwap(kernel, cgroup, resources), RESOURCES_AT, presentLimits(kernel, cgroup));
  const before = writes.flatMap((write) => earlier(kernel, cgroup, write));
  try {
    writeLimits(kernel, cgroup, writes);
  } catch (error) {
    giveBack(kernel, cgroup, before.reverse());
    throw error;
  }
}

/** Twice: limits that the kernel compares with each other may have to go back in another order. */
function giveBack(kernel: Kernel, cgroup: OpenCgroup, before: readonly CgroupWrite[]): void {
  for (let round = 0; round < 2; round++) {
    for (const write of before) {
      try {
        writeLimits(kernel, cgroup, [write]);
      } catch (error) {
        // The second round's refusal is of a value that the kernel itself has shown: nothing more can be done.
        if (!(error instanceof RuntimeError)) throw error;
      }
    }
  }
}

/** Files with a line for each device or interface, whose first word names it. */
const KEYED = /^(?:io\.max|io\.weight|io\.bfq\.weight|blkio\..*_device|rdma\.max|net_prio\.ifpriomap)$/;
/** What stands for "no limit" where the file has no line for a device. */
const NO_LIMIT: readonly [file: RegExp, value: string][] = [
  [/^io\.max$/, "rbps=max wbps=max riops=max wiops=max"],
  [/weight/, "default"],
  [/throttle/, "0"],
];

/** The write that takes another one back; none where the file says nothing of it. */
function earlier(kernel: Kernel, cgroup: OpenCgroup, write: CgroupWrite): CgroupWrite[] {
  const place = placeOf(cgroup.record, write.controller);
  const fd = place === undefined ? undefined : cgroup.fds[cgroup.record.places.indexOf(place)];
  if (fd === undefined) return [];
  for (const file of [write.file, ...(write.instead === undefined ? [] : [write.instead.file])]) {
    const text = readLimit(kernel, fd, file);
    if (text === undefined) continue;
    const value = earlierValue(file, text, write.value);
    const { controller, where } = write;
    return value === undefined ? [] : [{ controller, where, file, value, optional: true }];
  }
  return [];
}

/** What to write to have a file as it was before `value` was written to it. */
export function earlierValue(file: string, text: string, value: string): string | undefined {
  const [first = "", ...more] = text.split("\n");
  if (file === "memory.oom_control") return first.split(" ")[1];
  if (!KEYED.test(file)) return more.length === 0 ? first : undefined;
  const key = value.includes(" ") ? value.slice(0, value.indexOf(" ")) : "default";
  const line = [first, ...more].find((entry) => entry.startsWith(`${key} `));
  if (line !== undefined) return line;
  if (key === "default") return more.length === 0 && !first.includes(" ") ? first : undefined;
  const none = NO_LIMIT.find(([pattern]) => pattern.test(file))?.[1];
  return none === undefined ? undefined : `${key} ${none}`;
}

/** Text of a cgroup file; undefined where it cannot be read. */
function readLimit(kernel: Kernel, fd: Fd, file: string): string | undefined {
  try {
    return readText(kernel, fd, file).trim();
  } catch (error) {
    if (error instanceof SyscallError) return undefined;
    throw error;
  }
}

/** v2: what a partial document does not say and the kernel keeps in the same file. */
function presentLimits(kernel: Kernel, { fds: [fd] }: OpenCgroup): PresentLimits {
  if (fd === undefined) return { quota: "max", memory: 0 };
  const memory = readLimit(kernel, fd, "memory.max");
  return {
    quota: readLimit(kernel, fd, "cpu.max")?.split(" ")[0] ?? "max",
    memory: memory === undefined ? 0 : memory === "max" ? -1 : BigInt(memory),
  };
}

/**
 * v2 counts swap alone, the document memory and swap together: a new memory limit leaves their sum as it is, as on v1 and in runc. And
 * a new sum is held against the memory limit that stands.
 */
function withSwap(kernel: Kernel, { fds: [fd] }: OpenCgroup, resources: Resources): Resources {
  const { memory } = resources;
  if (memory === undefined || fd === undefined) return resources;
  const [present, swap] = [readLimit(kernel, fd, "memory.max"), readLimit(kernel, fd, "memory.swap.max")];
  if (present === undefined || present === "max" || isNegative(memory.limit)) return resources;
  const limit = isSet(memory.limit) ? BigInt(memory.limit) : BigInt(present);
  const kept = swap === undefined || swap === "max" ? undefined : BigInt(present) + BigInt(swap);
  const sum = isSet(memory.swap) ? memory.swap : isSet(memory.limit) ? kept : undefined;
  if (sum === undefined || isNegative(sum)) return resources;
  if (sum < limit) {
    const asked = isSet(memory.swap);
    throw new RuntimeError({
      what: "set cgroup memory.swap.max",
      problem: asked
        ? `found ${sum}, want at least the memory limit ${limit} (it counts both)`
        : `found ${limit}, want at most ${sum}, which memory and swap together may use`,
      where: `${RESOURCES_AT}/memory/${asked ? "swap" : "limit"}`,
    });
  }
  return { ...resources, memory: { ...memory, swap: sum } };
}

/**
 * Replaces the device rules. v1 has no way to do it in one step, so nothing of the container runs meanwhile; on v2 the old programs go
 * once the new one stands.
 */
export function updateDevices(kernel: Kernel, cgroup: OpenCgroup, rules: readonly PlainRule[], what: string): void {
  const { record, fds } = cgroup;
  if (record.version === 1) {
    const thaw = placeOf(record, "freezer") !== undefined && !isFrozen(kernel, record);
    if (thaw) freezeAndWait(kernel, record, true, what);
    try {
      writeDevices(kernel, cgroup, v1DeviceWrites(rules));
    } finally {
      if (thaw) freezeAndWait(kernel, record, false, what);
    }
    return;
  }
  const [fd] = fds;
  if (fd === undefined) return;
  const before = devicePrograms(kernel, fd);
  const loaded = loadDeviceProgram(kernel, deviceProgram(rules));
  attachDeviceProgram(kernel, fd, loaded);
  close(kernel, loaded);
  detachDevicePrograms(kernel, fd, before);
}
