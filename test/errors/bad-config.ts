/**
 * Values of config.json whose type is right and that are bad all the same: names, ranges and rules. `create` refuses them before it makes
 * anything. Each line is worded here by hand, not taken from the program.
 */

/** A pointer and what is put there; undefined takes away; `-` as the last part appends. */
export type Put = readonly [pointer: string, value: unknown];

/**
 * A bad value; `says` is `<found>, want <right>` of the line, with its hint. `before` is put first, to make the value reachable. Holders
 * that are missing are copied from schemas/documents.ts.
 */
export type BadValue = readonly [pointer: string, value: unknown, says: string, ...before: Put[]];

/** Names that a list allows, as the line says them. */
const SCHEDULERS = "SCHED_OTHER, SCHED_FIFO, SCHED_RR, SCHED_BATCH, SCHED_ISO, SCHED_IDLE, SCHED_DEADLINE";
const SCHEDULER_FLAGS =
  "SCHED_FLAG_RESET_ON_FORK, SCHED_FLAG_RECLAIM, SCHED_FLAG_DL_OVERRUN, SCHED_FLAG_KEEP_POLICY, SCHED_FLAG_KEEP_PARAMS, SCHED_FLAG_UTIL_CLAMP_MIN, SCHED_FLAG_UTIL_CLAMP_MAX";
const NAMESPACES = "mount, pid, network, uts, ipc, user, cgroup, time";
const PROPAGATION = "private, shared, slave, unbindable, rprivate, rshared, rslave, runbindable";
const FILTER_FLAGS =
  "SECCOMP_FILTER_FLAG_TSYNC, SECCOMP_FILTER_FLAG_LOG, SECCOMP_FILTER_FLAG_SPEC_ALLOW, SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV";
const OPERATORS = "SCMP_CMP_NE, SCMP_CMP_LT, SCMP_CMP_LE, SCMP_CMP_EQ, SCMP_CMP_GE, SCMP_CMP_GT, SCMP_CMP_MASKED_EQ";
const POLICIES =
  "MPOL_DEFAULT, MPOL_BIND, MPOL_INTERLEAVE, MPOL_WEIGHTED_INTERLEAVE, MPOL_PREFERRED, MPOL_PREFERRED_MANY, MPOL_LOCAL";
const POLICY_FLAGS = "MPOL_F_NUMA_BALANCING, MPOL_F_RELATIVE_NODES, MPOL_F_STATIC_NODES";

const LONG_PATH = `/${"x".repeat(4095)}`;
const LONG_PATH_SAYS = `"/${"x".repeat(49)}"… (4096 characters), want a path of at most 4095 bytes`;
const IN_NAMESPACES = "want one in linux.namespaces";

/** Lists that are one element longer than allowed. */
const many = (count: number, element: (index: number) => unknown): unknown[] =>
  Array.from({ length: count }, (_, index) => element(index));
const line = (containerID: number, hostID: number, size: number) => ({ containerID, hostID, size });

const NO_NAMESPACES: readonly Put[] = [
  ["/linux/namespaces", []],
  ["/mounts", []],
  ["/linux/maskedPaths", []],
  ["/linux/readonlyPaths", []],
  ["/hostname", undefined],
];
export const USER_NAMESPACE: readonly Put[] = [
  ["/linux/namespaces/-", { type: "user" }],
  ["/linux/uidMappings", [line(0, 0, 10)]],
  ["/linux/gidMappings", [line(0, 0, 10)]],
];
/** A user namespace, out of which nothing returns to the host's mount namespace. */
const USER_ALONE: readonly Put[] = [...NO_NAMESPACES, ...USER_NAMESPACE];
export const TIME_NAMESPACE: Put = ["/linux/namespaces/-", { type: "time" }];
const BIND: Put = ["/mounts/7", { destination: "/data", type: "bind", source: "/etc", options: ["bind"] }];
const TMPFS: Put = ["/mounts/7", { destination: "/data", type: "tmpfs", source: "tmpfs" }];
const TERMINAL: Put = ["/process/terminal", true];
const schedule = (policy: string): Put => ["/process/scheduler", { policy }];

const GENERAL: readonly BadValue[] = [
  ["/ociVersion", "2.0.0", '"2.0.0", want a version 1.x such as 1.3.0'],
  ["/ociVersion", "1", '"1", want a version 1.x such as 1.3.0'],
  ["/ociVersion", "1.0.2 ", '"1.0.2 ", want a version 1.x such as 1.3.0'],
  ["/annotations/", "x", "an empty key, want a name such as com.example.key"],
  ["/hostname", "a\nb", '"a\\nb", want text without a line break'],
  ["/hostname", "x".repeat(65), `"${"x".repeat(50)}"… (65 characters), want at most 64 bytes`],
  ["/hostname", "x", `"x" without a uts namespace, ${IN_NAMESPACES}`, ...NO_NAMESPACES],
  ["/domainname", "a\nb", '"a\\nb", want text without a line break'],
  ["/domainname", "é".repeat(33), `"${"é".repeat(33)}", want at most 64 bytes`],
  ["/domainname", "x", `"x" without a uts namespace, ${IN_NAMESPACES}`, ...NO_NAMESPACES],
  ["/root", undefined, 'missing "root", want it to be given on Linux'],
  ["/root/path", "", '"", want a path, absolute or relative to the bundle'],
  ["/root/path", LONG_PATH, LONG_PATH_SAYS],
  ["/root/readonly", true, `true without a mount namespace, ${IN_NAMESPACES}`, ...USER_ALONE],
];

const IDMAP_FORM = "idmap=uids=FROM-TO-SIZE#…;gids=FROM-TO-SIZE#…";
const IDS_FROM = "uidMappings and gidMappings in the mount, or a user namespace";
const OPTION_0 = "config.json#/mounts/7/options/0";
const MOUNTS: readonly BadValue[] = [
  ["/mounts", [BIND[1]], `1 mounts without a mount namespace, ${IN_NAMESPACES}`, ...USER_ALONE],
  ["/mounts", many(10_001, () => ({ destination: "/data" })), "10001 mounts, want at most 10000"],
  ["/mounts/7/destination", "", '"", want an absolute path', TMPFS],
  ["/mounts/7/destination", "/", '"/" = the root itself, want a path below /', TMPFS],
  ["/mounts/7/destination", "/a/../..", '"/a/../.." = the root itself, want a path below /', TMPFS],
  ["/mounts/7/destination", LONG_PATH, LONG_PATH_SAYS, TMPFS],
  ["/mounts/7/source", undefined, 'missing "source", want a file or directory to bind', BIND],
  ["/mounts/7/source", "", '"", want a file or directory to bind', BIND],
  ["/mounts/7/source", LONG_PATH, LONG_PATH_SAYS, BIND],
  ["/mounts/7/options", ["a\nb"], '"a\\nb", want text without a line break; config.json#/mounts/7/options/0', TMPFS],
  [
    "/mounts/7/uidMappings",
    [line(0, 0, 10)],
    "only one of the two mappings, want both or none; config.json#/mounts/7/gidMappings",
    BIND,
  ],
  [
    "/mounts/7/gidMappings",
    [line(0, 0, 10)],
    "only one of the two mappings, want both or none; config.json#/mounts/7/uidMappings",
    BIND,
  ],
  [
    "/mounts/7/uidMappings",
    [line(0, 0, 10)],
    "mappings without bind, want the option bind or rbind",
    TMPFS,
    ["/mounts/7/gidMappings", [line(0, 0, 10)]],
  ],
  ...["uidMappings", "gidMappings"].flatMap((name): BadValue[] => {
    const at = `/mounts/7/${name}`;
    const size = "10, want a range that ends at 4294967294 or before";
    const others: Put[] = [
      BIND,
      ["/mounts/7/uidMappings", [line(0, 0, 10)]],
      ["/mounts/7/gidMappings", [line(0, 0, 10)]],
    ];
    return [
      [`${at}/0/size`, 0, "0, want at least 1", ...others],
      [`${at}/0/hostID`, 4_294_967_290, `${size}; config.json#${at}/0/size`, ...others],
      [at, many(341, (index) => line(index, index, 1)), "341 lines, want at most 340", ...others],
    ];
  }),
  ["/mounts/7/options/1", "tmpcopyup", '"tmpcopyup" on a bind, want it with type "tmpfs" only', BIND],
  [
    "/mounts/7/options",
    ["tmpcopyup"],
    `"tmpcopyup" on type "ramfs", want it with type "tmpfs" only; ${OPTION_0}`,
    TMPFS,
    ["/mounts/7/type", "ramfs"],
  ],
  [
    "/mounts/7/options",
    ["tmpcopyup", "remount"],
    `"tmpcopyup" on a remount, want it with type "tmpfs" only; ${OPTION_0}`,
    TMPFS,
  ],
  ...["idmap", "ridmap"].flatMap((option): BadValue[] => [
    ["/mounts/7/options/1", option, `"${option}" without mappings, want ${IDS_FROM}`, BIND],
    ["/mounts/7/options", [option], `"${option}" without bind, want the option bind or rbind; ${OPTION_0}`, TMPFS],
    ["/mounts/7/options/1", `${option}=`, `"", want ${IDMAP_FORM}`, BIND],
    ["/mounts/7/options/1", `${option}=uids=0-1-2`, `"uids=0-1-2", want ${IDMAP_FORM}`, BIND],
    ["/mounts/7/options/1", `${option}=uids=0-1;gids=0-1-2`, `"0-1", want ${IDMAP_FORM}`, BIND],
    ["/mounts/7/options/1", `${option}=users=0-1-2`, `"users=0-1-2", want ${IDMAP_FORM}`, BIND],
    ["/mounts/7/options/1", `${option}=uids=0-1-0;gids=0-1-2`, "0, want at least 1", BIND],
    [
      "/mounts/7/options/1",
      `${option}=uids=@0-10-1;gids=@0-0-1`,
      '"@0-10-1", want an id that linux.uidMappings and gidMappings map',
      ...USER_NAMESPACE,
      BIND,
    ],
    [
      "/mounts/7/options/1",
      `${option}=uids=0-1-2;gids=0-1-2`,
      `"${option}=uids=0-1-2;gids=0-1-2" beside uidMappings, want one of the two`,
      BIND,
      ["/mounts/7/uidMappings", [line(0, 0, 10)]],
      ["/mounts/7/gidMappings", [line(0, 0, 10)]],
    ],
  ]),
];

const PROCESS: readonly BadValue[] = [
  ["/process", undefined, 'missing "process", want it to be given'],
  ["/process/cwd", "tmp", '"tmp", want an absolute path'],
  ["/process/cwd", "", '"", want an absolute path'],
  ["/process/cwd", LONG_PATH, LONG_PATH_SAYS],
  ["/process/args", undefined, 'missing "args", want it to be given'],
  ["/process/args", [], "[], want at least the program"],
  ["/process/args/0", "", '"", want the name or path of the program'],
  ["/process/args/1", "x".repeat(131_072), `"${"x".repeat(50)}"… (131072 characters), want at most 131071 bytes`],
  ["/process/env/0", "novalue", '"novalue", want NAME=value'],
  ["/process/env/0", "=x", '"=x", want a name before the ='],
  ["/process/env/0", "A\nB=x", '"A\\nB=x", want a name without a line break'],
  [
    "/process/env/0",
    `A=${"x".repeat(131_070)}`,
    `"A=${"x".repeat(48)}"… (131072 characters), want at most 131071 bytes`,
  ],
  ["/process/consoleSize/height", 65_536, "65536, want 0 to 65535", TERMINAL],
  ["/process/consoleSize/width", 65_536, "65536, want 0 to 65535", TERMINAL],
  ["/process/user/uid", 10, "10, want an id that linux.uidMappings maps", ...USER_NAMESPACE],
  ["/process/user/gid", 10, "10, want an id that linux.gidMappings maps", ...USER_NAMESPACE],
  ["/process/user/additionalGids/1", 10, "10, want an id that linux.gidMappings maps", ...USER_NAMESPACE],
  [
    "/process/user/umask",
    777,
    "777 (octal 1411), want 0 to 511 (octal 777); hint: JSON has no octal numbers: 0022 is 18",
  ],
  ["/process/user/additionalGids", many(65_537, (index) => index), "65537 groups, want at most 65536"],
  [
    "/process/rlimits/0/type",
    "RLIMIT_NOFILES",
    '"RLIMIT_NOFILES", want a limit of getrlimit(2); hint: nearest is "RLIMIT_NOFILE"',
  ],
  ["/process/rlimits/0/type", "NOFILE", '"NOFILE", want a name such as RLIMIT_NOFILE'],
  ["/process/rlimits/1/type", "RLIMIT_NOFILE", '"RLIMIT_NOFILE" a second time, want each limit once'],
  ["/process/rlimits/0/soft", 1025, "1025, want at most the hard limit 1024"],
  ["/process/rlimits/0/hard", 1023, "1024, want at most the hard limit 1023; config.json#/process/rlimits/0/soft"],
  ["/process/oomScoreAdj", 1001, "1001, want -1000 to 1000"],
  ["/process/oomScoreAdj", -1001, "-1001, want -1000 to 1000"],
  ["/process/oomScoreAdj", 2n ** 60n, "1152921504606846976, want an integer below 2^53"],
  ["/process/scheduler/policy", "SCHED_FIF0", `"SCHED_FIF0", want ${SCHEDULERS}; hint: nearest is "SCHED_FIFO"`],
  ["/process/scheduler/policy", "OTHER", `"OTHER", want ${SCHEDULERS}`],
  ["/process/scheduler/nice", 20, "20, want -20 to 19", schedule("SCHED_OTHER")],
  ["/process/scheduler/nice", -21, "-21, want -20 to 19", schedule("SCHED_BATCH")],
  ["/process/scheduler/priority", 0, "0, want 1 to 99", schedule("SCHED_FIFO")],
  ["/process/scheduler/priority", 100, "100, want 1 to 99", schedule("SCHED_RR")],
  ["/process/scheduler/priority", 1, "1, want 0 to 0", schedule("SCHED_OTHER")],
  ...["runtime", "deadline", "period"].map(
    (name): BadValue => [
      `/process/scheduler/${name}`,
      5,
      "5 with SCHED_OTHER, want it with SCHED_DEADLINE only",
      schedule("SCHED_OTHER"),
    ],
  ),
  [
    "/process/scheduler/flags/0",
    "SCHED_FLAG_RESET_FORK",
    `"SCHED_FLAG_RESET_FORK", want ${SCHEDULER_FLAGS}; hint: nearest is "SCHED_FLAG_RESET_ON_FORK"`,
  ],
  [
    "/process/ioPriority/class",
    "IOPRIO_CLASS_NONE",
    '"IOPRIO_CLASS_NONE", want IOPRIO_CLASS_RT, IOPRIO_CLASS_BE, IOPRIO_CLASS_IDLE; hint: nearest is "IOPRIO_CLASS_BE"',
  ],
  ["/process/ioPriority/priority", 8, "8, want 0 to 7"],
  ["/process/ioPriority/priority", -1, "-1, want 0 to 7"],
  ["/process/execCPUAffinity/initial", "a-b", '"a-b", want a list of CPUs such as 0-3,7'],
  ["/process/execCPUAffinity/final", "0x3", '"0x3", want a list of CPUs such as 0-3,7'],
];

const HOOKS: readonly BadValue[] = [
  "prestart",
  "createRuntime",
  "createContainer",
  "startContainer",
  "poststart",
  "poststop",
].flatMap((kind): BadValue[] => {
  const at = `/hooks/${kind}/0`;
  const none: Put = ["/hooks", {}];
  return [
    [`${at}/path`, "bin/true", '"bin/true", want an absolute path', none],
    [`${at}/path`, "", '"", want an absolute path', none],
    [`${at}/path`, LONG_PATH, LONG_PATH_SAYS, none],
    [`${at}/env/0`, "novalue", '"novalue", want NAME=value', none],
    [`${at}/env/0`, "=x", '"=x", want a name before the =', none],
    [`${at}/timeout`, 0, "0, want at least 1", none],
    [`${at}/timeout`, 2_147_484, "2147484, want 1 to 2147483", none],
    [`${at}/timeout`, 2n ** 53n, "9007199254740992, want an integer below 2^53", none],
  ];
});

const MAPPINGS: readonly BadValue[] = ["uidMappings", "gidMappings"].flatMap((name): BadValue[] => {
  const at = `/linux/${name}`;
  const atSize = `config.json#${at}/0/size`;
  return [
    [at, [], "no mapping for a new user namespace, want at least one", ...USER_NAMESPACE],
    [at, [line(0, 0, 10)], `mappings without a user namespace, ${IN_NAMESPACES}`],
    [at, many(341, (index) => line(index, index, 1)), "341 lines, want at most 340", ...USER_NAMESPACE],
    [`${at}/0/size`, 0, "0, want at least 1", ...USER_NAMESPACE],
    [
      `${at}/0/containerID`,
      4_294_967_290,
      `10, want a range that ends at 4294967294 or before; ${atSize}`,
      ...USER_NAMESPACE,
    ],
    [
      `${at}/0/hostID`,
      4_294_967_290,
      `10, want a range that ends at 4294967294 or before; ${atSize}`,
      ...USER_NAMESPACE,
    ],
  ];
});

const LINUX: readonly BadValue[] = [
  ["/linux/namespaces/0/type", "net", `"net", want ${NAMESPACES}`],
  ["/linux/namespaces/5/type", "pid", '"pid" a second time, want each kind once'],
  ["/linux/namespaces/1/path", "ns/net", '"ns/net", want an absolute path'],
  ["/linux/namespaces/1/path", LONG_PATH, LONG_PATH_SAYS],
  ...["monotonic", "boottime"].flatMap((clock): BadValue[] => [
    [
      `/linux/timeOffsets/${clock}`,
      { secs: 1 },
      'an offset without a new time namespace, want one of type "time" without path in linux.namespaces',
      ["/linux/timeOffsets", {}],
    ],
    [`/linux/timeOffsets/${clock}/nanosecs`, 1e9, "1000000000, want 0 to 999999999", TIME_NAMESPACE],
  ]),
  ["/linux/timeOffsets/realtime", {}, '"realtime", want monotonic or boottime', TIME_NAMESPACE],
  ["/linux/devices/0/type", "x", '"x", want c, u, b or p'],
  ["/linux/devices/0/type", "cc", '"cc", want c, u, b or p'],
  ["/linux/devices/0/path", "dev/x", '"dev/x", want an absolute path'],
  ["/linux/devices/0/path", LONG_PATH, LONG_PATH_SAYS],
  [
    "/linux/devices/1",
    { path: "/dev/x", type: "c", major: 1, minor: 5 },
    '"/dev/x" as c 1:5, before as c 1:3, want one device a path; config.json#/linux/devices/1/path',
  ],
  ["/linux/devices/0/major", undefined, 'missing "major", want it to be given for type "c"'],
  ["/linux/devices/0/minor", undefined, 'missing "minor", want it to be given for type "c"'],
  ["/linux/devices/0/major", 4096, "4096, want 0 to 4095"],
  ["/linux/devices/0/minor", 1_048_576, "1048576, want 0 to 1048575"],
  ["/linux/devices/0/major", -1, "-1, want 0 to 4095"],
  ["/linux/devices/0/minor", -1, "-1, want 0 to 1048575"],
  ["/linux/netDevices/eth1/name", "a/b", '"a/b", want an interface name of at most 15 bytes'],
  ["/linux/netDevices/eth1/name", "sixteen-bytes-ab", '"sixteen-bytes-ab", want an interface name of at most 15 bytes'],
  ["/linux/netDevices/..", {}, '"..", want an interface name of at most 15 bytes', ["/linux/netDevices", {}]],
  [
    "/linux/netDevices/x0",
    {},
    `a device without a network namespace, ${IN_NAMESPACES}`,
    ["/linux/netDevices", {}],
    ...NO_NAMESPACES,
  ],
  ["/linux/cgroupsPath", "/a\nb", '"/a\\nb", want text without a line break'],
  ["/linux/rootfsPropagation", "slaves", `"slaves", want ${PROPAGATION}; hint: nearest is "slave"`],
  ["/linux/rootfsPropagation", "slave", `it without a mount namespace, ${IN_NAMESPACES}`, ...NO_NAMESPACES],
  ["/linux/sysctl/kernel.hostname", "x", '"kernel.hostname", want the field hostname instead'],
  [
    "/linux/sysctl/vm.swappiness",
    "1",
    '"vm.swappiness", which belongs to the host, want one that a namespace has',
    ["/linux/sysctl", {}],
  ],
  ["/linux/sysctl/net..x", "1", '"net..x", want a name such as net.ipv4.ip_forward'],
  ["/linux/sysctl/net~1..~1x", "1", '"net/../x", want a name such as net.ipv4.ip_forward'],
  ["/linux/sysctl/net.ipv4.ip_forward", "1\n2", '"1\\n2", want text without a line break'],
  [
    "/linux/sysctl/kernel.msgmax",
    "1",
    `"kernel.msgmax" without an ipc namespace, ${IN_NAMESPACES}`,
    ["/linux/sysctl", {}],
    ...NO_NAMESPACES,
  ],
  ...["maskedPaths", "readonlyPaths"].flatMap((name): BadValue[] => [
    [`/linux/${name}/0`, "proc/kcore", '"proc/kcore", want an absolute path'],
    [`/linux/${name}/0`, LONG_PATH, LONG_PATH_SAYS],
    [`/linux/${name}`, ["/x"], `1 paths without a mount namespace, ${IN_NAMESPACES}`, ...USER_ALONE],
  ]),
  ["/linux/intelRdt/closID", "a/b", '"a/b", want one directory name, or /'],
  ["/linux/intelRdt/closID", "..", '"..", want one directory name, or /'],
  ["/linux/intelRdt/schemata/0", "L3:0=f\nMB:0=1", '"L3:0=f\\nMB:0=1", want one line an entry'],
  ["/linux/intelRdt/memBwSchema", "L3:0=f", '"L3:0=f", want one line that starts with MB:'],
  ["/linux/intelRdt/memBwSchema", "MB:0=1\nL3:0=f", '"MB:0=1\\nL3:0=f", want one line that starts with MB:'],
  ["/linux/memoryPolicy/mode", "MPOL_BOUND", `"MPOL_BOUND", want ${POLICIES}; hint: nearest is "MPOL_BIND"`],
  ["/linux/memoryPolicy/mode", undefined, 'missing "mode", want it to be given'],
  ["/linux/memoryPolicy/nodes", "a", '"a", want a list such as 0-3,7'],
  [
    "/linux/memoryPolicy/nodes",
    "0",
    '"0" with MPOL_LOCAL, want no nodes with it',
    ["/linux/memoryPolicy", { mode: "MPOL_LOCAL" }],
  ],
  ["/linux/memoryPolicy/flags/0", "MPOL_F_STATIC", `"MPOL_F_STATIC", want ${POLICY_FLAGS}`],
  ["/linux/personality/domain", "LINUX64", '"LINUX64", want LINUX, LINUX32; hint: nearest is "LINUX"'],
];

const NO_LISTENER: readonly Put[] = [
  ["/linux/seccomp/listenerPath", undefined],
  ["/linux/seccomp/listenerMetadata", undefined],
];
const RULE = "/linux/seccomp/syscalls/0";
const NO_ERRNO: Put = [`${RULE}/errnoRet`, undefined];
const SECCOMP: readonly BadValue[] = [
  [
    "/linux/seccomp/defaultAction",
    "SCMP_ACT_DENY",
    '"SCMP_ACT_DENY", want one of 9 names; hint: nearest is "SCMP_ACT_KILL"',
  ],
  ["/linux/seccomp/defaultAction", "SCMP_ACT_NOTIFY", '"SCMP_ACT_NOTIFY", want it in rules only'],
  ["/linux/seccomp/defaultErrnoRet", 4096, "4096, want 0 to 4095"],
  ["/linux/seccomp/architectures/0", "X86_64", '"X86_64", want one of 23 names'],
  [
    "/linux/seccomp/architectures/0",
    "SCMP_ARCH_X86_65",
    '"SCMP_ARCH_X86_65", want one of 23 names; hint: nearest is "SCMP_ARCH_X86_64"',
  ],
  ["/linux/seccomp/flags/0", "TSYNC", `"TSYNC", want ${FILTER_FLAGS}`],
  [
    "/linux/seccomp/listenerMetadata",
    "x",
    "it without listenerPath, want both or none",
    ["/linux/seccomp/listenerPath", undefined],
  ],
  ["/linux/seccomp/listenerPath", LONG_PATH, LONG_PATH_SAYS],
  [
    "/linux/seccomp/listenerMetadata",
    "x".repeat(65_537),
    `"${"x".repeat(50)}"… (65537 characters), want at most 65536 bytes`,
  ],
  ...["sendmsg", "exit_group"].map(
    (name): BadValue => [
      `${RULE}/names`,
      [name],
      `SCMP_ACT_NOTIFY for "${name}", want another action for it`,
      NO_ERRNO,
      [`${RULE}/action`, "SCMP_ACT_NOTIFY"],
    ],
  ),
  [`${RULE}/names`, [], "[], want at least 1 element"],
  [`${RULE}/names/0`, "", '"", want the name of a system call'],
  [
    `${RULE}/names`,
    ["write"],
    'SCMP_ACT_NOTIFY for "write", want another action for it',
    NO_ERRNO,
    [`${RULE}/action`, "SCMP_ACT_NOTIFY"],
    NO_ERRNO,
  ],
  [
    `${RULE}/errnoRet`,
    1,
    "1 with SCMP_ACT_ALLOW, want it with SCMP_ACT_ERRNO or SCMP_ACT_TRACE only",
    [`${RULE}/action`, "SCMP_ACT_ALLOW"],
  ],
  [`${RULE}/action`, "ALLOW", '"ALLOW", want one of 9 names'],
  [
    `${RULE}/action`,
    "SCMP_ACT_NOTIFY",
    "SCMP_ACT_NOTIFY without a listener, want listenerPath to be given",
    NO_ERRNO,
    ...NO_LISTENER,
    NO_ERRNO,
  ],
  [`${RULE}/errnoRet`, 4096, "4096, want 0 to 4095", [`${RULE}/action`, "SCMP_ACT_ERRNO"]],
  [`${RULE}/args/0/index`, 6, "6, want 0 to 5", NO_ERRNO],
  [`${RULE}/args/0/op`, "==", `"==", want ${OPERATORS}`],
  [`${RULE}/args/0/op`, "SCMP_CMP_EQU", `"SCMP_CMP_EQU", want ${OPERATORS}; hint: nearest is "SCMP_CMP_EQ"`],
];

/** One member of a controller's object, alone there. */
function limit(controller: string, name: string, value: unknown, says: string, others: object = {}): BadValue {
  const at = `/linux/resources/${controller}`;
  return [`${at}/${name}`, value, says, [at, others]];
}

const UNLIMITED = "-2, want bytes, or -1 (= unlimited)";
const RESOURCES: readonly BadValue[] = [
  limit("unified", "..~1x.y", "1", '"../x.y", want the name of a cgroup file such as memory.high'),
  limit("unified", "memory", "1", '"memory", want the name of a cgroup file such as memory.high'),
  ["/linux/resources/devices/0/type", "u", '"u", want a, b or c'],
  ["/linux/resources/devices/0/access", "rwx", '"rwx", want letters of rwm'],
  ["/linux/resources/devices/0/access", "", '"", want letters of rwm'],
  ["/linux/resources/devices/0/access", undefined, 'missing "access", want letters of rwm'],
  ["/linux/resources/devices/0/major", -2, "-2, want -1 to 4294967295"],
  ["/linux/resources/devices/0/minor", 4_294_967_296, "4294967296, want -1 to 4294967295"],
  ...["limit", "reservation", "swap", "kernel", "kernelTCP"].map((name) => limit("memory", name, -2, UNLIMITED)),
  limit("memory", "swappiness", 101, "101, want 0 to 100"),
  limit("memory", "swap", 1 << 20, "1048576 without a memory limit, want memory.limit to be given too"),
  limit("memory", "swap", 1 << 20, "1048576, want at least memory.limit = 2097152 (it counts both)", {
    limit: 2 << 20,
  }),
  limit("memory", "reservation", 2 << 20, "2097152, want at most memory.limit = 1048576", { limit: 1 << 20 }),
  limit("cpu", "shares", 1, "1, want 2 to 262144"),
  limit("cpu", "shares", 262_145, "262145, want 2 to 262144"),
  limit("cpu", "quota", 999, "999, want at least 1000 microseconds, or -1 (= unlimited)"),
  limit("cpu", "quota", -2, "-2, want at least 1000 microseconds, or -1 (= unlimited)"),
  limit("cpu", "period", 999, "999, want 1000 to 1000000"),
  limit("cpu", "period", 1_000_001, "1000001, want 1000 to 1000000"),
  limit("cpu", "burst", 2000, "2000, want at most cpu.quota = 1000", { quota: 1000 }),
  limit("cpu", "realtimeRuntime", -2, "-2, want at least -1"),
  limit("cpu", "realtimeRuntime", 2000, "2000, want at most cpu.realtimePeriod = 1000", { realtimePeriod: 1000 }),
  limit("cpu", "idle", 2, "2, want 0 to 1"),
  limit("cpu", "cpus", "a", '"a", want a list such as 0-3,7'),
  limit("cpu", "mems", "a", '"a", want a list such as 0-3,7'),
  limit("pids", "limit", -2, "-2, want at least -1 (= unlimited)"),
  limit("blockIO", "weight", 9, "9, want 10 to 1000"),
  limit("blockIO", "leafWeight", 1001, "1001, want 10 to 1000"),
  ["/linux/resources/blockIO/weightDevice/0/weight", 9, "9, want 10 to 1000"],
  ["/linux/resources/blockIO/weightDevice/0/leafWeight", 1001, "1001, want 10 to 1000"],
  ["/linux/resources/hugepageLimits/0/pageSize", "2mb", '"2mb", want a page size such as 2MB'],
  ["/linux/resources/hugepageLimits/0/pageSize", "../2MB", '"../2MB", want a page size such as 2MB'],
];

export const BAD_CONFIG: readonly BadValue[] = [
  ...GENERAL,
  ...MOUNTS,
  ...PROCESS,
  ...HOOKS,
  ...MAPPINGS,
  ...LINUX,
  ...SECCOMP,
  ...RESOURCES,
];
