/** linux.intelRdt: a group in a mounted resctrl. runtime-spec config-linux.md#intelrdt, kernel Documentation/filesystems/resctrl.rst. */
import type { IntelRdt } from "../config/types.ts";
import { AT_CWD, type Fd, type Kernel, type Pid, SyscallError } from "../kernel/call.ts";
import {
  AT_REMOVEDIR,
  EEXIST,
  ENOENT,
  ENOSPC,
  O_DIRECTORY,
  O_NOFOLLOW,
  O_RDONLY,
  O_WRONLY,
  RDTGROUP_SUPER_MAGIC,
  SYS_mkdirat,
  SYS_unlinkat,
} from "../kernel/constants.ts";
import { close, fileSystemOf, openAt, openIfPresent, readText, writeFile, writeOnce } from "../kernel/file.ts";
import { RuntimeError } from "../shared/error.ts";
import { mountsOfType } from "./layout.ts";
import type { ResctrlRecord } from "./resctrl-record.ts";

const AT = "config.json#/linux/intelRdt";
const MONITORS = "mon_groups";

/** Where resctrl is mounted, by the text of /proc/self/mountinfo; undefined where it is not. */
export function findResctrl(mountinfo: string): string | undefined {
  return mountsOfType(mountinfo, "resctrl ")[0]?.mountPoint;
}

/** What is to be made. @throws RuntimeError when no resctrl is mounted: the spec wants an error then. */
export function planResctrl(rdt: IntelRdt, id: string, mountPoint: string | undefined): ResctrlRecord {
  if (mountPoint === undefined) {
    throw new RuntimeError({
      what: "set Intel RDT",
      problem: "found no mounted resctrl, want one",
      where: AT,
      hint: "mount -t resctrl resctrl /sys/fs/resctrl, where CPU and kernel have it",
    });
  }
  const group = rdt.closID === undefined ? id : rdt.closID === "/" ? "" : rdt.closID;
  const monitor = rdt.enableMonitoring === true ? id : "";
  return { mountPoint, group, shared: rdt.closID !== undefined, made: false, monitor, monitorMade: false };
}

/** A line of schemata with its pointer. */
interface SchemaLine {
  text: string;
  where: string;
}

/** The lines in the order that the spec demands: cache, bandwidth, the others. */
export function schemataLines({ l3CacheSchema, memBwSchema, schemata = [] }: IntelRdt): SchemaLine[] {
  const lines: SchemaLine[] = [];
  const add = (text: string | undefined, where: string) => {
    for (const line of (text ?? "").split("\n")) if (line !== "") lines.push({ text: line, where: `${AT}/${where}` });
  };
  add(l3CacheSchema, "l3CacheSchema");
  add(memBwSchema, "memBwSchema");
  schemata.forEach((line, index) => {
    add(line, `schemata/${index}`);
  });
  return lines;
}

/**
 * Makes the container's group and monitoring group, and writes the schemata. What was made is noted in `record`.
 *
 * @param verify demand that the mount point is of type resctrl (tests bring a folder).
 * @throws RuntimeError with the kernel's last_cmd_status.
 */
export function makeResctrl(kernel: Kernel, record: ResctrlRecord, rdt: IntelRdt, verify: boolean): void {
  const root = openAt(kernel, AT_CWD, record.mountPoint, O_RDONLY | O_DIRECTORY);
  try {
    if (verify && fileSystemOf(kernel, root).type !== RDTGROUP_SUPER_MAGIC) {
      throw new RuntimeError({
        what: "set Intel RDT",
        problem: "found another file system, want resctrl",
        where: record.mountPoint,
      });
    }
    const lines = schemataLines(rdt);
    const group = openGroup(kernel, root, record, lines.length > 0);
    try {
      if (record.shared && !record.made) compareSchemata(kernel, root, group, rdt, record);
      writeSchemata(kernel, root, group, lines, record);
      if (record.monitor !== "") {
        const path = `${MONITORS}/${record.monitor}`;
        record.monitorMade = makeDirectory(kernel, root, group, path, `${AT}/enableMonitoring`);
      }
    } finally {
      close(kernel, group);
    }
  } finally {
    close(kernel, root);
  }
}

/** Writes new schemata to the group of a container that runs. @throws RuntimeError with the kernel's last_cmd_status. */
export function updateResctrl(kernel: Kernel, record: ResctrlRecord, rdt: IntelRdt): void {
  const root = openAt(kernel, AT_CWD, record.mountPoint, O_RDONLY | O_DIRECTORY);
  try {
    const group = openAt(kernel, root, record.group === "" ? "." : record.group, O_RDONLY | O_DIRECTORY | O_NOFOLLOW);
    writeSchemata(kernel, root, group, schemataLines(rdt), record);
    close(kernel, group);
  } finally {
    close(kernel, root);
  }
}

/** Opens the group, made if it may be: one that closID names without schemata must be there already. */
function openGroup(kernel: Kernel, root: Fd, record: ResctrlRecord, hasSchemata: boolean): Fd {
  const { group, shared, mountPoint } = record;
  if (group === "") return openAt(kernel, root, ".", O_RDONLY | O_DIRECTORY);
  if (!shared || hasSchemata) record.made = makeDirectory(kernel, root, root, group, shared ? `${AT}/closID` : AT);
  const fd = openIfPresent(kernel, root, group, O_RDONLY | O_DIRECTORY | O_NOFOLLOW);
  if (fd !== undefined) return fd;
  throw new RuntimeError({
    what: "set Intel RDT",
    problem: `found no group ${mountPoint}/${group}, want it made before, or schemata to make it with`,
    where: `${AT}/closID`,
  });
}

/** Makes a directory; false when it was there. */
function makeDirectory(kernel: Kernel, root: Fd, parent: Fd, path: string, where: string): boolean {
  const result = kernel.attempt(SYS_mkdirat, parent, path, 0o755);
  if (result === 0) return true;
  if (result === -EEXIST) return false;
  const problem =
    result === -ENOSPC
      ? `found no free place for the group ${path}, want one (num_closids, num_rmids in info/)`
      : `the kernel refused the group ${path}, want one that it takes`;
  throw refusal(kernel, root, problem, where, kernel.failure(result, SYS_mkdirat, parent, path, 0o755));
}

/** A group that others may use is not changed: the spec wants an error when it differs. */
function compareSchemata(kernel: Kernel, root: Fd, group: Fd, rdt: IntelRdt, record: ResctrlRecord): void {
  const compared = schemataLines({ ...rdt, schemata: [] });
  if (compared.length === 0) return;
  const present = readText(kernel, group, "schemata");
  const wrong = compared.find(({ text }) => schemaDiffers(text, present, bandwidthStep(kernel, root)));
  if (wrong === undefined) return;
  throw new RuntimeError({
    what: "set Intel RDT",
    problem: `found "${wrong.text}", want what ${record.mountPoint}/${record.group} has: ${present.trim().replace(/\s*\n\s*/g, " ")}`,
    where: wrong.where,
  });
}

/** In steps of how many percent the kernel takes bandwidths; 1 where it says nothing. */
function bandwidthStep(kernel: Kernel, root: Fd): number {
  const fd = openIfPresent(kernel, root, "info/MB/bandwidth_gran", O_RDONLY);
  if (fd === undefined) return 1;
  close(kernel, fd);
  return Number(readText(kernel, root, "info/MB/bandwidth_gran").trim()) || 1;
}

/**
 * Whether a line asks for something else than a group has. Masks are compared as numbers, bandwidths as the kernel rounds them up, and
 * only for the caches that the line names.
 */
export function schemaDiffers(line: string, present: string, bandwidthStep: number): boolean {
  const wanted = parseSchema(line);
  const has = present
    .split("\n")
    .map(parseSchema)
    .find(({ resource }) => resource === wanted.resource);
  if (has === undefined) return true;
  const same = (want: number, now: number | undefined): boolean =>
    now !== undefined && (now === want || (wanted.resource === "MB" && now > want && now - want < bandwidthStep));
  return ![...wanted.domains].every(([domain, value]) => same(value, has.domains.get(domain)));
}

/** `L3:0=7f0;1=1f`: masks are hexadecimal, bandwidths decimal. */
function parseSchema(line: string): { resource: string; domains: Map<string, number> } {
  const colon = line.indexOf(":");
  const resource = line.slice(0, Math.max(colon, 0)).trim();
  const domains = new Map<string, number>();
  for (const entry of line.slice(colon + 1).split(";")) {
    const [domain = "", value = ""] = entry.split("=");
    domains.set(domain.trim(), Number.parseInt(value.trim(), resource === "MB" ? 10 : 16));
  }
  return { resource, domains };
}

/** One write a line, so that a refusal is of one field. */
function writeSchemata(
  kernel: Kernel,
  root: Fd,
  group: Fd,
  lines: readonly SchemaLine[],
  { mountPoint, group: name }: ResctrlRecord,
): void {
  if (lines.length === 0) return;
  const fd = openAt(kernel, group, "schemata", O_WRONLY);
  try {
    for (const { text, where } of lines) {
      try {
        writeOnce(kernel, fd, `${text}\n`);
      } catch (error) {
        if (!(error instanceof SyscallError)) throw error;
        const problem = `the kernel refused the value: found "${text}", want a line that ${mountPoint}/${name}/schemata takes`;
        throw refusal(kernel, root, problem, where, error);
      }
    }
  } finally {
    close(kernel, fd);
  }
}

/** An error with what the kernel has to say about its last refusal. */
function refusal(kernel: Kernel, root: Fd, problem: string, where: string, error: SyscallError): RuntimeError {
  let status = "";
  const fd = openIfPresent(kernel, root, "info/last_cmd_status", O_RDONLY);
  if (fd !== undefined) {
    close(kernel, fd);
    status = readText(kernel, root, "info/last_cmd_status").trim();
  }
  return new RuntimeError({
    what: "set Intel RDT",
    problem: status === "" || status === "ok" ? problem : `${problem} (last_cmd_status: ${status})`,
    where,
    step: "resctrl",
    call: error.call,
    errno: error.code,
  });
}

/** Moves a task into the group and its monitoring group; its children follow. For init and for what exec adds. */
export function joinResctrl(kernel: Kernel, record: ResctrlRecord, pid: Pid): void {
  const root = openAt(kernel, AT_CWD, record.mountPoint, O_RDONLY | O_DIRECTORY);
  const group = record.group === "" ? "" : `${record.group}/`;
  const files = [`${group}tasks`, ...(record.monitor === "" ? [] : [`${group}${MONITORS}/${record.monitor}/tasks`])];
  try {
    for (const file of files) {
      try {
        writeFile(kernel, root, file, String(pid));
      } catch (error) {
        if (!(error instanceof SyscallError)) throw error;
        const problem = `the kernel refused process ${pid}, want ${record.mountPoint}/${file} to take it`;
        throw refusal(kernel, root, problem, AT, error);
      }
    }
  } finally {
    close(kernel, root);
  }
}

/**
 * Removes what was made for the container: its monitoring group, and its group unless closID names it.
 *
 * @param all also one that closID names: a create that failed leaves nothing.
 */
export function removeResctrl(kernel: Kernel, record: ResctrlRecord, all = false): void {
  const root = openIfPresent(kernel, AT_CWD, record.mountPoint, O_RDONLY | O_DIRECTORY);
  if (root === undefined) return;
  const group = record.group === "" ? "" : `${record.group}/`;
  try {
    if (record.monitor !== "" && (record.monitorMade || !all))
      removeDirectory(kernel, root, `${group}${MONITORS}/${record.monitor}`);
    if (record.made && (all || !record.shared)) removeDirectory(kernel, root, record.group);
  } finally {
    close(kernel, root);
  }
}

function removeDirectory(kernel: Kernel, root: Fd, path: string): void {
  const result = kernel.attempt(SYS_unlinkat, root, path, AT_REMOVEDIR);
  if (result < 0 && result !== -ENOENT) throw kernel.failure(result, SYS_unlinkat, root, path, AT_REMOVEDIR);
}
