/** Applying a list of limits to a container's open cgroups, and what is said when the kernel refuses one. */
import { type Fd, type Kernel, SyscallError } from "../kernel/call.ts";
import { EBUSY, EINVAL, ENODEV, ENOENT, O_DIRECTORY, O_RDONLY } from "../kernel/constants.ts";
import { close, listDirectory, openAt, readText, writeFile } from "../kernel/file.ts";
import { RuntimeError } from "../shared/error.ts";
import type { OpenCgroup } from "./group.ts";
import { placeOf } from "./path.ts";
import type { CgroupWrite } from "./write-list.ts";

/** Applies limits in order. @throws RuntimeError that names the field of the first that cannot be applied. */
export function writeLimits(kernel: Kernel, cgroup: OpenCgroup, writes: readonly CgroupWrite[]): void {
  const waiting: CgroupWrite[] = [];
  for (const write of writes) {
    const place = placeOf(cgroup.record, write.controller);
    const fd = place === undefined ? undefined : cgroup.fds[cgroup.record.places.indexOf(place)];
    if (fd === undefined) {
      if (write.optional) continue;
      throw noHierarchy(write);
    }
    const target = { kernel, fd, path: `${place?.mountPoint ?? ""}/${place?.path ?? ""}`, write };
    const failure = apply(target);
    if (failure?.error.errno === EINVAL && writes.some(({ file }) => file === write.retryAfter)) waiting.push(write);
    else if (failure !== undefined) throw explain(failure);
    for (const late of waiting.filter(({ retryAfter }) => retryAfter === write.file)) {
      const second = apply({ ...target, write: late });
      if (second !== undefined) throw explain(second);
    }
  }
}

/** A write with the directory that it goes to. */
interface Target {
  kernel: Kernel;
  fd: Fd;
  /** The directory, for messages. */
  path: string;
  write: CgroupWrite;
}

/** A write that the kernel refused, of the file that was tried last. */
interface Refusal {
  target: Target;
  error: SyscallError;
}

function noHierarchy({ controller, file, value, where }: CgroupWrite): RuntimeError {
  return new RuntimeError({
    what: `set cgroup ${file}`,
    problem: `no hierarchy of the controller "${controller}" is mounted, want it for the value ${value}`,
    where,
    hint: `mount -t cgroup -o ${controller} cgroup /sys/fs/cgroup/${controller}, where the kernel has it`,
  });
}

/** Writes one limit; what the kernel refused, undefined when it is applied. */
function apply(target: Target): Refusal | undefined {
  const { kernel, fd, write } = target;
  if (write.above !== undefined) refuseBelowUse(target, write.above);
  try {
    writeFile(kernel, fd, write.file, write.value);
  } catch (error) {
    if (!(error instanceof SyscallError)) throw error;
    const refusal = { target, error };
    if (error.errno !== ENOENT) return refusal;
    const { instead, ...rest } = write;
    if (instead === undefined) return write.optional ? undefined : refusal;
    const other = apply({ ...target, write: { ...rest, ...instead } });
    // Where neither file is there, the first is the one to tell of.
    return other?.error.errno === ENOENT ? refusal : other;
  }
  if (write.readBack === true) refuseUnapplied(target);
  return undefined;
}

/** memory.checkBeforeUpdate. A file that cannot be read is no reason against the limit (as in runc). */
function refuseBelowUse({ kernel, fd, write }: Target, above: NonNullable<CgroupWrite["above"]>): void {
  const used = readNumber(kernel, fd, above.file);
  if (used === undefined || above.limit > used) return;
  throw new RuntimeError({
    what: `set cgroup ${write.file}`,
    problem: `found ${above.limit}, want more than the ${used} bytes in use (checkBeforeUpdate)`,
    where: write.where,
  });
}

/** Largest page of a kernel, bytes: limits in bytes are rounded down to pages. */
const MAX_PAGE = 65_536n;

/** Some files take a value and keep the old one. */
function refuseUnapplied({ kernel, fd, write }: Target): void {
  const now = readNumber(kernel, fd, write.file);
  const want = BigInt(write.value);
  if (now !== undefined && now <= want && now > want - MAX_PAGE) return;
  throw new RuntimeError({
    what: `set cgroup ${write.file}`,
    problem: `found ${write.value}, which this kernel takes and does not apply, want it absent`,
    where: write.where,
    hint: "memory.limit counts kernel memory too",
  });
}

/** The number in a file; undefined where there is none. */
function readNumber(kernel: Kernel, fd: Fd, file: string): bigint | undefined {
  const text = readIfPresent(kernel, fd, file);
  return text !== undefined && /^[0-9]+$/.test(text) ? BigInt(text) : undefined;
}

function readIfPresent(kernel: Kernel, fd: Fd, file: string): string | undefined {
  try {
    return readText(kernel, fd, file).trim();
  } catch (error) {
    if (error instanceof SyscallError && error.errno === ENOENT) return undefined;
    throw error;
  }
}

/** The line for a refused limit. */
function explain({ target, error }: Refusal): RuntimeError {
  const { write } = target;
  return new RuntimeError({
    what: `set cgroup ${write.file}`,
    problem: problemOf(target, error.errno),
    where: write.where,
    step: "cgroup",
    call: error.call,
    errno: error.code,
  });
}

/** What is said of a device, interface or the like that the kernel does not know (ENODEV), by controller. */
const UNKNOWN_DEVICE: ReadonlyMap<string, string> = new Map([
  ["blkio", "no such block device, want MAJOR:MINOR of one that is there"],
  ["io", "no such block device, want MAJOR:MINOR of one that is there"],
  ["net_prio", "no such interface in the host's network namespace, want one that is there"],
  ["rdma", "no such RDMA device, want one that is there"],
]);

function problemOf({ kernel, fd, path, write }: Target, errno: number): string {
  const { controller, file, value } = write;
  const found = `found ${value}`;
  if (errno === ENODEV && UNKNOWN_DEVICE.has(controller)) return `${found}: ${UNKNOWN_DEVICE.get(controller)}`;
  if (errno === EBUSY && controller === "memory") {
    const used = readNumber(kernel, fd, "memory.usage_in_bytes");
    if (used !== undefined) return `${found}, want more than the ${used} bytes in use that cannot be dropped`;
  }
  if (errno !== ENOENT) return `the kernel refused the value: ${found}, want one that ${path}/${file} takes`;
  // v1 has no such file.
  const available = readIfPresent(kernel, fd, "cgroup.controllers")?.split(" ");
  if (available !== undefined && controller !== "cgroup" && !available.includes(controller))
    return `${found}, and the controller "${controller}" is not in ${path}/cgroup.controllers, want it there`;
  const sizes = controller === "hugetlb" ? pageSizes(kernel, fd) : [];
  if (sizes.length > 0)
    return `found ${file.split(".")[1] ?? file}, want a page size of this machine: ${sizes.join(", ")}`;
  return `the kernel has no such file here: ${found}, want one that ${path}/${file} takes`;
}

/** Huge page sizes by the names of the group's files. */
function pageSizes(kernel: Kernel, directory: Fd): string[] {
  const readable = openAt(kernel, directory, ".", O_RDONLY | O_DIRECTORY);
  try {
    const sizes = listDirectory(kernel, readable).map((name) =>
      /^hugetlb\.([0-9]+[KMG]B)\.(?:limit_in_bytes|max)$/.exec(name),
    );
    return sizes.flatMap((match) => match?.[1] ?? []).sort();
  } finally {
    close(kernel, readable);
  }
}
