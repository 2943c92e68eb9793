/** checkpoint and restore: runc's flags, so that callers see what is there; the work is missing in this version. */
import { AT_CWD } from "../kernel/call.ts";
import { statIfPresent } from "../kernel/file.ts";
import { state } from "../lifecycle/list.ts";
import type { Runtime } from "../lifecycle/runtime.ts";
import { openContainer } from "../lifecycle/start.ts";
import { RuntimeError } from "../shared/error.ts";
import type { Command, Flag } from "./command.ts";

const MISSING = "this version does not save and restore containers yet";

/** Flags of both. */
const BOTH: readonly Flag[] = [
  { name: "image-path", value: "dir", help: "folder of criu's image files" },
  { name: "work-path", value: "dir", help: "folder of criu's work files and logs" },
  { name: "tcp-established", help: "allow open TCP connections" },
  { name: "ext-unix-sk", help: "allow Unix sockets that lead outside" },
  { name: "shell-job", help: "allow a terminal that the container shares" },
  { name: "lazy-pages", help: "memory pages by userfaultfd, when they are needed" },
  { name: "file-locks", help: "allow file locks" },
  { name: "manage-cgroups-mode", value: "mode", help: "soft, full, strict or ignore" },
  { name: "empty-ns", value: "namespace", help: "make a namespace anew, without what was in it" },
  { name: "auto-dedup", help: "leave out memory pages that a parent image has" },
];

/** Where criu is looked for. */
const CRIU_PATHS = ["/usr/sbin/criu", "/usr/bin/criu", "/sbin/criu", "/usr/local/sbin/criu"];

export const checkpointCommand: Command = {
  name: "checkpoint",
  args: ["<container-id>"],
  help: "save a running container to files (refused: missing in this version)",
  flags: [
    ...BOTH,
    { name: "parent-path", value: "dir", help: "folder of an earlier --pre-dump, relative to --image-path" },
    { name: "leave-running", help: "let the container run on" },
    { name: "tcp-skip-in-flight", help: "leave out TCP connections that are being made" },
    { name: "link-remap", help: "link files that were unlinked again" },
    { name: "status-fd", value: "fd", help: "descriptor that gets one NUL byte once the server for lazy pages is up" },
    { name: "page-server", value: "address", help: "ADDRESS:PORT of the server that takes memory pages" },
    { name: "pre-dump", help: "save the memory only; the container runs on" },
  ],
  missing: MISSING,
  run: ({ runtime, call }) => {
    const [id = ""] = call.args;
    const what = `checkpoint ${JSON.stringify(id)}`;
    openContainer(runtime, id, "checkpoint");
    const { status } = state(runtime, id);
    if (status !== "running" && status !== "paused")
      throw new RuntimeError({ what, problem: `found it ${status}, want a running or paused container` });
    throw refusal(runtime, what);
  },
};

export const restoreCommand: Command = {
  name: "restore",
  args: ["<container-id>"],
  help: "make a container from what checkpoint has saved (refused: missing in this version)",
  flags: [
    ...BOTH,
    { name: "bundle", short: "b", value: "dir", help: "folder with config.json and the root file system" },
    { name: "console-socket", value: "path", help: "Unix socket that gets the terminal's master" },
    { name: "detach", short: "d", help: "do not wait" },
    { name: "pid-file", value: "path", help: "file for the pid of the container's first process" },
    { name: "no-subreaper", help: "do not become the reaper of orphans" },
    { name: "no-pivot", help: "MS_MOVE and chroot in place of pivot_root" },
    { name: "lsm-profile", value: "profile", help: "TYPE:NAME of another LSM profile" },
    { name: "lsm-mount-context", value: "context", help: "another LSM context for mounts" },
  ],
  missing: MISSING,
  run: ({ runtime, call }) => {
    throw refusal(runtime, `restore ${JSON.stringify(call.args[0] ?? "")}`);
  },
};

function refusal({ kernel }: Runtime, what: string): RuntimeError {
  if (CRIU_PATHS.some((path) => statIfPresent(kernel, AT_CWD, path, true) !== undefined))
    return new RuntimeError({ what, problem: MISSING });
  return new RuntimeError({ what, problem: `criu is not installed, want it for this command; and ${MISSING}` });
}
