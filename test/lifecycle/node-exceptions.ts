/** Life-cycle tests that the Node host cannot pass, each with what of V8 is in the way. Shown as skipped, never left out silently. */
export const NODE_EXCEPTIONS: ReadonlyMap<string, string> = new Map([
  [
    "descriptors: --preserve-fds of one that is not open takes none of the runtime's own",
    "Node opens its event loop's descriptors in the first free places and marks inherited ones as its own",
  ],
  [
    "run: signals are forwarded",
    "V8's worker threads block no signal, so the kernel gives those to them and their default action ends the process",
  ],
  ...["run", "exec"].map((verb): [string, string] => [
    `terminal: a session under ${verb}`,
    "SIGWINCH goes to V8's worker threads, so a new size is not handed on",
  ]),
  ...[
    "CAP_SYS_ADMIN",
    "all capabilities in a user namespace of its own",
    "CAP_SYS_PTRACE",
    "CAP_SYS_PTRACE and Docker's filter, which is loaded early",
  ].map((what): [string, string] => [
    `hostile exec: a container with ${what}`,
    "Node is executed as the process that joins, while it holds the host's root: its files are not below the container's",
  ]),
  ["mounts: more binds than the caller may have files open", "Node raises its soft limit itself, for good"],
  ["exec-hidden: no more processes than the cgroup may have", "Node's process needs its threads"],
  ["cgroup: a pids limit of 0 is 1", "Node's init needs its threads before it becomes the process"],
  ["cgroup: a memory limit is in force", "Node's init needs more memory than the limit before it becomes the process"],
]);
