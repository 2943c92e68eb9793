/** The guests' bundles: runc's default config with a few changes each. All share the root file system /rootfs. */
import { defaultConfig } from "../../src/config/default.ts";
import type { DeviceRule, Linux, Mount, Resources } from "../../src/config/types.ts";

type Namespaces = NonNullable<Linux["namespaces"]>;

interface Change {
  args: string[];
  ociVersion?: string;
  resources?: Resources;
  devices?: DeviceRule[];
  namespaces?: (kinds: Namespaces) => Namespaces;
  capabilities?: string[];
  apparmorProfile?: string;
  linux?: Partial<Linux>;
  writableCgroup?: boolean;
  /** Beside the default ones. */
  mounts?: Mount[];
}

function config(change: Change): unknown {
  const base = defaultConfig(false);
  const { process: user, linux } = base;
  if (user === undefined || linux === undefined) throw new Error("the default config has a process and linux");
  const capabilities = [...(user.capabilities?.bounding ?? []), ...(change.capabilities ?? [])];
  return {
    ...base,
    ociVersion: change.ociVersion ?? base.ociVersion,
    hostname: "hello",
    root: { path: "/rootfs", readonly: false },
    process: {
      ...user,
      terminal: false,
      args: change.args,
      capabilities: { bounding: capabilities, effective: capabilities, permitted: capabilities },
      ...(change.apparmorProfile === undefined ? {} : { apparmorProfile: change.apparmorProfile }),
    },
    mounts: [...(base.mounts ?? []), ...(change.mounts ?? [])].map((mount) =>
      change.writableCgroup === true && mount.type === "cgroup"
        ? { ...mount, options: mount.options?.filter((option) => option !== "ro") }
        : mount,
    ),
    linux: {
      ...linux,
      ...change.linux,
      namespaces: (change.namespaces ?? ((kinds) => kinds))(linux.namespaces ?? []),
      resources: { devices: change.devices ?? [{ allow: false, access: "rwm" }], ...change.resources },
    },
  };
}

const script = (...lines: string[]) => ["sh", "-c", lines.join("\n")];
const SLEEP = ["sleep", "100"];
const COUNT = script("i=0", "while :; do i=$((i + 1)); echo $i >>/tmp/count; echo $i; usleep 100000; done");
const MIB = 1 << 20;
/** The guest writes the blank disk's numbers here. */
const DISK = { major: 7777, minor: 7777 };
const RATES = {
  throttleReadBpsDevice: [{ ...DISK, rate: MIB }],
  throttleWriteBpsDevice: [{ ...DISK, rate: 2 * MIB }],
  throttleReadIOPSDevice: [{ ...DISK, rate: 1000 }],
};
const CONFINED = script(
  'echo "profile $(cat /proc/self/attr/apparmor/current)"',
  "echo x >/tmp/allowed && echo allowed",
  "(echo x >/tmp/denied) 2>&1",
);
const MEMORY = { memory: { limit: 64 * 2 ** 20 } };
const SHOW_CGROUP = script(
  'echo "own $(cat /proc/self/cgroup)"',
  'echo "max $(cat /sys/fs/cgroup/memory.max)"',
  '(echo 1 >/sys/fs/cgroup/memory.max) 2>/dev/null; echo "write $?"',
);
const KMSG = "mknod /dev/k c 1 11";
const attempt = (word: string, command: string) => `m=$( (${command}) 2>&1 >/dev/null); echo "${word} $? $m"`;
const withCgroup = (kinds: Namespaces): Namespaces => [...kinds, { type: "cgroup" }];
const withoutPid = (kinds: Namespaces): Namespaces => kinds.filter((entry) => entry.type !== "pid");
const userns: Pick<Change, "namespaces" | "linux"> = {
  namespaces: (kinds) => [...kinds, { type: "user" }, { type: "cgroup" }],
  linux: {
    uidMappings: [{ containerID: 0, hostID: 100000, size: 65536 }],
    gidMappings: [{ containerID: 0, hostID: 100000, size: 65536 }],
  },
};

// More processes than pids.max, and more work than a quota. A shell ends when it cannot fork, so it is a child that runs
// into pids.max, and init that goes on until it has been throttled.
const BUSY = script("(for i in 1 2 3 4 5 6 7 8 9; do (while :; do :; done) & done; wait) &", "while :; do :; done");

const CHANGES: Record<string, Change> = {
  hello: { args: script("echo hello from pid $$ on $(hostname)") },
  sleeper: { args: SLEEP },
  // What a checkpoint must keep is the shell's variable: the file only shows it.
  counter: { args: COUNT },
  // The same with what criu must be told of: a joined namespace, a bind mount below a link, a filter, a cgroup namespace.
  "counter-full": {
    args: COUNT,
    namespaces: (kinds) => [
      ...kinds.filter((entry) => entry.type !== "network"),
      { type: "network", path: "/run/netns/given" },
      { type: "cgroup" },
    ],
    mounts: [{ destination: "/link/data", source: "/bundles", type: "bind", options: ["bind", "ro"] }],
    linux: { seccomp: { defaultAction: "SCMP_ACT_ALLOW", syscalls: [{ names: ["mkdir"], action: "SCMP_ACT_ERRNO" }] } },
  },
  limits: {
    args: BUSY,
    resources: {
      memory: { limit: 2 ** 25, swap: 2 ** 26, reservation: 2 ** 24 },
      cpu: { quota: 20000, period: 100000, shares: 1024, cpus: "1", mems: "0" },
      pids: { limit: 8 },
      unified: { "memory.high": String(24 * 2 ** 20) },
    },
    linux: { cgroupsPath: "/pods/pod1/limits" },
  },
  oom: {
    args: script(
      "dd if=/dev/zero of=/dev/null bs=64M count=1 2>/dev/null",
      'echo "status $?"',
      "grep oom_kill /sys/fs/cgroup/memory.events",
      'echo "swap $(cat /sys/fs/cgroup/memory.swap.max 2>/dev/null || echo none)"',
    ),
    resources: { memory: { limit: 2 ** 24, swap: 2 ** 24 } },
    namespaces: withCgroup,
  },
  "devices-denied": {
    args: script(
      KMSG,
      'mknod /dev/l b 7 0; echo "mknod $?"',
      attempt("kmsg read", ": </dev/k"),
      attempt("loop read", ": </dev/l"),
      attempt("null", ": >/dev/null"),
      attempt("urandom", "head -c 1 /dev/urandom"),
      attempt("ptmx", ": </dev/ptmx"),
    ),
    capabilities: ["CAP_MKNOD"],
  },
  "devices-read": {
    args: script(KMSG, attempt("kmsg read", ": </dev/k"), attempt("kmsg write", ": >/dev/k")),
    capabilities: ["CAP_MKNOD", "CAP_SYSLOG"],
    devices: [
      { allow: false, access: "rwm" },
      { allow: true, type: "c", major: 1, minor: 11, access: "r" },
    ],
  },
  "devices-split": {
    args: script(KMSG, attempt("kmsg both", ": <>/dev/k")),
    capabilities: ["CAP_MKNOD", "CAP_SYSLOG"],
    devices: [
      { allow: false, access: "rwm" },
      { allow: true, type: "c", major: 1, minor: 11, access: "r" },
      { allow: true, type: "c", major: 1, minor: 11, access: "w" },
    ],
  },
  "devices-all": {
    args: script(KMSG, "mknod /dev/l b 7 0", attempt("kmsg both", ": <>/dev/k"), attempt("loop read", ": </dev/l")),
    capabilities: ["CAP_MKNOD", "CAP_SYSLOG"],
    devices: [
      { allow: true, access: "rwm" },
      { allow: false, type: "b", major: 7, access: "r" },
    ],
  },
  many: {
    args: script("sleep 100 & setsid sleep 100 & sleep 100 & wait"),
    namespaces: withoutPid,
  },
  cgroupns: { args: SHOW_CGROUP, resources: MEMORY, namespaces: withCgroup },
  "cgroupns-shared": { args: SHOW_CGROUP, resources: MEMORY },
  delegate: {
    args: script(
      'mkdir -p /sys/fs/cgroup/a/b; echo "child $?"',
      "echo $$ >/sys/fs/cgroup/a/b/cgroup.procs",
      "grep -q a/b /proc/self/cgroup",
    ),
    namespaces: withCgroup,
    writableCgroup: true,
  },
  userns: {
    args: script(
      'echo "uid $(id -u)"',
      'echo "map $(echo $(cat /proc/self/uid_map))"',
      'echo "max $(cat /sys/fs/cgroup/memory.max)"',
      attempt("null", ": >/dev/null"),
    ),
    resources: MEMORY,
    ...userns,
  },
  "userns-sleeper": { args: SLEEP, ...userns },
  io: { args: SLEEP, resources: { blockIO: { weight: 500, weightDevice: [{ ...DISK, weight: 300 }], ...RATES } } },
  "io-rate": {
    args: ["probe", "read", "/dev/disk", String(MIB)],
    resources: { blockIO: { throttleReadBpsDevice: [{ ...DISK, rate: MIB }] } },
    devices: [
      { allow: false, access: "rwm" },
      { allow: true, type: "b", ...DISK, access: "r" },
    ],
    linux: { devices: [{ type: "b", path: "/dev/disk", ...DISK }] },
  },
  hugepages: {
    args: ["probe", "hugepages", "3"],
    resources: { hugepageLimits: [{ pageSize: "2MB", limit: 4 * MIB }] },
  },
  rdma: { args: SLEEP, resources: { rdma: { nosuch0: { hcaHandles: 3 } } } },
  "v1-limits": {
    args: BUSY,
    resources: { cpu: { quota: 20000, period: 50000, shares: 512 }, pids: { limit: 8 } },
    linux: { cgroupsPath: "/pods/pod1/limits" },
  },
  "v1-memory": {
    args: SLEEP,
    resources: { memory: { limit: 64 * MIB, reservation: 32 * MIB, swappiness: 7 }, cpu: { cpus: "1", mems: "0" } },
  },
  "v1-network": {
    args: SLEEP,
    resources: { network: { classID: 0x100001, priorities: [{ name: "lo", priority: 5 }] } },
  },
  memory: { args: SLEEP, resources: MEMORY },
  cpuset: { args: SLEEP, resources: { cpu: { cpus: "1" } } },
  "v2-only": { args: SLEEP, resources: { unified: { "memory.max": "1" } } },
  confined: { args: CONFINED, apparmorProfile: "tsrunc-guest" },
  unconfined: { args: CONFINED },
  "unknown-profile": { args: CONFINED, apparmorProfile: "tsrunc-nosuch" },
  used: { args: SLEEP, linux: { cgroupsPath: "/used" } },
  "unknown-file": { args: SLEEP, resources: { unified: { "memory.nosuch": "1" } } },
  "bad-cpuset": { args: SLEEP, resources: { cpu: { cpus: "99" } } },
  "v1-only": { args: SLEEP, resources: { memory: { swappiness: 10 } } },
  // limits.sh writes the limit, and runs it with crun as well.
  limited: { args: ["/bin/true"], ociVersion: "1.0.2", resources: { memory: { limit: 77_777_777 } } },
  "tiny-memory": { args: SLEEP, resources: { memory: { limit: 4096 } } },
};

/** The config.json of each bundle. */
export const BUNDLES: Record<string, unknown> = Object.fromEntries(
  Object.entries(CHANGES).map(([name, change]) => [name, config(change)]),
);
