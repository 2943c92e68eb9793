/** What differs from Debian's runc 1.1.5; files and lines are of its source, tag v1.1.5. */
import {
  both,
  hasHooks,
  hasNamespace,
  hasNoCapabilities,
  hasTerminal,
  masks,
  mountOption,
  mounts,
  named,
  not,
  notRoot,
  sharedRoot,
  sharedTree,
  shiftedIds,
  WRITABLE_CGROUPS,
} from "./conditions.ts";
import type { Difference } from "./differences.ts";

const MASK = /: anonymous \/ ro,relatime \[\] tmpfs tmpfs ro(,uid=\d+,gid=\d+)?$/;
const SMALL_MASK =
  /: anonymous \/ ro,relatime \[(shared)?\] tmpfs tmpfs ro,size=4k,nr_inodes=1,mode=755(,uid=\d+,gid=\d+)?$/;
const MASK_WHY = "newer runc too gives the mask of a folder no room and one inode: its memory cannot be used up";
const FOREGROUND_WHY =
  "run without a terminal hands its own streams on, as crun does, instead of copying through pipes: one process less in the way";

/** A folder that is masked, with what it is mounted on. */
const mask = (path: string): Difference => ({
  field: `mount ${path}`,
  when: path.startsWith("/sys") ? both(mounts("/sys"), masks(path)) : masks(path),
  theirs: MASK,
  ours: SMALL_MASK,
  why: MASK_WHY,
});

export const RUNC_DIFFERENCES: readonly Difference[] = [
  {
    field: "mount /etc",
    when: mountOption("tmpcopyup"),
    theirs: /^on \/: anonymous \/ rw,nosuid,relatime \[\] tmpfs tmpfs rw$/,
    ours: /^on \/: anonymous \/ rw,nosuid,relatime \[\] tmpfs tmpfs rw,mode=755$/,
    why: "the same mode: here it is given with the mount, which mountinfo shows, and not by chmod afterwards",
  },
  {
    field: "hook prestart state status",
    when: hasHooks,
    theirs: /^"creating"$/,
    ours: /^"created"$/,
    why: "prestart hooks are of runtime-spec 1.0, where they ran after create; runtime-tools and crun have that word",
  },
  {
    field: "mount /sys/fs/cgroup",
    when: (document) =>
      document.mounts.some((mount) => mount.type === "cgroup" && mount.options?.includes("ro") === true),
    theirs: /^on \/sys: anonymous \/ rw,nosuid,nodev,noexec,relatime \[\] tmpfs tmpfs rw,mode=755(,uid=\d+,gid=\d+)?$/,
    ours: /^on \/sys: anonymous \/ ro,nosuid,nodev,noexec,relatime \[(shared)?\] tmpfs tmpfs rw,mode=755(,uid=\d+,gid=\d+)?$/,
    why: "the config asks for ro; runc 1.1.5 applies it to the controllers' mounts and forgets the tmpfs that holds them",
  },
  ...["/proc/acpi", "/sys/firmware", "/etc", "/proc/tty", "/root"].map(mask),
  WRITABLE_CGROUPS,
  {
    field: "top /root",
    when: masks("/root"),
    theirs: /^drwxrwxrwt 0:0$/,
    ours: /^drwxr-xr-x 0:0$/,
    why: `${MASK_WHY}; nor is it writable for all`,
  },
  {
    field: /^fdkind [012]$/,
    when: both(notRoot, not(hasTerminal), not(shiftedIds)),
    theirs: /^regular( empty)? file [1-9][0-9]*:0$/,
    ours: /^regular( empty)? file 0:0$/,
    why: "files of the caller keep their owner; runc gives whatever stands at 0, 1, 2 to the container's user (CVE-2026-88265)",
  },
  {
    field: /^status Cap(Prm|Eff|Bnd)$/,
    when: hasNoCapabilities,
    theirs: /^0000000000000000$/,
    ours: /^0*[1-9a-f][0-9a-f]*$/,
    why: "an absent object leaves the sets untouched, as in runc since its commit 049a5f76c; 1.1.5 emptied them",
  },
  {
    field: "mount /sys/fs/cgroup/systemd",
    when: both(hasNamespace("cgroup"), mounts("/sys/fs/cgroup")),
    theirs: /cgroup systemd rw,name=systemd$/,
    ours: /cgroup cgroup rw,name=systemd$/,
    why: "the word in the source column means nothing to the kernel; all our hierarchies carry the same",
  },
  {
    field: "mount /root",
    when: named("tmpfs options"),
    theirs: /tmpfs tmpfs rw,sync$/,
    ours: /tmpfs tmpfs rw,sync,mode=755$/,
    why: 'the folder\'s mode is kept by an option of the mount instead of a chmod after it: the field "top /root" is equal',
  },
  {
    field: "top /data",
    when: named("tmpfs options"),
    theirs: /^drwxr-xr-x 7:8$/,
    ours: /^drwxr-x--T 7:8$/,
    why: "the config says mode=1750; runc 1.1.5 overwrites it with the mode of the folder below (runc issue 3911, fixed since)",
  },
  {
    field: "mount /data",
    when: both(sharedTree, mountOption("unbindable")),
    theirs: / \[unbindable\] /,
    ours: / \[shared\] /,
    why: "rshared is said of the whole tree: it is set last, as in newer runc (rootfs_linux.go:252), over what single mounts ask for",
  },
  {
    field: /^mount \//,
    when: sharedRoot,
    theirs: /^on .* \[\] /,
    ours: /^on .* \[shared\] /,
    why: "rootfsPropagation is the root's inside; runc 1.1.5 sets it before pivot_root alone (rootfs_linux.go:823), fixed by its commit 04be81b6a",
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
    field: /^hook [a-zA-Z]+ state ociVersion$/,
    when: hasHooks,
    theirs: /^"1\.0\.2-dev"$/,
    ours: /^"1\.0\.2"$/,
    why: "the state's version is what the container's config follows (runtime.md#state); runc says its own",
  },
  {
    field: /^hook createContainer (cwd|PWD)$/,
    when: hasHooks,
    theirs: /^BUNDLE\/rootfs$/,
    ours: /^BUNDLE$/,
    why: "the spec names no working directory; ours is the bundle for each kind that runs outside of the root, as crun's",
  },
  {
    field: /^hook poststop (cwd|PWD)$/,
    when: hasHooks,
    theirs: /^\/.*$/,
    ours: /^BUNDLE$/,
    why: "the bundle, as for all others and as crun; runc's is wherever delete was called",
  },
  {
    field: "hook poststop state pid",
    when: hasHooks,
    theirs: undefined,
    ours: /^0$/,
    why: "of a stopped container pid may be left out (runtime.md#state); 0 is what crun says here, and `state` of all three",
  },
  {
    field: "hook poststart state status",
    when: hasHooks,
    theirs: /^"created"$/,
    ours: /^"running"$/,
    why: "poststart comes after the process was executed (config.md#poststart); runc 1.1.5 runs it at the end of create (container_linux.go:366)",
  },
  {
    field: /^fd [012]$/,
    when: named("run in the foreground"),
    theirs: /^pipe:\[\]$/,
    ours: /^BUNDLE\/(input|output|errors)$/,
    why: FOREGROUND_WHY,
  },
  {
    field: /^fdkind [012]$/,
    when: named("run in the foreground"),
    theirs: /^fifo 0:0$/,
    ours: /^regular( empty)? file 0:0$/,
    why: FOREGROUND_WHY,
  },
  {
    field: /^fdinfo [012]$/,
    when: named("run in the foreground"),
    theirs: /^flags:\t0[01]$/,
    ours: /^flags:\t010[02]00[01]$/,
    why: FOREGROUND_WHY,
  },
];
