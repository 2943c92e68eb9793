/** Documents of ours that the schema tests mutate: together they use every property of the config schema. */
import { defaultConfig } from "../src/config/default.ts";
import type { Config } from "../src/config/types.ts";

const map = [{ containerID: 0, hostID: 100000, size: 65536 }];
const hook = [{ path: "/usr/bin/h", args: ["h", "-x"], env: ["A=b"], timeout: 5 }];
const rate = [{ major: 8, minor: 0, rate: 1048576 }];

/** Each property of the schema at least once. */
export const FULL: Config = {
  ociVersion: "1.3.0",
  root: { path: "rootfs", readonly: false },
  hostname: "h",
  domainname: "d",
  annotations: { "com.example.key": "value" },
  process: {
    terminal: true,
    consoleSize: { height: 24, width: 80 },
    cwd: "/",
    env: ["A=b"],
    args: ["/bin/sh"],
    user: { uid: 1, gid: 2, umask: 18, additionalGids: [3, 4] },
    capabilities: {
      bounding: ["CAP_KILL"],
      effective: ["CAP_KILL"],
      inheritable: ["CAP_KILL"],
      permitted: ["CAP_KILL"],
      ambient: ["CAP_KILL"],
    },
    rlimits: [{ type: "RLIMIT_NOFILE", soft: 1024, hard: 4096 }],
    noNewPrivileges: true,
    apparmorProfile: "p",
    selinuxLabel: "l",
    oomScoreAdj: 100,
    scheduler: {
      policy: "SCHED_DEADLINE",
      nice: 1,
      priority: 0,
      flags: ["SCHED_FLAG_RECLAIM"],
      runtime: 1000000,
      deadline: 2000000,
      period: 3000000,
    },
    ioPriority: { class: "IOPRIO_CLASS_BE", priority: 4 },
    execCPUAffinity: { initial: "0", final: "0-1" },
  },
  mounts: [{ destination: "/m", type: "none", source: "/s", options: ["bind"], uidMappings: map, gidMappings: map }],
  hooks: {
    prestart: hook,
    createRuntime: hook,
    createContainer: hook,
    startContainer: hook,
    poststart: hook,
    poststop: hook,
  },
  linux: {
    namespaces: [{ type: "pid" }, { type: "network", path: "/run/netns/x" }, { type: "user" }, { type: "time" }],
    uidMappings: map,
    gidMappings: map,
    timeOffsets: { monotonic: { secs: -1, nanosecs: 1 }, boottime: { secs: 1, nanosecs: 2 } },
    devices: [{ type: "c", path: "/dev/x", major: 1, minor: 3, fileMode: 438, uid: 0, gid: 0 }],
    netDevices: { eth1: { name: "eth0" } },
    cgroupsPath: "/a/b",
    rootfsPropagation: "slave",
    sysctl: { "net.ipv4.ip_forward": "1" },
    maskedPaths: ["/proc/kcore"],
    readonlyPaths: ["/proc/sys"],
    mountLabel: "l",
    intelRdt: {
      closID: "c",
      schemata: ["L3:0=f"],
      l3CacheSchema: "L3:0=f",
      memBwSchema: "MB:0=50",
      enableMonitoring: true,
    },
    memoryPolicy: { mode: "MPOL_BIND", nodes: "0", flags: ["MPOL_F_STATIC_NODES"] },
    personality: { domain: "LINUX", flags: [] },
    seccomp: {
      defaultAction: "SCMP_ACT_ERRNO",
      defaultErrnoRet: 1,
      architectures: ["SCMP_ARCH_X86_64"],
      flags: ["SECCOMP_FILTER_FLAG_LOG"],
      listenerPath: "/run/l",
      listenerMetadata: "m",
      syscalls: [
        {
          names: ["clone"],
          action: "SCMP_ACT_ALLOW",
          errnoRet: 1,
          args: [{ index: 0, value: 1, valueTwo: 2, op: "SCMP_CMP_MASKED_EQ" }],
        },
      ],
    },
    resources: {
      unified: { "memory.high": "1" },
      devices: [{ allow: false, type: "c", major: 1, minor: 3, access: "rwm" }],
      memory: {
        limit: 1048576,
        reservation: 524288,
        swap: 2097152,
        kernel: -1,
        kernelTCP: -1,
        swappiness: 60,
        disableOOMKiller: false,
        useHierarchy: true,
        checkBeforeUpdate: true,
      },
      cpu: {
        shares: 1024,
        quota: 10000,
        burst: 1000,
        period: 100000,
        realtimeRuntime: 0,
        realtimePeriod: 0,
        cpus: "0",
        mems: "0",
        idle: 0,
      },
      pids: { limit: 10 },
      blockIO: {
        weight: 10,
        leafWeight: 10,
        weightDevice: [{ major: 8, minor: 0, weight: 10, leafWeight: 10 }],
        throttleReadBpsDevice: rate,
        throttleWriteBpsDevice: rate,
        throttleReadIOPSDevice: rate,
        throttleWriteIOPSDevice: rate,
      },
      hugepageLimits: [{ pageSize: "2MB", limit: 4194304 }],
      network: { classID: 1, priorities: [{ name: "eth0", priority: 1 }] },
      rdma: { mlx5_1: { hcaHandles: 1, hcaObjects: 2 } },
    },
  },
};

/** The documents that vectors.json builds on, in the order that its patches count by. */
export const BASES: readonly Config[] = [FULL, defaultConfig(false), defaultConfig(true)];
