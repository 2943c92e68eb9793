/** criu's command line, pure: from what is known of a container to the words that criu(8) is called with. */

/** A mount that is not in the image: on restore criu binds what the host has at `source`. */
export interface ExternalMount {
  /** Absolute path inside the container, without links. */
  target: string;
  /** Absolute path on the host. */
  source: string;
}

/** A namespace that the container has joined and that outlives it. */
export interface ExternalNamespace {
  /** criu's word, which is the file's in /proc/PID/ns: net, pid, ipc, … */
  kind: string;
  path: string;
  /** Number of the inode (checkpoint) or of the descriptor that criu inherits (restore). */
  number: number;
}

/** Flags that checkpoint and restore share. */
export interface CriuFlags {
  /** Absolute path of the image files. */
  images: string;
  /** Absolute path of the logs; undefined: with the images. */
  work: string | undefined;
  /** --manage-cgroups-mode. */
  cgroups: string;
  /** criu's switches, without dashes. */
  switches: readonly string[];
}

/** What a checkpoint needs. */
export interface DumpRequest extends CriuFlags {
  pid: number;
  /** The root file system on the host. */
  root: string;
  mounts: readonly ExternalMount[];
  /** Files under /dev/null. */
  masked: readonly string[];
  namespaces: readonly ExternalNamespace[];
  /** Directory of the freezer; undefined: criu stops the processes one by one. */
  freezer: string | undefined;
  /** Images of an earlier pre-dump, relative to `images`. */
  parent: string | undefined;
  /** Save memory only. */
  preDump: boolean;
}

/** What a restore needs. */
export interface RestoreRequest extends CriuFlags {
  /** The root file system; a mount in criu's mount namespace. */
  root: string;
  mounts: readonly ExternalMount[];
  /** Some file is under /dev/null. */
  masks: boolean;
  namespaces: readonly ExternalNamespace[];
  /** Pipes that were the process's standard streams, and the descriptors that are in their place. */
  streams: readonly { key: string; fd: number }[];
  /** [controllers, path in that hierarchy] of the container's cgroup. */
  cgroupRoots: readonly (readonly [string, string])[];
  pidFile: string;
  lsmProfile: string | undefined;
  lsmMountContext: string | undefined;
}

/** Logs that managers look for by name (containerd's shim copies dump.log). */
export const DUMP_LOG = "dump.log";
export const RESTORE_LOG = "restore.log";

/** Namespaces that criu takes as external: it neither saves nor makes them. The others are joined on restore. */
const KEPT_OUT: readonly string[] = ["net", "pid"];

/** runc's key of a namespace, so that its images can be restored: extRootNetNS. */
function keyOf({ kind }: ExternalNamespace): string {
  return `extRoot${kind.slice(0, 1).toUpperCase()}${kind.slice(1)}NS`;
}

function common(flags: CriuFlags, log: string): string[] {
  const words = ["--images-dir", flags.images, "--log-file", log, "-v4", `--manage-cgroups=${flags.cgroups}`];
  if (flags.work !== undefined) words.push("--work-dir", flags.work);
  return [...words, ...flags.switches.map((name) => `--${name}`)];
}

/** Words after "criu" that save a container. */
export function dumpArguments(request: DumpRequest): string[] {
  const words = [request.preDump ? "pre-dump" : "dump", "--tree", String(request.pid), ...common(request, DUMP_LOG)];
  words.push("--root", request.root);
  if (request.freezer !== undefined) words.push("--freeze-cgroup", request.freezer);
  if (request.parent !== undefined) words.push("--prev-images-dir", request.parent);
  if (request.preDump || request.parent !== undefined) words.push("--track-mem");
  for (const namespace of request.namespaces) {
    if (!KEPT_OUT.includes(namespace.kind)) continue;
    words.push("--external", `${namespace.kind}[${namespace.number}]:${keyOf(namespace)}`);
  }
  // Keys as runc has them: a mount's own path, and one for everything under /dev/null.
  for (const { target } of request.mounts) words.push("--external", `mnt[${target}]:${target}`);
  for (const path of request.masked) words.push("--external", `mnt[${path}]:/dev/null`);
  return words;
}

/** Words after "criu" that make a container from its images, as a child of criu's parent. */
export function restoreArguments(request: RestoreRequest): string[] {
  const words = ["restore", ...common(request, RESTORE_LOG), "--restore-detached", "--restore-sibling"];
  words.push("--evasive-devices", "--root", request.root, "--pidfile", request.pidFile);
  for (const [controllers, path] of request.cgroupRoots)
    words.push("--cgroup-root", controllers === "" ? path : `${controllers}:${path}`);
  for (const namespace of request.namespaces) {
    if (KEPT_OUT.includes(namespace.kind)) words.push("--inherit-fd", `fd[${namespace.number}]:${keyOf(namespace)}`);
    else words.push("--join-ns", `${namespace.kind}:${namespace.path}`);
  }
  for (const { key, fd } of request.streams) words.push("--inherit-fd", `fd[${fd}]:${key}`);
  for (const { target, source } of request.mounts) words.push("--external", `mnt[${target}]:${source}`);
  if (request.masks) words.push("--external", "mnt[/dev/null]:/dev/null");
  if (request.lsmProfile !== undefined) words.push("--lsm-profile", request.lsmProfile);
  if (request.lsmMountContext !== undefined) words.push("--lsm-mount-context", request.lsmMountContext);
  return words;
}

/** How many of the log's errors the line quotes. */
const QUOTED = 2;

/** What criu's log says of a failure: its first errors but those that programs it tries have ended, and the last word; else its last line. */
export function causeInLog(text: string): string {
  const lines = text
    .split("\n")
    .map((line) => line.replace(/^\([0-9.]+\) */, "").trim())
    .filter((line) => line !== "");
  const errors = lines.filter((line) => line.includes("Error ("));
  const telling = errors.filter((line) => !line.includes("(criu/util.c:") && !line.endsWith(" FAILED."));
  const quoted = telling.length > 0 ? telling : errors.length > 0 ? errors : lines.slice(-1);
  return quoted.slice(0, QUOTED).join(" | ");
}
