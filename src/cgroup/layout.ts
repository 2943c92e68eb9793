/** What cgroup hierarchies the machine has, read from /proc/self/mountinfo and /proc/self/cgroup; never guessed (DESIGN section 4). */

import type { Kernel } from "../kernel/call.ts";
import { type Procfs, readProc, selfName } from "../kernel/procfs.ts";
import { RuntimeError } from "../shared/error.ts";

/** One hierarchy: a v1 one with its controllers, or the unified one. */
export interface Hierarchy {
  /** Controllers of a v1 hierarchy: `["cpu", "cpuacct"]`, `["name=systemd"]`; empty for the unified one. */
  readonly controllers: readonly string[];
  /** Where it is mounted. */
  readonly mountPoint: string;
  /** Path within the hierarchy that the mount point shows. */
  readonly mountRoot: string;
  /** Where this process is in it. */
  readonly own: string;
}

/** The machine's hierarchies. Hybrid is version 1 with a unified hierarchy that has no controllers of use. */
export interface CgroupLayout {
  readonly version: 1 | 2;
  readonly hierarchies: readonly Hierarchy[];
}

/** Controllers as a v1 mount's superblock options name them; everything else there is an option. */
const V1_CONTROLLERS: ReadonlySet<string> = new Set([
  "cpu",
  "cpuacct",
  "cpuset",
  "memory",
  "devices",
  "freezer",
  "blkio",
  "pids",
  "net_cls",
  "net_prio",
  "perf_event",
  "hugetlb",
  "rdma",
  "misc",
]);

/** Reads the layout. Throws when nothing of cgroups is mounted. */
export function readLayout(kernel: Kernel, proc: Procfs): CgroupLayout {
  const self = selfName(kernel, proc);
  return parseLayout(readProc(kernel, proc, `${self}/mountinfo`) ?? "", readProc(kernel, proc, `${self}/cgroup`) ?? "");
}

/** The layout from the two texts. */
export function parseLayout(mountinfo: string, own: string): CgroupLayout {
  const ownPaths = parseOwn(own);
  const hierarchies: Hierarchy[] = [];
  const seen = new Set<string>();
  for (const line of mountsOfType(mountinfo, "cgroup")) {
    const controllers = line.type === "cgroup2" ? [] : controllersOf(line.options);
    const key = line.type === "cgroup2" ? "" : controllers.join(",");
    if ((line.type === "cgroup" && controllers.length === 0) || seen.has(key)) continue;
    seen.add(key);
    const ownPath = ownPaths.get(controllers[0] ?? "");
    // A hierarchy that we are not in (its mount is seen, its line is not) cannot be used.
    if (ownPath === undefined) continue;
    hierarchies.push({ controllers, mountPoint: line.mountPoint, mountRoot: line.root, own: ownPath });
  }
  if (hierarchies.length === 0) {
    throw new RuntimeError({
      what: "find cgroups",
      problem: "found no cgroup mount, want cgroup2 or the v1 controllers",
      where: "/sys/fs/cgroup",
      hint: "mount -t cgroup2 cgroup2 /sys/fs/cgroup",
    });
  }
  const version = hierarchies.every((entry) => entry.controllers.length === 0) ? 2 : 1;
  return { version, hierarchies };
}

/** A line of mountinfo, proc_pid_mountinfo(5). */
export interface MountLine {
  root: string;
  mountPoint: string;
  type: string;
  options: string;
}

/** Lines of mounts whose type begins with a word. The text is searched, not split: other lines cost nothing. */
export function mountsOfType(mountinfo: string, type: string): MountLine[] {
  const lines: MountLine[] = [];
  const mark = ` - ${type}`;
  for (let at = mountinfo.indexOf(mark); at >= 0; at = mountinfo.indexOf(mark, at + 1)) {
    const start = mountinfo.lastIndexOf("\n", at) + 1;
    const end = mountinfo.indexOf("\n", at);
    const before = mountinfo.slice(start, at).split(" ");
    const after = mountinfo.slice(at + 3, end < 0 ? undefined : end).split(" ");
    lines.push({
      root: unescapeMount(before[3] ?? "/"),
      mountPoint: unescapeMount(before[4] ?? "/"),
      type: after[0] ?? "",
      options: after[after.length - 1] ?? "",
    });
  }
  return lines;
}

/** proc_pid_mountinfo(5): space, tab, newline and backslash are octal escapes. */
function unescapeMount(text: string): string {
  if (!text.includes("\\")) return text;
  return text.replace(/\\(0[0-7]{2}|1[0-7]{2})/g, (_, digits: string) =>
    String.fromCharCode(Number.parseInt(digits, 8)),
  );
}

function controllersOf(options: string): string[] {
  return options.split(",").filter((option) => V1_CONTROLLERS.has(option) || option.startsWith("name="));
}

/** /proc/PID/cgroup: `4:memory:/a` → memory: /a; the unified line `0::/a` under the empty name. */
function parseOwn(text: string): Map<string, string> {
  const paths = new Map<string, string>();
  for (const line of text.split("\n")) {
    const first = line.indexOf(":");
    const second = line.indexOf(":", first + 1);
    if (first < 0 || second < 0) continue;
    for (const controller of line.slice(first + 1, second).split(",")) paths.set(controller, line.slice(second + 1));
  }
  return paths;
}
