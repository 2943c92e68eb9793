/** checkpoint and restore: from flags to what criu is told. */
import { checkpoint } from "../lifecycle/checkpoint.ts";
import type { CriuFlags } from "../lifecycle/criu-args.ts";
import { restore } from "../lifecycle/restore.ts";
import { RuntimeError } from "../shared/error.ts";
import { absolute } from "../shared/path.ts";
import type { Context } from "./command.ts";

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

/** Does checkpoint; the exit status. */
export function runCheckpoint(context: Context): number {
  const { call, runtime } = context;
  const [id = ""] = call.args;
  checkpoint(runtime, {
    ...criuFlags(context, DUMP_SWITCHES),
    id,
    parent: call.value("parent-path"),
    preDump: call.has("pre-dump"),
  });
  return 0;
}

/** Does restore; the exit status. */
export function runRestore(context: Context): number {
  const { call, runtime } = context;
  const directory = context.directory();
  const pidFile = call.value("pid-file");
  return restore(runtime, {
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
}

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
