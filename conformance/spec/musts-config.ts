/** What config.md demands but for hooks, in our words. */
import { differs, type Elsewhere, type Must, notTestable, section } from "./must.ts";

const asMount8 = (text: string) => ["MUST", `mount option: ${text}`] as const;
const ofWriter = notTestable("it binds whoever writes config.json; any string is a legal value for a runtime");

const IDMAP = "test/lifecycle/idmap.test.ts";
export const IDMAP_OWN: Elsewhere = [IDMAP, "idmap: maps of the mount beside a user namespace"];
const IDMAP_CONTAINER: Elsewhere = [IDMAP, "idmap: the container's user namespace gives the maps"];
const IDMAP_BELOW: Elsewhere = [IDMAP, "idmap: ridmap takes the mounts below along, idmap does not"];
const IDMAP_NONE: Elsewhere = [IDMAP, "idmap: without maps and without a user namespace it is an error"];

export const CONFIG: readonly Must[] = [
  ...section("config.md#specification-version", {
    1: ["REQUIRED", "ociVersion must be given"],
    2: ["MUST", "ociVersion is a semantic version; what is none, or another major version, is refused"],
  }),
  ...section("config.md#root", {
    1: ["REQUIRED", "root must be given"],
    2: ["REQUIRED", "root.path must be given"],
    3: ["MUST", "root.path leads to a directory; anything else is refused"],
    4: ["MUST", "with readonly the root is read-only inside; without it is not"],
  }),
  ...section("config.md#mounts", {
    1: ["MUST", "mounts are made in the order listed"],
    2: ["REQUIRED", "destination must be given"],
    3: ["MUST", "a relative destination is taken from /"],
  }),
  ...section("config.md#linux-mount-options", {
    async: asMount8("async leaves writes buffered"),
    atime: asMount8("atime takes noatime back"),
    bind: asMount8("bind shows one file system in a second place, without what is mounted below"),
    defaults: asMount8("defaults asks for nothing beyond the defaults"),
    dev: asMount8("dev takes nodev back"),
    diratime: asMount8("diratime takes nodiratime back"),
    dirsync: asMount8("dirsync writes directories through"),
    exec: asMount8("exec takes noexec back"),
    iversion: asMount8("iversion is taken by a file system that counts versions"),
    lazytime: asMount8("lazytime keeps times in memory"),
    loud: asMount8("loud is taken"),
    noatime: asMount8("noatime updates no access time"),
    nodev: asMount8("nodev makes devices useless"),
    nodiratime: asMount8("nodiratime updates no access time of directories"),
    noexec: asMount8("noexec lets no program run"),
    noiversion: asMount8("noiversion takes iversion back"),
    nolazytime: asMount8("nolazytime takes lazytime back"),
    norelatime: asMount8("norelatime takes relatime back"),
    nostrictatime: asMount8("nostrictatime takes strictatime back"),
    nosuid: asMount8("nosuid takes the set-id bits their effect"),
    private: asMount8("private: mounts below are not passed on, either way"),
    rbind: asMount8("rbind is bind with what is mounted below"),
    relatime: asMount8("relatime updates access times now and then"),
    remount: asMount8("remount changes the flags of a mount that is there"),
    ro: asMount8("ro is read-only"),
    rprivate: asMount8("rprivate is private for all mounts below too"),
    rshared: asMount8("rshared is shared for all mounts below too"),
    rslave: asMount8("rslave is slave for all mounts below too"),
    runbindable: asMount8("runbindable is unbindable for all mounts below too"),
    rw: asMount8("rw takes ro back"),
    shared: asMount8("shared: mounts below are passed on to the other members of a peer group"),
    silent: asMount8("silent is taken"),
    slave: asMount8("slave: mounts below arrive and are not passed on"),
    strictatime: asMount8("strictatime updates access times always"),
    suid: asMount8("suid takes nosuid back"),
    sync: asMount8("sync writes through"),
    unbindable: asMount8("unbindable is private and cannot be bound"),
    "idmap/1": ["MUST", "idmap gives the mount an id mapping", undefined, IDMAP_CONTAINER],
    "idmap/2": [
      "MUST",
      "idmap takes the mount's uidMappings and gidMappings where they are given",
      undefined,
      IDMAP_OWN,
    ],
    "idmap/3": [
      "MUST",
      "idmap without mappings, where the container has no user namespace to take them from, is an error",
      undefined,
      IDMAP_NONE,
    ],
    "ridmap/1": ["MUST", "ridmap gives the mount and those below an id mapping", undefined, IDMAP_BELOW],
    "ridmap/2": [
      "MUST",
      "ridmap takes the mount's uidMappings and gidMappings where they are given",
      undefined,
      IDMAP_BELOW,
    ],
    "ridmap/3": [
      "MUST",
      "ridmap without mappings, where there is no user namespace to take them from, is an error",
      undefined,
      IDMAP_NONE,
    ],
  }),
  ...section("config.md#posix-platform-mounts", {
    1: ["MUST", "uidMappings of a mount without gidMappings is refused"],
    2: ["MUST", "gidMappings of a mount without uidMappings is refused"],
  }),
  ...section("config.md#process", {
    1: ["REQUIRED", "process must be given for start"],
    2: ["MUST", "consoleSize means nothing without terminal"],
    3: ["REQUIRED", "consoleSize.height must be given"],
    4: ["REQUIRED", "consoleSize.width must be given"],
    5: ["REQUIRED", "cwd must be given"],
    6: ["MUST", "cwd is an absolute path"],
    7: ["REQUIRED", "args holds at least the program, which is looked up as execvp does"],
  }),
  ...section("config.md#posix-process", {
    1: ["REQUIRED", "type of a limit must be given"],
    2: ["MUST", "a limit that the kernel does not have is an error"],
    3: ["MUST", "each limit of the kernel can be asked for"],
    4: ["REQUIRED", "soft must be given"],
    5: ["MUST", "the process has the soft limit that is given"],
    6: ["REQUIRED", "hard must be given"],
    7: ["MUST", "the process has the hard limit that is given"],
    8: ["MUST", "the same limit twice is an error"],
  }),
  ...section("config.md#linux-process", {
    1: ["MUST", "a capability that the kernel does not have is a warning, and the container runs"],
    2: ["MUST", "oomScoreAdj is what /proc/PID/oom_score_adj holds, or the error of the kernel that refused it"],
    3: ["MUST NOT", "without oomScoreAdj the score is the caller's"],
    4: ["REQUIRED", "scheduler.policy must be given"],
    5: ["REQUIRED", "ioPriority.class must be given"],
    6: [
      "REQUIRED",
      "ioPriority.priority must be given",
      differs("the specification's own schema, and so runc, takes it as 0 where it is absent"),
    ],
  }),
  ...section("config.md#posix-platform-user", {
    1: ["REQUIRED", "the process has user.uid, an id of the container"],
    2: ["REQUIRED", "the process has user.gid, an id of the container"],
  }),
  ...section("config.md#annotations", {
    1: ["MUST", "annotations map names to values; anything else is refused"],
    2: ["MUST", "a name is a string (JSON has no other)", notTestable("a JSON document cannot hold another")],
    3: ["MUST NOT", "an empty name is refused"],
    4: ["MUST", "names of org.opencontainers are used as the specification says", ofWriter],
    5: ["MUST", "the values of org.opencontainers.image.* are those of image-spec", ofWriter],
    6: ["MUST NOT", "other names of org.opencontainers are reserved", notTestable("it binds later specifications")],
    7: ["MUST", "a name that nobody knows is no error"],
    8: ["MUST", "a value that is not a string is refused"],
  }),
  ...section("config.md#extensibility", {
    1: ["MUST", "a property that nobody knows has no effect and is no error"],
  }),
  ...section("config.md#valid-values", {
    1: ["MUST", "a value that is not valid is an error"],
    2: ["MUST", "a value that is valid and not supported here is an error"],
  }),
];
