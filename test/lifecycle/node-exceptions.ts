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
  ["cgroup: a pids limit of 0 is 1", "Node's init needs its threads before it becomes the process"],
  ["cgroup: a memory limit is in force", "Node's init needs more memory than the limit before it becomes the process"],
]);
