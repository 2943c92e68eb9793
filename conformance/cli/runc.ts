/** runc's command line as data: read from its sources (76d9cf5, after 1.5.0), all commands and flags but `help`, `init` and `--version`. */

/** Words of a command: flags without dashes, `bundle b` with its letter. */
const flags = (text: string): string[] => text.split(/[ \n]+/).filter((word) => word !== "");

const CRIU = `image-path work-path tcp-established ext-unix-sk shell-job lazy-pages file-locks manage-cgroups-mode empty-ns
  auto-dedup`;
const CREATE = "bundle,b console-socket pidfd-socket pid-file no-pivot no-new-keyring preserve-fds";

/** Flags before the command. */
export const RUNC_GLOBAL: readonly string[] = flags("debug log log-format root systemd-cgroup rootless");

/** Commands with their flags. */
export const RUNC_COMMANDS: ReadonlyMap<string, readonly string[]> = new Map([
  [
    "checkpoint",
    flags(`${CRIU} parent-path leave-running tcp-skip-in-flight link-remap status-fd page-server pre-dump`),
  ],
  ["create", flags(CREATE)],
  ["delete", flags("force,f")],
  ["events", flags("interval stats")],
  [
    "exec",
    flags(`console-socket pidfd-socket cwd env,e tty,t user,u additional-gids,g process,p detach,d pid-file process-label
      apparmor no-new-privs cap,c preserve-fds cgroup ignore-paused`),
  ],
  ["features", []],
  ["kill", flags("all,a")],
  ["list", flags("format,f quiet,q")],
  ["pause", []],
  ["ps", flags("format,f")],
  [
    "restore",
    flags(`${CRIU} console-socket bundle,b detach,d pid-file no-subreaper no-pivot lsm-profile lsm-mount-context`),
  ],
  ["resume", []],
  ["run", flags(`${CREATE} detach,d keep no-subreaper`)],
  ["spec", flags("bundle,b rootless")],
  ["start", []],
  ["state", []],
  [
    "update",
    flags(`resources,r blkio-weight cpu-period cpu-quota cpu-burst cpu-share cpu-rt-period cpu-rt-runtime cpuset-cpus
      cpuset-mems kernel-memory kernel-memory-tcp memory cpu-idle memory-reservation memory-swap pids-limit
      l3-cache-schema mem-bw-schema`),
  ],
]);

/** What differs beside the command line, one line each; test/same holds what two configs make of it, field by field. */
export const BEHAVIOUR: readonly string[] = [
  "Standard streams: a pipe at 0, 1 or 2 becomes the process's own, as with runc; files, FIFOs and terminals of the caller keep their owner (CVE-2026-88265).",
  "cgroup mounts: without a cgroup namespace they are read-only whatever the config says, unless the container has CAP_SYS_ADMIN on the host.",
  "A pid namespace that is joined: init comes into it when all else is done; hooks before that are given the pid of the process that builds its tree.",
  "Sysctls of a namespace that is joined by a path are refused where it is the host's own, also for ipc.",
  "`--no-pivot` with rootfsPropagation shared is refused: runc takes mounts of the host away with it.",
  "Labels and profiles: a SELinux label or an AppArmor profile is refused where the kernel has the module off. SELinux has not been tested: no machine had it.",
  "prestart hooks are given the status created, the word of runtime-spec 1.0; a hook without `env` has an empty environment.",
  "Version 1.x of the spec only; unknown properties of config.json are ignored, and named by --debug.",
  "cgroups of a container are not given to the user of its user namespace (no delegation).",
  "criu reads its own files only: the annotation org.criu.config and /etc/criu/runc.conf are not looked at.",
  "`--log` makes its file with mode 0600.",
  "Without root nothing but `spec`, `list`, `state`, `features` and the help can be expected to work.",
];

/** Where a command or flag that is there does something else than runc's: `command`, `command --flag` or `--flag`. */
export const DIFFERENCES: ReadonlyMap<string, string> = new Map([
  ["--log", "no link is followed; one object for each failed command"],
  ["--root", "the default is /run/ts-runc"],
  ["--rootless", "accepted; containers are made by root: what another caller may not do is an error"],
  ["checkpoint", "through the program criu; the container stays, stopped, until it is deleted; no terminals"],
  ["features", "says what this runtime does; the annotations of runc and libseccomp are absent"],
  ["ps", "the host's ps by absolute path, not by the caller's PATH"],
  ["update", "a container's cgroup files are the record: nothing of it is kept in state.json"],
  ["update --resources", "device rules are replaced where they differ from those in force; runc does not look at them"],
  ["update --kernel-memory", "an error where the kernel would take it and do nothing; runc warns"],
  ["update --kernel-memory-tcp", "as --kernel-memory"],
  ["events", "a stream ends with the container's first process; intel_rdt is empty"],
  ["restore", "as checkpoint; prestart and createRuntime hooks, intelRdt and netDevices are refused"],
  ["spec --rootless", "the config is written; this version makes containers as root only"],
  ["start", "fails when the program cannot be executed, where runc reports success"],
]);
