/** checkpoint and restore: runc's flags, the work in a chunk of its own. */
import type { Command, Flag } from "./command.ts";
import { loadCriu } from "./load.ts";

const NO_SERVER = "want it absent: this version passes no memory pages over a connection";

/** Flags of both. */
const BOTH: readonly Flag[] = [
  { name: "image-path", value: "dir", help: "folder of criu's image files (default: ./checkpoint)" },
  { name: "work-path", value: "dir", help: "folder of criu's work files and logs (default: the images')" },
  { name: "tcp-established", help: "allow open TCP connections" },
  { name: "ext-unix-sk", help: "allow Unix sockets that lead outside" },
  { name: "shell-job", help: "allow a terminal that the container shares" },
  { name: "lazy-pages", help: "memory pages by userfaultfd, when they are needed (refused)", refused: NO_SERVER },
  { name: "file-locks", help: "allow file locks" },
  { name: "manage-cgroups-mode", value: "mode", help: "soft, full, strict or ignore (default: soft)" },
  { name: "empty-ns", value: "namespace", help: "make a namespace (network) anew, without what was in it" },
  { name: "auto-dedup", help: "leave out memory pages that a parent image has" },
];

export const checkpointCommand: Command = {
  name: "checkpoint",
  args: ["<container-id>"],
  help: "save a running container to files with criu, and stop it",
  flags: [
    ...BOTH,
    { name: "parent-path", value: "dir", help: "folder of an earlier --pre-dump, relative to --image-path" },
    { name: "leave-running", help: "let the container run on" },
    { name: "tcp-skip-in-flight", help: "leave out TCP connections that are being made" },
    { name: "link-remap", help: "link files that were unlinked again" },
    { name: "status-fd", value: "fd", help: "accepted; it is told of the server for lazy pages, and there is none" },
    {
      name: "page-server",
      value: "address",
      help: "ADDRESS:PORT of the server that takes memory pages (refused)",
      refused: NO_SERVER,
    },
    { name: "pre-dump", help: "save the memory only; the container runs on" },
  ],
  run: (context) => loadCriu().runCheckpoint(context),
};

export const restoreCommand: Command = {
  name: "restore",
  args: ["<container-id>"],
  help: "make a container from what checkpoint has saved",
  flags: [
    ...BOTH,
    { name: "bundle", short: "b", value: "dir", help: "folder with config.json and the root file system" },
    {
      name: "console-socket",
      value: "path",
      help: "Unix socket that gets the terminal's master (refused)",
      refused: "want it absent: this version restores no terminal",
    },
    { name: "detach", short: "d", help: "do not wait" },
    { name: "pid-file", value: "path", help: "file for the pid of the container's first process" },
    { name: "no-subreaper", help: "do not become the reaper of orphans" },
    { name: "no-pivot", help: "accepted: criu enters the root file system in its own way" },
    { name: "lsm-profile", value: "profile", help: "TYPE:NAME of another LSM profile" },
    { name: "lsm-mount-context", value: "context", help: "another LSM context for mounts" },
  ],
  run: (context) => loadCriu().runRestore(context),
};
