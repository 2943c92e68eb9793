/** What a process in a container sees, as a flat table: field → value, without what differs from run to run. */
import { readdirSync, readFileSync, readlinkSync } from "node:fs";
import { join } from "node:path";

/** Namespace kinds as /proc/PID/ns names them. */
const NAMESPACES = ["cgroup", "ipc", "mnt", "net", "pid", "time", "user", "uts"];

/** Printed before each part of the probe's output. */
const MARK = "@@";

/** Files of v1 controllers that a config can set. */
const CGROUP_FILES = [
  ...[
    "limit_in_bytes",
    "soft_limit_in_bytes",
    "memsw.limit_in_bytes",
    "kmem.limit_in_bytes",
    "kmem.tcp.limit_in_bytes",
  ],
  ...["swappiness", "oom_control", "use_hierarchy"],
]
  .map((name) => `memory/memory.${name}`)
  .concat(
    ["shares", "cfs_quota_us", "cfs_period_us", "cfs_burst_us", "rt_runtime_us", "rt_period_us", "idle"].map(
      (name) => `cpu/cpu.${name}`,
    ),
    ["read_bps", "write_bps", "read_iops", "write_iops"].map((name) => `blkio/blkio.throttle.${name}_device`),
    ["pids/pids.max", "cpuset/cpuset.cpus", "cpuset/cpuset.mems", "devices/devices.list"],
  );

/**
 * The probe: a shell script for busybox. `$$` is the container's first process, so that nothing is seen of the probe's own children but
 * what they inherit. Without /proc there is nothing to read: every config mounts it.
 */
export const PROBE = `
p=/proc/$$
part() { echo "${MARK}$1"; }
part status; cat $p/status
part mountinfo; cat $p/mountinfo
part cgroup; cat $p/cgroup
part limits; cat $p/limits
part ns; for n in ${NAMESPACES.join(" ")}; do echo "$n=$(readlink $p/ns/$n)"; done
part environ; tr '\\0' '\\n' < $p/environ
part cmdline; tr '\\0' '\\n' < $p/cmdline
part stat; cat $p/stat
part fd; ls -l $p/fd
part fdkind; for n in 0 1 2; do echo "$n=$(stat -L -c '%F %u:%g' $p/fd/$n)"; done
part fdinfo; for n in 0 1 2; do grep flags: $p/fdinfo/$n | sed "s/^/$n=/"; done
part dev; find /dev -exec stat -c '%n=%A %u:%g %t:%T %N' {} +
part top; for n in / /proc /sys /dev /tmp /data /made/deep /root; do stat -c '%n=%A %u:%g' $n 2>/dev/null; done
part one
echo "cwd=$(readlink $p/cwd)"
echo "root=$(readlink $p/root)"
echo "umask=$(umask)"
echo "hostname=$(hostname)"
for f in sys/kernel/domainname sys/net/ipv4/ip_forward sys/kernel/shm_rmid_forced sys/fs/mqueue/msg_max self/uid_map \\
  sys/kernel/msgmax sys/kernel/sem sys/fs/mqueue/queues_max sys/net/ipv4/ping_group_range \\
  self/gid_map self/setgroups self/timens_offsets self/oom_score_adj self/timerslack_ns self/coredump_filter self/loginuid \\
  self/personality self/attr/current; do echo "/proc/$f=$(tr '\\n' ';' < /proc/$f 2>&1)"; done
for f in ${CGROUP_FILES.join(" ")}; do
  [ -e /sys/fs/cgroup/$f ] && echo "/sys/fs/cgroup/$f=$(tr '\\n' ';' < /sys/fs/cgroup/$f)"; done
for f in /proc/kcore /proc/keys /proc/timer_list /sys/firmware; do echo "mask $f=$(stat -c '%F %t:%T' $f)"; done
for f in / /dev /proc/sys /proc/sysrq-trigger /sys /data /tmp /dev/shm; do
  if [ -d $f ]; then t=$f/.probe; else t=$f; fi
  if [ -d $f ] && (: > $t) 2>/dev/null; then rm -f $t; echo "write $f=yes"; else echo "write $f=no"; fi; done
for d in null zero full random tty ptmx denied fuse; do
  if (: < /dev/$d) 2>/dev/null; then echo "open $d=yes"; else echo "open $d=no"; fi; done
echo "network=$(ls /sys/class/net 2>/dev/null | tr '\\n' ' ')"
echo "loopback=$(ip addr show lo 2>/dev/null | tr -s '\\n ' '  ')"
echo "machine=$(uname -m)"
echo "io priority=$(ionice -p $$)"
echo "size=$(stty size < $p/fd/0 2>&1)"
echo "mkdir=$(mkdir /dev/shm/.folder 2>&1)"
echo "chmod=$(: > /dev/shm/.file; chmod 4755 /dev/shm/.file 2>&1; chmod 755 /dev/shm/.file 2>&1)"
echo "kill=$(kill -50 999999 2>&1)"
echo "stdin=$(cat)"
part end
`;

/**
 * Lines of /proc/PID/status whose values depend on the moment, the pid or the machine, not on what the runtime was told. FDSize is how many
 * descriptors the kernel has room for; those that are open are compared as fields "fd".
 */
const VOLATILE_STATUS = /^(State|FDSize|Vm|Rss|Huge|.*ctxt_switches|Pid|Tgid|PPid|Ngid|x86_)/;

/** What must be left out of the texts of one run. */
export interface RunNames {
  id: string;
  bundle: string;
}

/** Hierarchies that were mounted when the test began: somebody may mount others while it runs. */
const HIERARCHIES = new Set(
  readFileSync("/proc/self/cgroup", "utf8")
    .split("\n")
    .map((line) => line.split(":")[1]),
);

/** The host's namespaces, by which "new" is told from "inherited". */
function hostNamespace(kind: string): string {
  return readlinkSync(`/proc/self/ns/${kind}`);
}

/** Splits a mountinfo line (proc_pid_mountinfo(5)) into its mount point and what is to be compared of it. */
function mountLine(line: string): { number: string; parent: string; point: string; value: string } {
  const [left = "", right = ""] = line.split(" - ");
  const [number = "", parent = "", device = "", root = "", point = "", options = "", ...propagation] = left.split(" ");
  const [type = "", source = "", superOptions = ""] = right.split(" ");
  const peers = propagation.map((tag) => tag.replace(/:.*/, "")).join(",");
  // Anonymous devices (major 0) are numbered as they come; a real disk is the same for all.
  const kind = device.startsWith("0:") ? "anonymous" : device;
  return { number, parent, point, value: `${kind} ${root} ${options} [${peers}] ${type} ${source} ${superOptions}` };
}

function statFields(text: string, into: Map<string, string>): void {
  const [pid = ""] = text.split(" ");
  const fields = text.slice(text.lastIndexOf(") ") + 2).split(" ");
  const same = (value: string | undefined) => (value === pid ? "own pid" : value === "0" ? "0" : "another");
  into.set("stat pgrp", same(fields[2]));
  into.set("stat session", same(fields[3]));
  into.set("stat tty", fields[4] ?? "");
  into.set("stat priority", fields[15] ?? "");
  into.set("stat nice", fields[16] ?? "");
  into.set("stat policy", fields[38] ?? "");
  into.set("stat exit_signal", fields[35] ?? "");
}

function keyed(name: string, lines: readonly string[], into: Map<string, string>): void {
  for (const line of lines) {
    const cut = line.indexOf("=");
    if (cut > 0) into.set(`${name} ${line.slice(0, cut)}`, line.slice(cut + 1));
  }
}

/** Reads the probe's output. @throws Error when it did not run to its end. */
export function parseProbe(output: string, names: RunNames): Map<string, string> {
  const text = output.replaceAll(names.id, "ID").replaceAll(names.bundle, "BUNDLE");
  const parts = new Map<string, string[]>();
  for (const part of text.split(MARK).slice(1)) {
    const [name = "", ...lines] = part.split("\n");
    parts.set(
      name,
      lines.filter((line) => line !== ""),
    );
  }
  if (!parts.has("end")) throw new Error(`the probe did not end:\n${output.slice(-2000)}`);
  const fields = new Map<string, string>();
  const lines = (name: string) => parts.get(name) ?? [];

  for (const line of lines("status")) {
    const [key = "", value = ""] = line.split(/:\s*/, 2);
    if (VOLATILE_STATUS.test(key)) continue;
    // Numbers of pids mean nothing; how many pid namespaces deep the process is does.
    if (/^NS/.test(key)) fields.set(`status ${key}`, `${value.split(/\s+/).length} levels`);
    // Signals that wait for any process of the user / how many may: only the second is this process's own.
    else fields.set(`status ${key}`, key === "SigQ" ? value.replace(/.*\//, "") : value.trim());
  }
  const mounts = lines("mountinfo").map(mountLine);
  const pointOf = new Map(mounts.map((mount) => [mount.number, mount.point]));
  for (const { point, value, parent } of mounts) {
    // Two mounts on one point: the upper one's parent is the lower one. The order of the lines says nothing (kernel 6.8 sorts by number).
    const on = pointOf.get(parent) ?? "outside";
    fields.set(`mount ${point}${on === point ? " again" : ""}`, `on ${on}: ${value}`);
  }
  for (const line of lines("cgroup")) {
    const [, controllers = "", path = ""] = line.split(":");
    if (!HIERARCHIES.has(controllers)) continue;
    fields.set(`cgroup ${controllers}`, path);
  }
  for (const line of lines("limits").slice(1)) {
    const [name = "", ...values] = line.trim().split(/\s{2,}/);
    fields.set(`limit ${name}`, values.join(" "));
  }
  for (const line of lines("ns")) {
    const [kind = "", link] = line.split("=");
    fields.set(`ns ${kind}`, link === hostNamespace(kind) ? "inherited" : "new");
  }
  fields.set("environ", lines("environ").join("\n"));
  fields.set("cmdline", String(lines("cmdline").length));
  statFields(lines("stat").join("\n"), fields);
  keyed(
    "fd",
    // No pipe and no substitution in the probe: the shell would hold an end of it while ls looks.
    lines("fd").map((line) => line.replace(/^.* ([0-9]+) -> /, "$1=").replace(/\[[0-9]+\]/, "[]")),
    fields,
  );
  // A warning of the runtime on its standard error says nothing about the file.
  keyed(
    "fdkind",
    lines("fdkind").map((line) => line.replace("regular empty file", "regular file")),
    fields,
  );
  keyed("fdinfo", lines("fdinfo"), fields);
  keyed("dev", lines("dev"), fields);
  keyed("top", lines("top"), fields);
  keyed("one", lines("one"), fields);
  const rules = fields.get("one /sys/fs/cgroup/devices/devices.list");
  // A set of exceptions: their order says nothing.
  if (rules !== undefined) fields.set("one /sys/fs/cgroup/devices/devices.list", rules.split(";").sort().join(";"));
  return fields;
}

/** What the hooks of a config saw: each wrote `hook-KIND.state` (its standard input) and `hook-KIND.sees` into the volume. */
export function hookFields(volume: string, names: RunNames): Map<string, string> {
  const fields = new Map<string, string>();
  const own = (text: string) =>
    text.replaceAll(names.id, "ID").replaceAll(names.bundle, "BUNDLE").replaceAll(volume, "VOLUME");
  for (const name of readdirSync(volume).filter((file) => file.startsWith("hook-"))) {
    const text = own(readFileSync(join(volume, name), "utf8"));
    const [kind = "", part] = name.slice("hook-".length).split(".");
    if (part === "sees") {
      keyed(`hook ${kind}`, text.split("\n"), fields);
      continue;
    }
    for (const [key, value] of Object.entries(JSON.parse(text) as Record<string, unknown>)) {
      // Which process it is differs; that there is one does not.
      if (key === "annotations")
        for (const [name, word] of Object.entries(value as object)) fields.set(`hook ${kind} annotation ${name}`, word);
      else if (key === "pid") fields.set(`hook ${kind} state pid`, Number(value) > 0 ? "a process" : String(value));
      else fields.set(`hook ${kind} state ${key}`, JSON.stringify(value));
    }
  }
  return fields;
}
