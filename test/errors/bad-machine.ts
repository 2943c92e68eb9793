/**
 * Values of config.json that only the kernel, the bundle or the host can tell to be bad: `create` is under way when it finds out, and takes
 * everything back. `ID` in a line stands for the container's id, `BUNDLE` for its folder.
 */
import { type Put, TIME_NAMESPACE, USER_NAMESPACE } from "./bad-config.ts";

/** A bad value and the whole line that is said of it; RegExp where a number is not known beforehand. */
export type RefusedValue = readonly [pointer: string, value: unknown, line: string | RegExp, ...before: Put[]];

const RESOLVE = "RESOLVE_NO_MAGICLINKS";

const mount = (entry: object): Put => ["/mounts/7", { destination: "/data", ...entry }];
const TMPFS = mount({ type: "tmpfs", source: "tmpfs" });
const BIND = mount({ type: "bind", source: "/etc", options: ["bind"] });
const noOthers = (controller: string): Put => [`/linux/resources/${controller}`, {}];

const HOOKS: readonly RefusedValue[] = ["prestart", "createRuntime", "createContainer"].flatMap(
  (kind): RefusedValue[] => {
    const at = `config.json#/hooks/${kind}/0`;
    const hook = (path: string): Put => ["/hooks", { [kind]: [{ path }] }];
    const unusable = "it could not be run, want an executable file on the host";
    return [
      [
        `/hooks/${kind}/0/path`,
        "/not/there",
        `hook ${at} /not/there: ENOENT: ${unusable}; ${at}/path [hook execve("/not/there") ENOENT]`,
        hook("/bin/true"),
      ],
      [
        `/hooks/${kind}/0/path`,
        "/etc",
        `hook ${at} /etc: EACCES: ${unusable}; ${at}/path [hook execve("/etc") EACCES]`,
        hook("/bin/true"),
      ],
      [
        `/hooks/${kind}/0/args`,
        ["sh", "-c", "exit 3"],
        /^hook config\.json#\/hooks\/[a-zA-Z]+\/0 \/bin\/sh: exit 3 after [0-9.]+ s, want exit 0; config\.json#\/hooks\/[a-zA-Z]+\/0$/,
        hook("/bin/sh"),
      ],
      [
        `/hooks/${kind}/0/timeout`,
        1,
        `hook ${at} /bin/sh: still running after its timeout of 1 s, want it ended; ${at}`,
        hook("/bin/sh"),
        [`/hooks/${kind}/0/args`, ["sh", "-c", "exec sleep 60"]],
      ],
    ];
  },
);

const FILES: readonly RefusedValue[] = [
  [
    "/root/path",
    "not-there",
    `open root file system: ENOENT: found no folder at BUNDLE/not-there, want one that is no link; config.json#/root/path [root openat2(AT_FDCWD, "BUNDLE/not-there", {O_CLOEXEC|O_DIRECTORY|O_NOFOLLOW|O_PATH, ${RESOLVE}}) ENOENT]`,
  ],
  [
    "/root/path",
    "config.json",
    `open root file system: ENOTDIR: found no folder at BUNDLE/config.json, want one that is no link; config.json#/root/path [root openat2(AT_FDCWD, "BUNDLE/config.json", {O_CLOEXEC|O_DIRECTORY|O_NOFOLLOW|O_PATH, ${RESOLVE}}) ENOTDIR]`,
  ],
  [
    "/mounts/7/destination",
    "/proc/sys",
    /^mount config\.json#\/mounts\/7: .*, want type proc on \/proc, or below it one of .*; config\.json#\/mounts\/7\/destination( \[mounts .*\])?$/,
    TMPFS,
  ],
  [
    "/mounts/7/type",
    "nosuchfs",
    'mount config.json#/mounts/7: no such device: type nosuchfs, target /data; config.json#/mounts/7 [mounts fsopen("nosuchfs", 1) ENODEV]',
    TMPFS,
  ],
  [
    "/mounts/7/type",
    "none",
    'mount config.json#/mounts/7: found type "none" without the option bind, want a file system type; config.json#/mounts/7/type; hint: add "bind" or "rbind" to options',
    TMPFS,
  ],
  [
    "/mounts/7/source",
    "/not/there",
    `mount config.json#/mounts/7: no such file or directory: source /not/there, first missing element "not"; config.json#/mounts/7/source [mounts openat2(AT_FDCWD, "/not/there", {O_CLOEXEC|O_PATH, ${RESOLVE}}) ENOENT]`,
    BIND,
  ],
  [
    "/mounts/7/options",
    ["size=many"],
    'mount config.json#/mounts/7: invalid argument: type tmpfs, target /data: the kernel says "tmpfs: Bad value for \'size\'"; config.json#/mounts/7/options [mounts fsconfig(4, FSCONFIG_SET_STRING, "size", "many") EINVAL]',
    TMPFS,
  ],
  [
    "/mounts/7/options/1",
    "r0",
    'mount config.json#/mounts/7: found option "r0" on a bind, want none that a file system would have to know; config.json#/mounts/7/options',
    BIND,
  ],
  [
    "/mounts/7/uidMappings",
    [
      { containerID: 0, hostID: 0, size: 10 },
      { containerID: 5, hostID: 100, size: 10 },
    ],
    /^mount config\.json#\/mounts\/7: EINVAL: the kernel refused the uid map "0 0 10\\n5 100 10"; ranges must not overlap and the host ids must be ours to map; config\.json#\/mounts\/7 \[id-map write\(.* EINVAL\]$/,
    BIND,
    ["/mounts/7/gidMappings", [{ containerID: 0, hostID: 0, size: 10 }]],
  ],
  [
    "/mounts/7/source",
    "/proc",
    /^mount config\.json#\/mounts\/7: invalid argument: source \/proc = proc cannot be idmapped on this kernel, want a file system that can, such as ext4, xfs, btrfs or \(Linux 6\.3\) tmpfs; config\.json#\/mounts\/7 \[mounts mount_setattr\(.* EINVAL\]$/,
    BIND,
    ["/mounts/7/options/1", "idmap=uids=0-1-1;gids=0-1-1"],
  ],
  [
    "/process/cwd",
    "/bin/busybox",
    'chdir "/bin/busybox": not a directory: found a file, want a folder; config.json#/process/cwd',
  ],
  [
    "/process/args/0",
    "nothing",
    'exec "nothing": executable file not found in $PATH: searched /usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin; config.json#/process/args/0; hint: /bin/sh is present',
  ],
  [
    "/process/args/0",
    "/not/there",
    'exec "/not/there": no such file or directory: it is missing in the root; config.json#/process/args/0',
  ],
  [
    "/process/args/0",
    "/etc",
    'exec "/etc": permission denied: it is a folder, want a program; config.json#/process/args/0',
  ],
  [
    "/process/terminal",
    true,
    'create "ID": terminal wanted by config.json#/process/terminal, no --console-socket; --console-socket; hint: terminal=false or --console-socket PATH',
  ],
  [
    "/linux/devices/0/path",
    "/bin/busybox",
    "make device /bin/busybox: found another file there (mode 0100755), want c 1:3 or nothing; config.json#/linux/devices/0; hint: mount a tmpfs on /dev",
  ],
  [
    "/linux/devices/0/path",
    "/bin/busybox/x",
    /^make device \/bin\/busybox\/x: the kernel refused a call; config\.json#\/linux\/devices\/0 \[devices mknodat\([0-9]+, "x", 020666, 259\) ENOTDIR\]$/,
  ],
];

const NAMESPACES: readonly RefusedValue[] = [
  [
    "/linux/seccomp/listenerPath",
    "/not/there",
    /^send seccomp listener: ENOENT: found no agent that takes it at \/not\/there, want a listening Unix stream socket; config\.json#\/linux\/seccomp\/listenerPath \[seccomp-listener connect\(.*\) ENOENT\]$/,
    [
      "/linux/seccomp",
      {
        defaultAction: "SCMP_ACT_ALLOW",
        syscalls: [{ names: ["mkdir"], action: "SCMP_ACT_NOTIFY" }],
        listenerPath: "/x",
      },
    ],
  ],
  [
    "/linux/netDevices/no-such-link",
    {},
    'move network device "no-such-link": found none of that name, want one in the network namespace of the runtime; config.json#/linux/netDevices/no-such-link',
    ["/linux/netDevices", {}],
  ],
  [
    "/linux/netDevices/no~1such/name",
    "x",
    'load config.json: "no/such", want an interface name of at most 15 bytes; config.json#/linux/netDevices/no~1such',
    ["/linux/netDevices", {}],
  ],
  [
    "/linux/namespaces/1/path",
    "/not/there",
    `join network namespace: ENOENT: found no namespace at /not/there; config.json#/linux/namespaces/1/path [namespaces openat2(AT_FDCWD, "/not/there", {O_CLOEXEC, ${RESOLVE}}) ENOENT]`,
  ],
  [
    "/linux/namespaces/1/path",
    "/proc/self/ns/uts",
    "join network namespace: found a namespace of kind uts, want one of kind network; config.json#/linux/namespaces/1/path",
  ],
  [
    "/linux/namespaces/1/path",
    "/etc/hosts",
    "join network namespace: found another file, want one of kind network; config.json#/linux/namespaces/1/path",
  ],
  ...["uidMappings", "gidMappings"].map(
    (name): RefusedValue => [
      `/linux/${name}/1`,
      { containerID: 5, hostID: 100, size: 10 },
      new RegExp(
        `^write ${name}: EINVAL: the kernel refused "0 0 10\\\\n5 100 10"; ranges must not overlap and the host ids must be ours to map; config\\.json#/linux/${name} \\[.* EINVAL\\]$`,
      ),
      ...USER_NAMESPACE,
    ],
  ),
  ...["monotonic", "boottime"].map(
    (clock): RefusedValue => [
      `/linux/timeOffsets/${clock}/secs`,
      2n ** 62n,
      /^set time offsets: ERANGE: found an offset out of range, want clocks that stay between 0 and 146 years; config\.json#\/linux\/timeOffsets \[clone write\([0-9]+, <[0-9]+ bytes>, [0-9]+\) ERANGE\]$/,
      TIME_NAMESPACE,
    ],
  ),
  [
    "/linux/sysctl/net.not.there",
    "1",
    'sysctl net.not.there: ENOENT: the kernel refused "1"; config.json#/linux/sysctl/net.not.there [sysctl openat2 ENOENT]',
  ],
  [
    "/linux/sysctl/net.ipv4.ip_forward",
    "many",
    /^sysctl net\.ipv4\.ip_forward: EINVAL: the kernel refused "many"; config\.json#\/linux\/sysctl\/net\.ipv4\.ip_forward \[sysctl write\([0-9]+, "many", 4\) EINVAL\]$/,
  ],
  [
    "/process/rlimits/0/hard",
    4_294_967_296,
    /^rlimit RLIMIT_NOFILE: EPERM: asked (soft [0-9]+ )?hard 4294967296, ours [0-9]+; config\.json#\/process\/rlimits\/0\/hard; hint: raising a hard limit needs CAP_SYS_RESOURCE \[limits prlimit64\([0-9]+, RLIMIT_NOFILE, <16 bytes>\) EPERM\]$/,
  ],
];

const cpuset = (name: string, found: string, errno: string): RefusedValue => [
  `/linux/resources/cpu/${name}`,
  found,
  new RegExp(
    `^set cgroup cpuset\\.${name}: the kernel refused the value: found ${found}, want one that /sys/fs/cgroup/.*ID/cpuset\\.${name} takes; config\\.json#/linux/resources/cpu/${name} \\[cgroup write\\([0-9]+, "${found}", 3\\) ${errno}\\]$`,
  ),
  noOthers("cpu"),
];

const PLACES: readonly RefusedValue[] = [
  [
    "/linux/cgroupsPath",
    "system.slice:x:y",
    'place cgroup: found "system.slice:x:y" in systemd\'s form slice:prefix:name, want a path; config.json#/linux/cgroupsPath; hint: the systemd driver is missing in this version, use the cgroupfs driver',
  ],
  [
    "/linux/cgroupsPath",
    "/",
    "place cgroup: found the root of the hierarchy, want a directory below it; config.json#/linux/cgroupsPath",
  ],
  [
    "/linux/cgroupsPath",
    `/${"x".repeat(256)}`,
    "place cgroup: found a name of 256 bytes, want at most 255; config.json#/linux/cgroupsPath",
  ],
];

/** What the files of cgroup v1 refuse. */
export const REFUSED_BY_V1: readonly RefusedValue[] = [
  [
    "/linux/resources/unified/memory.high",
    "1",
    "set cgroup limits: found unified on cgroup v1, want a v2 host; config.json#/linux/resources/unified",
  ],
  [
    "/linux/resources/memory/limit",
    4096,
    'create "ID": container init was OOM-killed (memory limit too low?): found 4096, want more; config.json#/linux/resources/memory/limit',
    noOthers("memory"),
  ],
  [
    "/linux/resources/memory/kernel",
    1 << 26,
    /^set cgroup memory\.kmem\.limit_in_bytes: found 67108864, which this kernel takes and does not apply, want it absent; config\.json#\/linux\/resources\/memory\/kernel; hint: memory\.limit counts kernel memory too$/,
    noOthers("memory"),
  ],
  cpuset("cpus", "999", "ERANGE"),
  cpuset("cpus", "3-1", "EINVAL"),
  cpuset("mems", "999", "EINVAL"),
];

export const REFUSED: readonly RefusedValue[] = [...HOOKS, ...FILES, ...NAMESPACES, ...PLACES];
