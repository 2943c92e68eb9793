/** What generated configs are made of: each option sets some fields of a config to values that the peers know. */
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import process from "node:process";
import { seeded } from "../../schemas/mutate.ts";
import { CAPABILITY_NUMBERS } from "../../src/config/capability.ts";
import type { TestConfig } from "../support/sandbox.ts";
import type { PeerName } from "./peers.ts";

/** What a config may refer to outside of itself. */
export interface Surroundings {
  /** A folder of the host. */
  volume: string;
}

/** One option. */
export interface Option {
  name: string;
  /** Parts of a config that it decides on: of two options that share one, a config has one. */
  parts: readonly string[];
  change: (config: TestConfig, surroundings: Surroundings) => void;
  /** Peers that know its fields; all when left out. */
  peers?: readonly PeerName[];
  /** The process gets a terminal. */
  terminal?: boolean;
  /** In a config of its own: a version of ours that refuses it skips nothing else. */
  alone?: boolean;
}

const namespaces = (config: TestConfig) => {
  config.linux.namespaces ??= [];
  return config.linux.namespaces;
};

function without(config: TestConfig, ...types: string[]): void {
  config.linux.namespaces = namespaces(config).filter(({ type }) => !types.includes(type));
}

function resources(config: TestConfig, limits: Partial<NonNullable<TestConfig["linux"]["resources"]>>): void {
  config.linux.resources = { ...config.linux.resources, ...limits };
}

const option = (name: string, part: string | readonly string[], change: Option["change"]): Option => ({
  name,
  parts: typeof part === "string" ? [part] : part,
  change,
});

/** What can be granted here: what the test itself has. */
const OWN = BigInt(`0x${/CapBnd:\s*([0-9a-f]+)/.exec(readFileSync("/proc/self/status", "utf8"))?.[1] ?? "0"}`);
const NAMES = [...CAPABILITY_NUMBERS].flatMap(([name, number]) => ((OWN >> BigInt(number)) & 1n ? [name] : []));

/** Five sets that the kernel takes: ambient in inheritable and permitted, effective in permitted, all in bounding. */
const CAPABILITIES: readonly Option[] = [1, 2, 3].map((seed) => {
  const random = seeded(seed);
  const some = (from: readonly string[]) => from.filter(() => random(3) > 0);
  const bounding = some(NAMES);
  const permitted = some(bounding);
  const inheritable = some(permitted);
  const sets = { bounding, permitted, effective: some(permitted), inheritable, ambient: some(inheritable) };
  return option(`capabilities ${seed}`, "capabilities", ({ process }) => {
    process.capabilities = sets;
  });
});

const USERS: readonly Option[] = [
  option("user 1000 with groups and umask", "user", ({ process }) => {
    process.user = { uid: 1000, gid: 1001, additionalGids: [5, 1000, 2_000_000], umask: 0o27 };
  }),
  option("root in another group", "user", ({ process }) => {
    process.user = { uid: 0, gid: 5, additionalGids: [1, 2], umask: 0 };
  }),
  option("user 65534", "user", ({ process }) => {
    process.user = { uid: 65_534, gid: 65_534 };
  }),
  option("user namespace with two ranges", ["user", "user namespace", "network", "devices", "pid"], (config) => {
    namespaces(config).push({ type: "user" });
    config.linux.uidMappings = [
      { containerID: 0, hostID: 100_000, size: 1000 },
      { containerID: 1000, hostID: 0, size: 65_536 },
    ];
    config.linux.gidMappings = [
      { containerID: 0, hostID: 200_000, size: 1000 },
      { containerID: 1000, hostID: 0, size: 65_536 },
    ];
    config.process.user = { uid: 1000, gid: 1000, additionalGids: [7] };
  }),
];

const LIMITS: readonly Option[] = [
  ["AS", "CPU", "DATA", "FSIZE", "LOCKS"],
  ["MEMLOCK", "MSGQUEUE", "NICE", "NOFILE", "NPROC"],
  ["RSS", "RTPRIO", "RTTIME", "SIGPENDING", "STACK", "CORE"],
].map((kinds) =>
  option(`limits ${kinds.join(" ")}`, "rlimits", ({ process }) => {
    process.rlimits = kinds.map((kind) => {
      // Of these the host may have none to give; memory must do for the probe.
      if (kind === "NICE" || kind === "RTPRIO") return { type: `RLIMIT_${kind}`, soft: 0, hard: 0 };
      const large = ["AS", "DATA", "FSIZE", "RSS", "STACK"].includes(kind);
      return { type: `RLIMIT_${kind}`, soft: large ? 1 << 28 : 901, hard: large ? 2 ** 33 + 1 : 902 };
    });
  }),
);

const PROCESS: readonly Option[] = [
  option("words and variables", "args", ({ process }) => {
    process.args?.push("name", "first word", "");
    process.env = ["PATH=/usr/bin:/bin", "LC_ALL=C", "EMPTY=", "A=b=c", "SPACE= x "];
    process.cwd = "/data/";
  }),
  option("new privileges", "no new privileges", ({ process }) => {
    process.noNewPrivileges = false;
  }),
  option("killed first", "oom", ({ process }) => {
    process.oomScoreAdj = 321;
  }),
  {
    ...option("terminal", "terminal", ({ process }) => {
      process.terminal = true;
      process.consoleSize = { height: 33, width: 97 };
    }),
    terminal: true,
  },
];

const NAMESPACES: readonly Option[] = [
  option("another host name", "uts", (config) => {
    config.hostname = "other-host";
  }),
  {
    ...option("domain name", "uts", (config) => {
      config.domainname = "domain.example";
    }),
    peers: ["crun"],
  },
  option("kernel.domainname", "uts", ({ linux }) => {
    linux.sysctl = { ...linux.sysctl, "kernel.domainname": "sysctl.example" };
  }),
  option("parameters of ipc", "ipc", ({ linux }) => {
    const ipc = { "kernel.msgmax": "4096", "kernel.sem": "100 200 30 40", "fs.mqueue.queues_max": "7" };
    linux.sysctl = { ...linux.sysctl, ...ipc };
  }),
  option("ipc namespace by path", "ipc", (config) => {
    without(config, "ipc");
    namespaces(config).push({ type: "ipc", path: "/proc/self/ns/ipc" });
  }),
  option("parameters of the network", "network", ({ linux }) => {
    linux.sysctl = { ...linux.sysctl, "net.ipv4.ip_forward": "1", "net.ipv4.ping_group_range": "5 6" };
  }),
  option("network namespace by path", "network", (config) => {
    without(config, "network");
    namespaces(config).push({ type: "network", path: "/proc/self/ns/net" });
  }),
  option("no pid and a cgroup namespace", "pid", (config) => {
    without(config, "pid");
    namespaces(config).push({ type: "cgroup" });
  }),
  {
    ...option("32-bit personality", "personality", ({ linux }) => {
      linux.personality = { domain: "LINUX32", flags: [] };
    }),
    peers: ["crun"],
    alone: true,
  },
];

const BINDS: readonly Option[] = [
  ["bind", "ro", "noatime", "nosuid"],
  ["rbind", "nodev", "noexec", "nodiratime", "rprivate"],
  ["bind", "relatime", "rshared", "dev", "exec", "suid"],
  ["bind", "strictatime", "rslave", "rw"],
  ["bind", "unbindable"],
  ["rbind", "rro", "rnosuid", "rnodev", "rnoexec", "rrelatime"],
].map((options) =>
  option(`volume ${options.join(",")}`, "volume", ({ mounts }, { volume }) => {
    mounts.push({ destination: "/data", type: "bind", source: volume, options });
  }),
);

const MOUNTS: readonly Option[] = [
  option("tmpfs with data", "tmpfs", ({ mounts }) => {
    const options = ["noexec", "dirsync", "size=128k", "mode=711", "nr_inodes=20", "uid=3", "gid=4"];
    mounts.push({ destination: "/made/deep", type: "tmpfs", source: "given", options });
  }),
  {
    ...option("tmpfs with the folder's files", "tmpfs", ({ mounts }) => {
      mounts.push({ destination: "/etc", type: "tmpfs", source: "tmpfs", options: ["tmpcopyup", "nosuid"] });
    }),
    alone: true,
  },
  option("a file, at a relative target, from the bundle", "file", ({ mounts }) => {
    mounts.push({ destination: "made/file", type: "bind", source: "config.json", options: ["bind", "ro"] });
  }),
  option("a writable sys and cgroups", "sys", ({ mounts }) => {
    for (const mount of mounts) {
      if (/^\/sys/.test(mount.destination)) mount.options = mount.options?.filter((word) => word !== "ro") ?? [];
    }
  }),
  {
    ...option("volume of other ids", "volume", ({ mounts }, { volume }) => {
      const map = [{ containerID: 0, hostID: 4000, size: 10 }];
      const bind = { destination: "/data", type: "bind", source: volume, options: ["bind"] };
      mounts.push({ ...bind, uidMappings: map, gidMappings: map });
    }),
    peers: ["crun"],
    alone: true,
  },
  option("read-only root, paths masked and read-only", "root", (config) => {
    config.root.readonly = true;
    config.linux.maskedPaths = ["/proc/uptime", "/proc/tty", "/root"];
    config.linux.readonlyPaths = ["/dev/shm", "/proc/bus"];
  }),
  // unbindable and runbindable work in neither peer: the root, or a mask, cannot be bound any more.
  ...(["shared", "rshared", "rslave", "private", "rprivate"] as const).map((propagation) =>
    option(`root ${propagation}`, "propagation", ({ linux }) => {
      linux.rootfsPropagation = propagation;
    }),
  ),
];

const DEVICES: readonly Option[] = [
  option("nodes of each type", "devices", ({ linux }) => {
    linux.devices = [
      { path: "/dev/unbuffered", type: "u", major: 1, minor: 3, fileMode: 0o604, uid: 8, gid: 9 },
      { path: "/dev/made/block", type: "b", major: 7, minor: 1, fileMode: 0o660, uid: 0, gid: 6 },
      { path: "/dev/made/fifo", type: "p", fileMode: 0o644, uid: 2, gid: 3 },
    ];
  }),
  option("rules with wildcards", "device rules", (config) => {
    const rules = [
      { allow: false, access: "rwm" },
      { allow: true, type: "c", major: 10, access: "r" },
      { allow: true, type: "b", major: 7, minor: 3, access: "rwm" },
    ];
    resources(config, { devices: rules });
  }),
];

const RESOURCES: readonly Option[] = [
  option("memory", "memory", (config) => {
    const memory = { limit: 96 << 20, swap: 192 << 20, reservation: 40 << 20, swappiness: 33, useHierarchy: true };
    resources(config, { memory: { ...memory, disableOOMKiller: true } });
  }),
  option("memory without limit", "memory", (config) => {
    resources(config, { memory: { limit: -1, swap: -1, kernel: -1, kernelTCP: -1 } });
  }),
  {
    ...option("memory of TCP", "memory", (config) => {
      resources(config, { memory: { kernelTCP: 8 << 20, checkBeforeUpdate: false } });
    }),
    peers: ["crun"],
  },
  option("cpu shares and real time", ["cpu", "cgroup"], (config) => {
    resources(config, { cpu: { shares: 777, realtimePeriod: 900_000, realtimeRuntime: 2000 } });
  }),
  option("cpu quota and places", "cpu", (config) => {
    resources(config, { cpu: { quota: 45_000, period: 50_000, cpus: "0-1", mems: "0" } });
  }),
  option("processes", "pids", (config) => {
    resources(config, { pids: { limit: 77 } });
  }),
  {
    // crun 1.8.1 writes -1 to pids.max, and fails.
    ...option("processes without limit", "pids", (config) => {
      resources(config, { pids: { limit: -1 } });
    }),
    peers: ["runc"],
  },
  option("cgroup below ours", "cgroup", ({ linux }) => {
    linux.cgroupsPath = `ts-runc-relative-${process.pid}`;
  }),
  {
    ...option("block I/O", "block I/O", (config) => {
      const rate = (value: number) => [{ major: 254, minor: 0, rate: value }];
      const rates = {
        throttleReadBpsDevice: rate(1 << 20),
        throttleWriteBpsDevice: rate(2 << 20),
        throttleReadIOPSDevice: rate(300),
        throttleWriteIOPSDevice: rate(400),
      };
      resources(config, { blockIO: rates });
    }),
    alone: true,
  },
];

/** What the probe tries: see the part "filtered" of probe.ts. */
const FILTERED = [
  { names: ["mkdir", "no_such_call"], action: "SCMP_ACT_ERRNO" as const, errnoRet: 28 },
  {
    names: ["chmod", "fchmodat"],
    action: "SCMP_ACT_ERRNO" as const,
    errnoRet: 5,
    args: [{ index: 1, value: 0o4000, valueTwo: 0o4000, op: "SCMP_CMP_MASKED_EQ" as const }],
  },
  { names: ["sync"], action: "SCMP_ACT_LOG" as const },
  {
    names: ["kill"],
    action: "SCMP_ACT_ERRNO" as const,
    args: [{ index: 1, value: 40, op: "SCMP_CMP_GE" as const }],
  },
];

const FILTERS: readonly Option[] = [
  option("filter that denies some", "seccomp", ({ linux }) => {
    const architectures = ["SCMP_ARCH_X86_64" as const, "SCMP_ARCH_X86" as const, "SCMP_ARCH_X32" as const];
    linux.seccomp = { defaultAction: "SCMP_ACT_ALLOW", architectures, syscalls: FILTERED };
  }),
  {
    ...option("filter with flags", "seccomp", ({ linux }) => {
      const flags = ["SECCOMP_FILTER_FLAG_LOG" as const];
      linux.seccomp = { defaultAction: "SCMP_ACT_ALLOW", flags, syscalls: FILTERED.slice(0, 1) };
    }),
    peers: ["crun"],
  },
];

const KINDS = ["prestart", "createRuntime", "createContainer", "startContainer", "poststart", "poststop"] as const;

/** Each writes what it sees beside itself: hookFields() of probe.ts reads that. */
export const HOOK = `#!/bin/sh
out=\${0%/*}/hook-$1
cat > "$out.state"
{ echo "args=$*"; echo "cwd=$(pwd)"; env | grep -v '^_=' | sort; [ -e /data/hook ] && echo inside=yes; echo "root=$(readlink /proc/self/root)"; } > "$out.sees"
`;

const HOOKS: readonly Option[] = [
  option(
    "hooks of each kind, annotations",
    ["volume", "hooks", "root", "user", "user namespace"],
    (config, { volume }) => {
      const host = join(volume, "hook");
      writeFileSync(host, HOOK, { mode: 0o755 });
      config.annotations = { "org.example.word": "value", "org.example.empty": "" };
      config.mounts.push({ destination: "/data", type: "bind", source: volume, options: ["bind"] });
      config.hooks = {};
      for (const kind of KINDS) {
        const path = kind === "startContainer" ? "/data/hook" : host;
        config.hooks[kind] = [
          { path, args: [path, kind, "word"], env: ["PATH=/bin:/usr/bin", `KIND=${kind}`], timeout: 60 },
        ];
      }
    },
  ),
];

export const OPTIONS: readonly Option[] = [
  ...CAPABILITIES,
  ...USERS,
  ...LIMITS,
  ...PROCESS,
  ...NAMESPACES,
  ...BINDS,
  ...MOUNTS,
  ...DEVICES,
  ...RESOURCES,
  ...FILTERS,
  ...HOOKS,
];
