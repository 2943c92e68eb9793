/** What differs from Debian's crun 1.8.1; files and lines are of its source, tag 1.8.1. Most of it is where ours equals runc. */
import {
  always,
  both,
  hasHooks,
  hasNamespace,
  hasNoCapabilities,
  hasTerminal,
  masks,
  mountOption,
  mounts,
  named,
  newNetwork,
  not,
  notRoot,
  ownPropagation,
  shiftedIds,
  WRITABLE_CGROUPS,
} from "./conditions.ts";
import type { Difference, When } from "./differences.ts";

const MASK_WHY =
  "crun's mask is size=0k (linux.c:1104), which the kernel takes for no limit at all: the superblock says rw; ours has one inode and is ro";
const FILE_MASK_WHY =
  "a masked file is the null device of the container's own /dev, as under runc; crun binds the host's, and read-only (linux.c:1063)";
const ID = "hierarchy of the memory controller";

const changesGroup: When = ({ process }) => (process.user?.gid ?? 0) !== 0;
const hasCgroups: When = mounts("/sys/fs/cgroup");
/** crun then sets the whole tree's propagation at the end (linux.c:2456 and 2662). */
const recursiveRoot: When = ({ linux }) => [undefined, "rprivate"].includes(linux.rootfsPropagation);
const ownCgroups: When = both(hasCgroups, hasNamespace("cgroup"));
const relativeCgroup: When = ({ linux }) => !(linux.cgroupsPath ?? "").startsWith("/");

const mask = (path: string): Difference => ({
  field: `mount ${path}`,
  when: path.startsWith("/sys") ? both(mounts("/sys"), masks(path)) : masks(path),
  theirs: /: anonymous \/ ro,relatime \[(shared)?\] tmpfs tmpfs rw,size=0k(,uid=\d+,gid=\d+)?$/,
  ours: /: anonymous \/ ro,relatime \[(shared)?\] tmpfs tmpfs ro,size=4k,nr_inodes=1,mode=755(,uid=\d+,gid=\d+)?$/,
  why: MASK_WHY,
});
const maskedFile = (path: string): Difference => ({
  field: `mount ${path}`,
  when: masks(path),
  theirs: / \/null ro,relatime \[(shared)?\] devtmpfs devtmpfs /,
  ours: / (\/null|BUNDLE\/rootfs\/dev\/null) rw,(nosuid|relatime) \[(shared)?\] /,
  why: FILE_MASK_WHY,
});

export const CRUN_DIFFERENCES: readonly Difference[] = [
  {
    field: "mount /etc",
    when: mountOption("tmpcopyup"),
    theirs: /^on \/: anonymous \/ rw,nosuid,relatime \[\] tmpfs tmpfs rw$/,
    ours: /^on \/: anonymous \/ rw,nosuid,relatime \[\] tmpfs tmpfs rw,mode=755$/,
    why: "the same mode: here it is given with the mount, which mountinfo shows, and not by chmod afterwards",
  },
  ...["/proc/acpi", "/sys/firmware", "/etc", "/proc/tty", "/root"].map(mask),
  ...["/proc/keys", "/proc/timer_list", "/proc/uptime"].map(maskedFile),
  { ...WRITABLE_CGROUPS, field: /^mount \/sys\/fs\/cgroup\/(?!memory$)\S+$/ },
  {
    field: "cgroup memory",
    when: both(relativeCgroup, not(hasNamespace("cgroup"))),
    theirs: /^\/(ID|ts-runc-relative-\d+)$/,
    ours: /^\/.+\/(ID|ts-runc-relative-\d+)$/,
    why: `a path that does not begin with / is taken from the caller's own cgroup, as by runc; crun takes it from the root (${ID})`,
  },
  {
    field: "mount /sys/fs/cgroup/memory",
    when: both(relativeCgroup, hasCgroups, not(hasNamespace("cgroup"))),
    theirs: /^on \/sys\/fs\/cgroup: anonymous \/(ID|ts-runc-relative-\d+) /,
    ours: /^on \/sys\/fs\/cgroup: anonymous \/.+\/(ID|ts-runc-relative-\d+) /,
    why: `a path that does not begin with / is taken from the caller's own cgroup, as by runc; crun takes it from the root (${ID})`,
  },
  {
    field: "dev /dev/core",
    when: always,
    theirs: /^lrwxrwxrwx .* -> '\/proc\/kcore'$/,
    ours: undefined,
    why: "this kernel has no /proc/kcore: as runc, ours makes no link to nowhere; crun always does (linux.c:1716)",
  },
  {
    field: "environ",
    when: ({ process }) => [4242, 65_534].includes(process.user?.uid ?? 0),
    theirs: /^PATH=\S+\n((?!HOME=).*\n?)*$/,
    ours: /\nHOME=\/$/,
    why: "HOME of a user without an entry is /, as runc sets it; crun 1.8.1 leaves it out although it means the same (container.c:1085)",
  },
  {
    field: /^fdkind [012]$/,
    when: both(
      (document, config) => notRoot(document, config) || changesGroup(document, config),
      not(hasTerminal),
      not(shiftedIds),
    ),
    theirs: /^regular( empty)? file [0-9]+:[0-9]+$/,
    ours: /^regular( empty)? file 0:0$/,
    why: "files of the caller keep their owner; crun gives whatever stands at 0, 1, 2 to the container's user (runc's CVE-2026-88265)",
  },
  {
    field: /^status Cap(Prm|Eff|Bnd)$/,
    when: hasNoCapabilities,
    theirs: /^0000000000000000$/,
    ours: /^0*[1-9a-f][0-9a-f]*$/,
    why: "an absent object leaves the sets untouched, as in newer runc (its commit 049a5f76c); crun takes it for five empty sets",
  },
  {
    field: "mount /sys",
    when: both(newNetwork, ({ mounts }) =>
      mounts.some(({ type, options }) => type === "sysfs" && options?.includes("ro") === true),
    ),
    theirs: / sysfs sysfs rw$/,
    ours: / sysfs sysfs ro$/,
    why: "ro is asked for: as under runc the file system itself is read-only too, not only this mount of it",
  },
  {
    field: "mount /sys/fs/cgroup",
    when: hasCgroups,
    theirs:
      /^on \/sys: anonymous \/ rw,nosuid,nodev,noexec,relatime \[(shared)?\] tmpfs cgroup rw,size=1024k(,uid=\d+,gid=\d+)?$/,
    ours: /^on \/sys: anonymous \/ r[ow],nosuid,nodev,noexec,relatime \[(shared)?\] tmpfs tmpfs rw,mode=755(,uid=\d+,gid=\d+)?$/,
    why: "size and source are each runtime's own; ro where the config asks for it, which crun takes away (linux.c:1402)",
  },
  {
    field: /^mount \/sys\/fs\/cgroup\/[a-z]+$/,
    when: ownCgroups,
    theirs: / cgroup \/sys\/fs\/cgroup\/[a-z]+ rw,/,
    ours: / cgroup cgroup rw,/,
    why: "the word in the source column means nothing to the kernel; ours is runc's",
  },
  {
    field: /^mount \/dev\/(full|null|random|tty|urandom|zero)$/,
    when: hasNamespace("user"),
    theirs: / rw,nosuid,noexec,relatime \[(shared)?\] devtmpfs /,
    ours: / rw,relatime \[(shared)?\] devtmpfs /,
    why: "the host's nodes as they are, as runc binds them; what nosuid and noexec forbid no device does",
  },
  {
    field: "one /sys/fs/cgroup/devices/devices.list",
    when: hasCgroups,
    theirs: /c 5:1 rwm/,
    ours: /c 10:200 rwm/,
    why: "runc's default rules: /dev/net/tun and no console of the host (5:1), which crun allows (cgroup-resources.c:518)",
  },
  {
    field: "mount /root",
    when: named("tmpfs options"),
    theirs: /tmpfs tmpfs rw,sync$/,
    ours: /tmpfs tmpfs rw,sync,mode=755$/,
    why: "a tmpfs without mode= has the mode of the folder below it, as under runc (and mount of tmpfs over it changes nothing)",
  },
  {
    field: "top /root",
    when: named("tmpfs options"),
    theirs: /^drwxrwxrwt 0:0$/,
    ours: /^drwxr-xr-x 0:0$/,
    why: "a tmpfs without mode= has the mode of the folder below it, as under runc; crun leaves the kernel's 1777",
  },
  {
    field: /^fdinfo [012]$/,
    when: hasTerminal,
    theirs: /^flags:\t0100002$/,
    ours: /^flags:\t02000002$/,
    why: "the flags repeat how the terminal was opened (O_CLOEXEC, no O_LARGEFILE): of a descriptor that outlived execve they say nothing",
  },
  {
    field: "dev /dev/mqueue",
    when: shiftedIds,
    theirs: /^drwxrwxrwt 0:(0|1000) /,
    ours: /^drwxrwxrwt 1000:1000 /,
    why: "it belongs to whoever made the ipc namespace: ours makes all in one clone, as the host's root; all may use it (mode 1777)",
  },
  {
    field: "top /root",
    when: masks("/root"),
    theirs: /^drwxrwxrwt 0:0$/,
    ours: /^drwxr-xr-x 0:0$/,
    why: "the mask of a folder has mode 755, as the folders that are masked; nobody writes there",
  },
  {
    field: "mount /data",
    when: both(ownPropagation, recursiveRoot),
    theirs: / \[\] /,
    ours: / \[(unbindable|shared)\] /,
    why: "a mount's own propagation is kept, as by runc; crun sets the root's last and on all below it",
  },
  {
    field: "mount /dev/console",
    when: hasTerminal,
    theirs: / rw,relatime \[(shared)?\] devpts /,
    ours: / rw,nosuid,noexec,relatime \[(shared)?\] devpts /,
    why: "the flags of the devpts that it is bound from are kept, as by runc",
  },
  {
    field: "mount /dev/shm again",
    when: ({ linux }) => linux.readonlyPaths?.includes("/dev/shm") === true,
    theirs: /: anonymous \/ ro,relatime /,
    ours: /: anonymous \/ ro,nosuid,nodev,noexec,relatime /,
    why: "a path that is made read-only keeps the other flags of its mount, as under runc; crun takes them off",
  },
  {
    field: /^hook [a-zA-Z]+ state ociVersion$/,
    when: hasHooks,
    theirs: /^"1\.0"$/,
    ours: /^"1\.0\.2"$/,
    why: "the state's version is what the container's config follows, a SemVer (runtime.md#state); crun's is fixed (container.c:593)",
  },
  {
    field: /^hook [a-zA-Z]+ state root$/,
    when: hasHooks,
    theirs: /^"rootfs"$/,
    ours: undefined,
    why: "the state has no such property (runtime.md#state)",
  },
  {
    field: /^hook (createRuntime|createContainer) state status$/,
    when: hasHooks,
    theirs: /^"created"$/,
    ours: /^"creating"$/,
    why: "created is the state after create, whose hooks these are (runtime.md#lifecycle), as runc says",
  },
  {
    field: "hook startContainer state status",
    when: hasHooks,
    theirs: /^"starting"$/,
    ours: /^"created"$/,
    why: "the four statuses of runtime.md#state have no such word; runc says created too",
  },
  {
    field: "hook startContainer state bundle",
    when: hasHooks,
    theirs: /^"\/"$/,
    ours: /^"BUNDLE"$/,
    why: "the bundle is a folder of the host (runtime.md#state); crun says where the hook is",
  },
  {
    field: /^hook (createContainer|startContainer) state pid$/,
    when: hasHooks,
    theirs: /^0$/,
    ours: /^a process$/,
    why: "pid must be given once there is a process (runtime.md#state); crun does not know it inside",
  },
  {
    field: "status SigBlk",
    when: hasHooks,
    theirs: /^0000000000010000$/,
    ours: /^0000000000000000$/,
    why: "a fault of crun: it blocks SIGCHLD around a hook and unblocks the old mask instead (utils.c:1628)",
  },
];
