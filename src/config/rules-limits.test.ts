import t from "tap";
import { checkRules } from "./rules.ts";
import {
  type BadDocument,
  bare,
  base,
  lineOf,
  map,
  testAllMet,
  testBadDocuments,
  withConfig,
  withLinux,
  withMount,
  without,
  withProcess,
  withResources,
  withSeccomp,
} from "./rules-fixture.ts";
import { PROCESS_RULES } from "./rules-process.ts";
import { RESOURCE_RULES } from "./rules-resources.ts";
import { SECURITY_RULES } from "./rules-security.ts";
import type { Config } from "./types.ts";

const BAD: BadDocument[] = [
  ["process", without(base, "process"), 'missing "process", want it to be given; config.json#/process'],
  ["process", withProcess({ cwd: "tmp" }), '"tmp", want an absolute path; config.json#/process/cwd'],
  ["process", withProcess({ args: [] }), "[], want at least the program; config.json#/process/args"],
  ["process", withProcess({ args: [""] }), '"", want the name or path of the program; config.json#/process/args/0'],
  [
    "process",
    withProcess({ args: ["sh", "x".repeat(131072)] }),
    `"${"x".repeat(50)}"… (131072 characters), want at most 131071 bytes; config.json#/process/args/1`,
  ],
  ["process", withProcess({ env: ["A=1", "B"] }), '"B", want NAME=value; config.json#/process/env/1'],
  ["process", withProcess({ env: ["=1"] }), '"=1", want a name before the =; config.json#/process/env/0'],
  [
    "process",
    withProcess({ env: ["A\nB=1"] }),
    '"A\\nB=1", want a name without a line break; config.json#/process/env/0',
  ],
  [
    "process",
    withProcess({ consoleSize: { height: 65536, width: 1 } }),
    "65536, want 0 to 65535; config.json#/process/consoleSize/height",
  ],
  [
    "user",
    withProcess({ user: { umask: 512 } }),
    "512 (octal 1000), want 0 to 511 (octal 777); config.json#/process/user/umask; hint: JSON has no octal numbers: 0022 is 18",
  ],
  [
    "user",
    withProcess({ user: { additionalGids: Array.from({ length: 65537 }, () => 1) } }),
    "65537 groups, want at most 65536; config.json#/process/user/additionalGids",
  ],
  [
    "rlimits",
    withProcess({ rlimits: [{ type: "RLIMIT_NOFILES", soft: 1, hard: 1 }] }),
    '"RLIMIT_NOFILES", want a limit of getrlimit(2); config.json#/process/rlimits/0/type; hint: nearest is "RLIMIT_NOFILE"',
  ],
  [
    "rlimits",
    withProcess({
      rlimits: [
        { type: "RLIMIT_AS", soft: 1, hard: 1 },
        { type: "RLIMIT_AS", soft: 1, hard: 1 },
      ],
    }),
    '"RLIMIT_AS" a second time, want each limit once; config.json#/process/rlimits/1/type',
  ],
  [
    "rlimits",
    withProcess({ rlimits: [{ type: "RLIMIT_AS", soft: 2n ** 64n - 1n, hard: 5 }] }),
    "18446744073709551615, want at most the hard limit 5; config.json#/process/rlimits/0/soft",
  ],
  ["oom-score-adj", withProcess({ oomScoreAdj: 1001 }), "1001, want -1000 to 1000; config.json#/process/oomScoreAdj"],
  [
    "scheduler",
    withProcess({ scheduler: { policy: "SCHED_FIFO" } }),
    "0, want 1 to 99; config.json#/process/scheduler/priority",
  ],
  [
    "scheduler",
    withProcess({ scheduler: { policy: "SCHED_OTHER", nice: 20 } }),
    "20, want -20 to 19; config.json#/process/scheduler/nice",
  ],
  [
    "scheduler",
    withProcess({ scheduler: { policy: "SCHED_IDLE", period: 5 } }),
    "5 with SCHED_IDLE, want it with SCHED_DEADLINE only; config.json#/process/scheduler/period",
  ],
  [
    "io-priority",
    withProcess({ ioPriority: { class: "IOPRIO_CLASS_BE", priority: 8 } }),
    "8, want 0 to 7; config.json#/process/ioPriority/priority",
  ],
  [
    "hooks",
    withConfig({ hooks: { poststop: [{ path: "bin/x" }] } }),
    '"bin/x", want an absolute path; config.json#/hooks/poststop/0/path',
  ],
  [
    "hooks",
    withConfig({ hooks: { prestart: [{ path: "/x", env: ["A"] }] } }),
    '"A", want NAME=value; config.json#/hooks/prestart/0/env/0',
  ],
  [
    "hooks",
    withConfig({ hooks: { prestart: [{ path: "/x", timeout: 3e6 }] } }),
    "3000000, want 1 to 2147483; config.json#/hooks/prestart/0/timeout",
  ],
  [
    "cgroups-path",
    withLinux({ cgroupsPath: "/a\nb" }),
    '"/a\\nb", want text without a line break; config.json#/linux/cgroupsPath',
  ],
  [
    "resources",
    withResources({ devices: [{ allow: true, type: "x", access: "r" }] }),
    '"x", want a, b or c; config.json#/linux/resources/devices/0/type',
  ],
  [
    "resources",
    withResources({ devices: [{ allow: true }] }),
    'missing "access", want letters of rwm; config.json#/linux/resources/devices/0/access',
  ],
  [
    "resources",
    withResources({ devices: [{ allow: true, access: "r", major: 2 ** 32 }] }),
    "4294967296, want -1 to 4294967295; config.json#/linux/resources/devices/0/major",
  ],
  [
    "resources",
    withResources({ memory: { limit: -2 } }),
    "-2, want bytes, or -1 (= unlimited); config.json#/linux/resources/memory/limit",
  ],
  [
    "resources",
    withResources({ memory: { swappiness: 101 } }),
    "101, want 0 to 100; config.json#/linux/resources/memory/swappiness",
  ],
  [
    "resources",
    withResources({ memory: { swap: 5 } }),
    "5 without a memory limit, want memory.limit to be given too; config.json#/linux/resources/memory/swap",
  ],
  [
    "resources",
    withResources({ memory: { limit: 2n ** 60n, swap: 5 } }),
    "5, want at least memory.limit = 1152921504606846976 (it counts both); config.json#/linux/resources/memory/swap",
  ],
  [
    "resources",
    withResources({ memory: { limit: 5, reservation: 6 } }),
    "6, want at most memory.limit = 5; config.json#/linux/resources/memory/reservation",
  ],
  ["resources", withResources({ cpu: { shares: 1 } }), "1, want 2 to 262144; config.json#/linux/resources/cpu/shares"],
  [
    "resources",
    withResources({ cpu: { period: 10 } }),
    "10, want 1000 to 1000000; config.json#/linux/resources/cpu/period",
  ],
  [
    "resources",
    withResources({ cpu: { quota: -2 } }),
    "-2, want at least 1000 microseconds, or -1 (= unlimited); config.json#/linux/resources/cpu/quota",
  ],
  [
    "resources",
    withResources({ cpu: { quota: 1000, burst: 1001 } }),
    "1001, want at most cpu.quota = 1000; config.json#/linux/resources/cpu/burst",
  ],
  [
    "resources",
    withResources({ cpu: { realtimeRuntime: -2 } }),
    "-2, want at least -1; config.json#/linux/resources/cpu/realtimeRuntime",
  ],
  [
    "resources",
    withResources({ cpu: { realtimeRuntime: 6, realtimePeriod: 5 } }),
    "6, want at most cpu.realtimePeriod = 5; config.json#/linux/resources/cpu/realtimeRuntime",
  ],
  ["resources", withResources({ cpu: { idle: 2 } }), "2, want 0 to 1; config.json#/linux/resources/cpu/idle"],
  [
    "resources",
    withResources({ cpu: { cpus: "0-3\n" } }),
    '"0-3\\n", want a list such as 0-3,7; config.json#/linux/resources/cpu/cpus',
  ],
  [
    "resources",
    withResources({ pids: { limit: -2 } }),
    "-2, want at least -1 (= unlimited); config.json#/linux/resources/pids/limit",
  ],
  [
    "resources",
    withResources({ unified: { "../memory.max": "1" } }),
    '"../memory.max", want the name of a cgroup file such as memory.high; config.json#/linux/resources/unified/..~1memory.max',
  ],
  [
    "resources",
    withResources({ blockIO: { weightDevice: [{ major: 8, minor: 0, weight: 9 }] } }),
    "9, want 10 to 1000; config.json#/linux/resources/blockIO/weightDevice/0/weight",
  ],
  [
    "resources",
    withResources({ blockIO: { throttleReadIOPSDevice: [{ major: 8, minor: 1_048_576, rate: 1 }] } }),
    "1048576, want 0 to 1048575; config.json#/linux/resources/blockIO/throttleReadIOPSDevice/0/minor",
  ],
  [
    "resources",
    withResources({ blockIO: { weightDevice: [{ major: -1, minor: 0, weight: 10 }] } }),
    "-1, want 0 to 4095; config.json#/linux/resources/blockIO/weightDevice/0/major",
  ],
  [
    "resources",
    withResources({ cpu: { idle: 1, shares: 2 } }),
    "2 with cpu.idle = 1, want only one of the two; config.json#/linux/resources/cpu/shares",
  ],
  [
    "resources",
    withResources({ network: { priorities: [{ name: "eth 0", priority: 1 }] } }),
    '"eth 0", want the name of an interface; config.json#/linux/resources/network/priorities/0/name',
  ],
  [
    "resources",
    withResources({ rdma: { "a\nb": { hcaHandles: 1 } } }),
    '"a\\nb", want the name of an RDMA device such as mlx5_1; config.json#/linux/resources/rdma/a\\nb',
  ],
  [
    "seccomp",
    withSeccomp({ defaultAction: "SCMP_ACT_NOTIFY" }),
    '"SCMP_ACT_NOTIFY", want it in rules only; config.json#/linux/seccomp/defaultAction',
  ],
  [
    "seccomp",
    withSeccomp({ defaultAction: "SCMP_ACT_ERRNO", defaultErrnoRet: 4096 }),
    "4096, want 0 to 4095; config.json#/linux/seccomp/defaultErrnoRet",
  ],
  [
    "seccomp",
    withSeccomp({ defaultAction: "SCMP_ACT_ALLOW", defaultErrnoRet: 1 }),
    "1 with SCMP_ACT_ALLOW, want it with SCMP_ACT_ERRNO or SCMP_ACT_TRACE only; config.json#/linux/seccomp/defaultErrnoRet",
  ],
  [
    "seccomp",
    withSeccomp({
      defaultAction: "SCMP_ACT_KILL",
      syscalls: [{ names: ["read"], action: "SCMP_ACT_ALLOW", errnoRet: 0 }],
    }),
    "0 with SCMP_ACT_ALLOW, want it with SCMP_ACT_ERRNO or SCMP_ACT_TRACE only; config.json#/linux/seccomp/syscalls/0/errnoRet",
  ],
  [
    "seccomp",
    withSeccomp({ defaultAction: "SCMP_ACT_KILL", listenerMetadata: "m" }),
    "it without listenerPath, want both or none; config.json#/linux/seccomp/listenerMetadata",
  ],
  [
    "seccomp",
    withSeccomp({ defaultAction: "SCMP_ACT_KILL", syscalls: [{ names: ["read", ""], action: "SCMP_ACT_LOG" }] }),
    '"", want the name of a system call; config.json#/linux/seccomp/syscalls/0/names/1',
  ],
  [
    "seccomp",
    withSeccomp({ defaultAction: "SCMP_ACT_KILL", syscalls: [{ names: ["read"], action: "SCMP_ACT_NOTIFY" }] }),
    "SCMP_ACT_NOTIFY without a listener, want listenerPath to be given; config.json#/linux/seccomp/syscalls/0/action",
  ],
  [
    "seccomp",
    withSeccomp({
      defaultAction: "SCMP_ACT_KILL",
      listenerPath: "/s",
      syscalls: [{ names: ["write"], action: "SCMP_ACT_NOTIFY" }],
    }),
    'SCMP_ACT_NOTIFY for "write", want another action for it; config.json#/linux/seccomp/syscalls/0/names',
  ],
  [
    "seccomp",
    withSeccomp({
      defaultAction: "SCMP_ACT_KILL",
      syscalls: [{ names: ["read"], action: "SCMP_ACT_LOG", args: [{ index: 6, value: 0, op: "SCMP_CMP_EQ" }] }],
    }),
    "6, want 0 to 5; config.json#/linux/seccomp/syscalls/0/args/0/index",
  ],
  [
    "intel-rdt",
    withLinux({ intelRdt: { closID: "../x" } }),
    '"../x", want one directory name, or /; config.json#/linux/intelRdt/closID',
  ],
  [
    "intel-rdt",
    withLinux({ intelRdt: { schemata: ["L3:0=f\nMB:0=1"] } }),
    '"L3:0=f\\nMB:0=1", want one line an entry; config.json#/linux/intelRdt/schemata/0',
  ],
  [
    "intel-rdt",
    withLinux({ intelRdt: { memBwSchema: "L3:0=f" } }),
    '"L3:0=f", want one line that begins with MB:; config.json#/linux/intelRdt/memBwSchema',
  ],
  [
    "intel-rdt",
    withLinux({ intelRdt: { memBwSchema: "MB:0=1\nL3:0=f" } }),
    '"MB:0=1\\nL3:0=f", want one line that begins with MB:; config.json#/linux/intelRdt/memBwSchema',
  ],
  [
    "exec-cpu-affinity",
    withProcess({ execCPUAffinity: { initial: "0,a" } }),
    '"0,a", want a list such as 0-3,7; config.json#/process/execCPUAffinity/initial',
  ],
  [
    "personality",
    withLinux({ personality: {} }),
    'missing "domain", want it to be given; config.json#/linux/personality/domain',
  ],
  [
    "memory-policy",
    withLinux({ memoryPolicy: {} }),
    'missing "mode", want it to be given; config.json#/linux/memoryPolicy/mode',
  ],
  [
    "memory-policy",
    withLinux({ memoryPolicy: { mode: "MPOL_BIND", nodes: "a" } }),
    '"a", want a list such as 0-3,7; config.json#/linux/memoryPolicy/nodes',
  ],
  [
    "memory-policy",
    withLinux({ memoryPolicy: { mode: "MPOL_LOCAL", nodes: "1" } }),
    '"1" with MPOL_LOCAL, want no nodes with it; config.json#/linux/memoryPolicy/nodes',
  ],
];

testBadDocuments(BAD);
testAllMet(BAD, [...PROCESS_RULES, ...RESOURCE_RULES, ...SECURITY_RULES]);

t.test("what managers write is accepted", (t) => {
  const good: Config[] = [
    ...["1.0.2-dev", "1.1.0+dev", "1.0.0-rc5", "1.0", "1.99.0"].map((ociVersion) => withConfig({ ociVersion })),
    withResources({
      memory: { limit: -1, swap: -1, kernel: 0 },
      cpu: { shares: 0, quota: -1, period: 0 },
      pids: { limit: 0 },
    }),
    withResources({
      devices: [{ allow: true, type: "c", major: 1, minor: -1, access: "rwm" }],
      unified: { "io.bfq.weight": "1" },
    }),
    withLinux({
      devices: [
        { type: "c", path: "/dev/n", major: 1, minor: 3 },
        { type: "u", path: "/dev/n", major: 1, minor: 3 },
      ],
    }),
    withLinux({
      sysctl: {
        "net.ipv4.conf.eth0/1.forwarding": "1",
        "net/ipv4/ping_group_range": "0 0\n",
        "kernel.shm_rmid_forced": "1",
      },
    }),
    withLinux({
      namespaces: [
        ...(base.linux?.namespaces ?? []).slice(0, 3),
        { type: "uts", path: "/proc/9/ns/uts" },
        { type: "mount" },
      ],
    }),
    withProcess({ env: ["A=b\nc", "A=2"], terminal: false, consoleSize: { height: 99999, width: 1 } }),
  ];
  for (const config of good) t.equal(lineOf(config), "accepted");
  t.end();
});

t.test("warnings", (t) => {
  t.same(checkRules(withMount({ destination: "data" })), [
    '"data" is relative and taken from /; config.json#/mounts/0/destination',
  ]);
  t.same(checkRules(withMount({ destination: "/x", source: "/x", options: ["bind", "mode=755"] })), [
    '"mode=755" means nothing on a bind; config.json#/mounts/0/options/1',
  ]);
  const joined = bare([], { linux: { namespaces: [{ type: "user", path: "/n" }], uidMappings: [map] } });
  t.same(checkRules(joined), ["the mappings of a joined user namespace are its own; config.json#/linux/uidMappings"]);
  const capabilities = { bounding: ["CAP_KILL", "CAP_X", "KILL"], ambient: ["CAP_X"] };
  t.same(checkRules(withProcess({ capabilities })), [
    'unknown capabilities are not granted: "CAP_X", "KILL"; config.json#/process/capabilities',
  ]);
  t.same(checkRules(base), []);
  t.end();
});
