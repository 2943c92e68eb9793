/** Where ts-runc does not do what runc does under a manager, and why. Checked both ways: an entry that is not met fails. */

/** A scenario that cannot pass with a runtime. */
export interface KnownFailure {
  manager: string;
  scenario: string;
  runtime: "runc" | "ts-runc";
  /** What the failing expectation says. */
  error: RegExp;
  why: string;
}

/** Something that the users of both runtimes see differently, though all expectations hold. */
export interface KnownDifference {
  manager: string;
  scenario: string;
  /** The word that the scenario gives it. */
  field: string;
  /** All of what is seen; undefined: nothing is. */
  runc: RegExp | undefined;
  ours: RegExp | undefined;
  why: string;
}

export const KNOWN_FAILURES: readonly KnownFailure[] = [];

/** Both say why a container or a process does not start; the words of ts-runc are those of DESIGN section 7. */
const ERROR_WHY = "the same class of error, in ts-runc's words: what was found, what is wanted, where in the config";

const CANNOT_START = "a container that cannot start";

/** What both runtimes say, whatever the manager puts around it. */
const START_ERRORS: readonly [field: string, runc: RegExp, ours: RegExp][] = [
  [
    "no program",
    /exec: "\/no\/such\/program": stat \/no\/such\/program: no such file or directory/,
    /exec "\/no\/such\/program": no such file or directory: it is missing in the root; (config\.json#\/process|--process#)\/args\/0/,
  ],
  [
    "no program in PATH",
    /exec: "nosuchprogram": executable file not found in \$PATH/,
    /exec "nosuchprogram": executable file not found in \$PATH: searched \/bin; (config\.json#\/process|--process#)\/args\/0/,
  ],
  [
    "no right",
    /exec: "\/etc\/passwd": permission denied/,
    /exec "\/etc\/passwd": permission denied: mode 0644 owner 0:0, want x for uid 0; /,
  ],
  ["a folder", /exec: "\/etc": permission denied/, /exec "\/etc": permission denied: it is a folder, want a program; /],
  [
    "no cwd to make",
    /error during container init: mkdir \/etc\/passwd: not a directory/,
    /chdir "\/etc\/passwd": not a directory: found a file, want a folder; /,
  ],
  [
    "no source",
    /error mounting "\/no\/such" .*: no such file or directory/,
    /mount config\.json#\/mounts\/7: no such file or directory: source \/no\/such, first missing element "no"; /,
  ],
  [
    "no namespace",
    /namespace path: lstat \/no\/such: no such file or directory/,
    /join network namespace: ENOENT: found no namespace at \/no\/such; /,
  ],
];

/** Fields of the scenario above that a manager's users see; what is left out is refused by the manager itself, or not asked. */
const SEEN: Record<string, readonly string[]> = {
  containerd: ["no program", "no program in PATH", "no right", "no cwd to make", "no source", "no namespace"],
  docker: ["no program", "no program in PATH", "no right", "a folder"],
  podman: ["no program", "no program in PATH", "no right", "a folder"],
};

const startErrors = Object.entries(SEEN).flatMap(([manager, fields]) =>
  START_ERRORS.filter(([field]) => fields.includes(field)).map(([field, runc, ours]) => ({
    manager,
    scenario: CANNOT_START,
    field,
    runc,
    ours,
    why: ERROR_WHY,
  })),
);

const EXEC_FAILS = "exec: what fails";

const NO_CWD: (typeof START_ERRORS)[number] = [
  "no cwd",
  /exec failed: .*chdir to cwd \("\/no\/such"\) set in config\.json failed: no such file or directory/,
  /exec failed: chdir "\/no\/such": no such file or directory: it is missing in the root; (config\.json#\/process|--process#)\/cwd/,
];

/** As SEEN, of a process that joins. */
const EXEC_SEEN: Record<string, readonly string[]> = {
  containerd: ["no program", "a folder", "no cwd"],
  docker: ["no program", "no program in PATH", "no right"],
  podman: ["no program", "no program in PATH", "no right"],
};

const execErrors = Object.entries(EXEC_SEEN).flatMap(([manager, fields]) =>
  [...START_ERRORS, NO_CWD]
    .filter(([field]) => fields.includes(field))
    .map(([field, runc, ours]) => ({ manager, scenario: EXEC_FAILS, field, runc, ours, why: ERROR_WHY })),
);

const sysctl = (manager: string, runc: RegExp, why: string): KnownDifference => ({
  manager,
  scenario: CANNOT_START,
  field: "an unknown sysctl",
  runc,
  ours: /^12[56] .*sysctl net\.no\.such: ENOENT: the kernel refused "1"; config\.json#\/linux\/sysctl\/net\.no\.such/,
  why,
});

const MASK = /^\/ ro,relatime - tmpfs tmpfs ro$/;
const SMALL_MASK = /^\/ ro,relatime - tmpfs tmpfs ro,size=4k,nr_inodes=1,mode=755$/;

/** One mount that a process sees otherwise. */
const mount = (manager: string, target: string, runc: RegExp, ours: RegExp, why: string): KnownDifference => ({
  manager,
  scenario: "run: what the process sees",
  field: `mount ${target}`,
  runc,
  ours,
  why,
});

const masks = (manager: string, targets: readonly string[]): KnownDifference[] =>
  targets.map((target) =>
    mount(manager, target, MASK, SMALL_MASK, "newer runc too gives the mask of a folder no room and one inode"),
  );

const cgroupFolder = (manager: string): KnownDifference =>
  mount(
    manager,
    "/sys/fs/cgroup",
    /^\/ rw,nosuid,nodev,noexec,relatime - tmpfs tmpfs rw,mode=755$/,
    /^\/ ro,nosuid,nodev,noexec,relatime - tmpfs tmpfs rw,mode=755$/,
    "the config asks for ro; runc 1.1.5 forgets the tmpfs that holds the controllers' mounts",
  );

/** Mounts of a wrong kind: the same class, other words. */
const mountErrors = [
  { manager: "docker", field: "a file onto a folder" },
  { manager: "docker", field: "a folder onto a file" },
  { manager: "podman", field: "a file onto a folder" },
].map((one) => ({
  ...one,
  scenario: "-v: what cannot be mounted",
  runc: /error mounting .*: not a directory/,
  ours: /mount config\.json#\/mounts\/[0-9]+: not a directory: source [^ ]* = (file|folder), target [^ ]* = (file|folder); /,
  why: ERROR_WHY,
}));

export const KNOWN_DIFFERENCES: readonly KnownDifference[] = [
  ...startErrors,
  ...execErrors,
  ...mountErrors,
  sysctl(
    "docker",
    /^127 .*open \/proc\/sys\/net\/no\/such: no such file or directory/,
    "the kernel's words make docker's command line take runc's error for a missing command and exit with 127",
  ),
  sysctl(
    "podman",
    /^127 .*open \/proc\/sys\/net\/no\/such: no such file or directory/,
    "the kernel's words make Podman take runc's error for a missing command and exit with 127",
  ),
  ...masks("docker", ["/proc/acpi", "/sys/firmware"]),
  ...masks("podman", ["/proc/acpi", "/sys/firmware", "/sys/dev/block"]),
  cgroupFolder("docker"),
  cgroupFolder("podman"),
];
