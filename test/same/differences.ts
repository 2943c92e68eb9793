/** Where a process sees something else than under Debian's runc 1.1.5, and why that is right. Checked both ways by same.test.ts. */

/** One difference that is wanted. */
export interface Difference {
  /** The field as probe.ts names it. */
  field: string;
  /** Names of the configs that show it, or of those alone that do not. */
  configs: readonly string[] | { allBut: readonly string[] };
  /** Hosts that show it; both when left out. */
  host?: "engine" | "node";
  /** What runc shows: the whole value; undefined: nothing. */
  runc: RegExp | undefined;
  /** What we show. */
  ours: RegExp | undefined;
  why: string;
}

const NOT_ROOT = [
  "uid 1000 with capabilities",
  "uid 1000 with permitted capabilities only",
  "Docker's seccomp profile without no_new_privs, uid 1000",
  "groups, umask, cwd, environment",
  "missing cwd, home of a user without entry",
];
const MASK = /: anonymous \/ ro,relatime \[\] tmpfs tmpfs ro$/;
const SMALL_MASK = /: anonymous \/ ro,relatime \[\] tmpfs tmpfs ro,size=4k,nr_inodes=1,mode=755$/;
const MASK_WHY = "newer runc too gives the mask of a folder no room and one inode: its memory cannot be used up";
const FOREGROUND_WHY =
  "run without a terminal hands its own streams on, as crun does, instead of copying through pipes: one process less in the way";

export const DIFFERENCES: readonly Difference[] = [
  {
    field: "mount /sys/fs/cgroup",
    configs: { allBut: ["bare /dev, no /sys"] },
    runc: /^on \/sys: anonymous \/ rw,nosuid,nodev,noexec,relatime \[\] tmpfs tmpfs rw,mode=755$/,
    ours: /^on \/sys: anonymous \/ ro,nosuid,nodev,noexec,relatime \[\] tmpfs tmpfs rw,mode=755$/,
    why: "the config asks for ro; runc 1.1.5 applies it to the controllers' mounts and forgets the tmpfs that holds them",
  },
  {
    field: "mount /proc/acpi",
    configs: { allBut: ["masked and read-only paths", "nothing masked"] },
    runc: MASK,
    ours: SMALL_MASK,
    why: MASK_WHY,
  },
  {
    field: "mount /sys/firmware",
    configs: { allBut: ["nothing masked", "bare /dev, no /sys"] },
    runc: MASK,
    ours: SMALL_MASK,
    why: MASK_WHY,
  },
  { field: "mount /etc", configs: ["masked and read-only paths"], runc: MASK, ours: SMALL_MASK, why: MASK_WHY },
  ...["fdkind 0", "fdkind 1", "fdkind 2"].map((field) => ({
    field,
    configs: NOT_ROOT,
    runc: /^regular( empty)? file (1000|4242):0$/,
    ours: /^regular( empty)? file 0:0$/,
    why: "files of the caller keep their owner; runc gives whatever stands at 0, 1, 2 to the container's user (CVE-2026-88265)",
  })),
  ...["status CapPrm", "status CapEff", "status CapBnd"].map((field) => ({
    field,
    configs: ["no capabilities object"],
    runc: /^0000000000000000$/,
    ours: /^0*[1-9a-f][0-9a-f]*$/,
    why: "an absent object leaves the sets untouched, as in runc since its commit 049a5f76c; 1.1.5 emptied them",
  })),
  {
    field: "mount /sys/fs/cgroup/systemd",
    configs: ["cgroup namespace"],
    runc: /cgroup systemd rw,name=systemd$/,
    ours: /cgroup cgroup rw,name=systemd$/,
    why: "the word in the source column means nothing to the kernel; all our hierarchies carry the same",
  },
  {
    field: "mount /root",
    configs: ["tmpfs options"],
    runc: /tmpfs tmpfs rw,sync$/,
    ours: /tmpfs tmpfs rw,sync,mode=755$/,
    why: 'the folder\'s mode is kept by an option of the mount instead of a chmod after it: the field "top /root" is equal',
  },
  {
    field: "top /data",
    configs: ["tmpfs options"],
    runc: /^drwxr-xr-x 7:8$/,
    ours: /^drwxr-x--T 7:8$/,
    why: "the config says mode=1750; runc 1.1.5 overwrites it with the mode of the folder below (runc issue 3911, fixed since)",
  },
  ...[0, 1, 2].flatMap((fd) => [
    {
      field: `fd ${fd}`,
      configs: ["run in the foreground"],
      runc: /^pipe:\[\]$/,
      ours: /^BUNDLE\/(input|output|errors)$/,
      why: FOREGROUND_WHY,
    },
    {
      field: `fdkind ${fd}`,
      configs: ["run in the foreground"],
      runc: /^fifo 0:0$/,
      ours: /^regular( empty)? file 0:0$/,
      why: FOREGROUND_WHY,
    },
    {
      field: `fdinfo ${fd}`,
      configs: ["run in the foreground"],
      runc: /^flags:\t0[01]$/,
      ours: /^flags:\t010[02]00[01]$/,
      why: FOREGROUND_WHY,
    },
  ]),
];

/** The names of the configs that an entry covers. */
export function configsOf(entry: Difference, all: readonly string[]): string[] {
  const { configs } = entry;
  return "allBut" in configs ? all.filter((name) => !configs.allBut.includes(name)) : [...configs];
}
