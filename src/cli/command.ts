/**
 * Commands as data: their flags, their arguments, what they do. From this come the small parser (parse.ts) for well-formed calls and
 * commander's program (help.ts), which has the last word on everything else: help, usage errors, completion.
 */
import type { Runtime } from "../lifecycle/runtime.ts";

/** One flag. */
export interface Flag {
  /** Long name without dashes. */
  name: string;
  /** One letter. */
  short?: string;
  /** How the value is called in help; none: the flag is a switch. */
  value?: string;
  help: string;
  /** It may be given several times; every value counts. */
  repeated?: boolean;
  /** Accepted but not shown. */
  hidden?: boolean;
  /** Known, and refused when it is given: why, as "found it, want …" reads. */
  refused?: string;
}

/** Flags and arguments of a call, as a command gets them. */
export interface Call {
  /** Value of a flag with a value; undefined when not given. */
  value(name: string): string | undefined;
  /** All values of a repeated flag, in order. */
  values(name: string): readonly string[];
  /** Whether a switch is on. */
  has(name: string): boolean;
  /** Arguments after the flags. */
  args: readonly string[];
}

/** What a command is given. */
export interface Context {
  runtime: Runtime;
  call: Call;
  /** Writes to stdout, whole. */
  print(text: string): void;
  /** Where the user stands. */
  directory(): string;
}

/** One command. */
export interface Command {
  name: string;
  /** Its arguments, as help shows them; `[x]` is optional, `[x...]` takes any number. */
  args: readonly string[];
  help: string;
  flags: readonly Flag[];
  /** Flags end at the first argument, so that `kill ID -9` works. */
  flagsFirst?: boolean;
  /** How its failures differ: exit status, and words before the line (runc's exec). */
  failure?: { status: number; prefix: string };
  /** Does it; returns the exit status. */
  run(context: Context): number;
}

/** Flags before the command. */
export const GLOBAL_FLAGS: readonly Flag[] = [
  {
    name: "root",
    value: "dir",
    help: "directory of container state (root: /run/ts-runc; else $XDG_RUNTIME_DIR/ts-runc)",
  },
  { name: "log", value: "file", help: "file for errors and warnings, appended" },
  { name: "log-format", value: "format", help: "text or json" },
  { name: "debug", help: "log more" },
  { name: "log-level", value: "level", help: "error, warning or debug (as crun's); debug is --debug", hidden: true },
  { name: "criu", value: "path", help: "accepted for callers of older runc versions, which took it", hidden: true },
  { name: "trace", value: "file", help: "write every system call, decoded, to this file" },
  {
    name: "systemd-cgroup",
    help: "cgroups through systemd: missing in this version",
    hidden: true,
    refused: "want the cgroupfs driver: the systemd driver is missing in this version",
  },
  { name: "cgroup-manager", value: "manager", help: "cgroupfs, or disabled: no cgroup for the container (as crun's)" },
  { name: "rootless", value: "mode", help: "accepted for runc's callers: true, false or auto", hidden: true },
];
