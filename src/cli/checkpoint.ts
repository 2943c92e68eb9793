/** checkpoint and restore: runc's flags, the work in a chunk of its own. */
import type { CriuFlags } from "../lifecycle/criu-args.ts";
import { RuntimeError } from "../shared/error.ts";
import { absolute } from "../shared/path.ts";
import type { Command, Context, Flag } from "./command.ts";
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

/** Flags that are criu's switches, and criu's names of them. */
const SWITCHES: readonly (readonly [string, string])[] = [
  ["tcp-established", "tcp-established"],
  ["ext-unix-sk", "ext-unix-sk"],
  ["shell-job", "shell-job"],
  ["file-locks", "file-locks"],
  ["auto-dedup", "auto-dedup"],
];
const DUMP_SWITCHES: readonly (readonly [string, string])[] = [
  ...SWITCHES,
  ["leave-running", "leave-running"],
  ["tcp-skip-in-flight", "skip-in-flight"],
  ["link-remap", "link-remap"],
];

const MODES = ["soft", "full", "strict", "ignore"];

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
  run: (context) => {
    const { call, runtime } = context;
    const [id = ""] = call.args;
    loadCriu().checkpoint(runtime, {
      ...criuFlags(context, DUMP_SWITCHES),
      id,
      parent: call.value("parent-path"),
      preDump: call.has("pre-dump"),
    });
    return 0;
  },
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
  run: (context) => {
    const { call, runtime } = context;
    const directory = context.directory();
    const pidFile = call.value("pid-file");
    return loadCriu().restore(runtime, {
      ...criuFlags(context, SWITCHES),
      id: call.args[0] ?? "",
      bundle: absolute(call.value("bundle") ?? ".", directory),
      pidFile: pidFile === undefined ? undefined : absolute(pidFile, directory),
      detach: call.has("detach"),
      noSubreaper: call.has("no-subreaper"),
      // cri-o passes both, empty.
      lsmProfile: call.value("lsm-profile") || undefined,
      lsmMountContext: call.value("lsm-mount-context") || undefined,
    });
  },
};

function criuFlags({ call, directory }: Context, known: typeof SWITCHES): CriuFlags {
  const work = call.value("work-path");
  const cgroups = call.value("manage-cgroups-mode") || "soft";
  if (!MODES.includes(cgroups)) throw wrong("--manage-cgroups-mode", cgroups, MODES.join(", "));
  const empty = call.value("empty-ns");
  if (empty !== undefined && empty !== "network") throw wrong("--empty-ns", empty, "network");
  const switches = known.filter(([name]) => call.has(name)).map(([, name]) => name);
  return {
    images: absolute(call.value("image-path") ?? "checkpoint", directory()),
    work: work === undefined || work === "" ? undefined : absolute(work, directory()),
    cgroups,
    switches: empty === undefined ? switches : [...switches, "empty-ns=net"],
  };
}

function wrong(flag: string, found: string, want: string): RuntimeError {
  return new RuntimeError({ what: "read flags", problem: `found ${JSON.stringify(found)}, want ${want}`, where: flag });
}
