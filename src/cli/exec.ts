/** exec: flags of runc; the work is in a chunk of its own. */
import type { ExecRequest } from "../lifecycle/exec-plan.ts";
import { RuntimeError } from "../shared/error.ts";
import { absolute } from "../shared/path.ts";
import type { Command, Context } from "./command.ts";
import { loadExec } from "./load.ts";
import { parseNumber } from "./numbers.ts";

/** Largest uid and gid (uid_t is 32 bits; the last one means "none"). */
const MAX_ID = 0xfffffffe;

export const execCommand: Command = {
  name: "exec",
  args: ["<container-id>", "[command...]"],
  help: "run another process in a container; the exit status is the process's",
  flagsFirst: true,
  failure: { status: 255, prefix: "exec failed: " },
  flags: [
    { name: "console-socket", value: "path", help: "Unix socket that gets the terminal's master" },
    { name: "pidfd-socket", value: "path", help: "Unix socket that gets a pidfd of the process" },
    { name: "cwd", value: "dir", help: "working directory in the container (default: config.json's)" },
    { name: "env", short: "e", value: "name=value", help: "set a variable", repeated: true },
    { name: "tty", short: "t", help: "give it a terminal" },
    { name: "user", short: "u", value: "uid[:gid]", help: "user and group, as numbers" },
    { name: "additional-gids", short: "g", value: "gid", help: "another group", repeated: true },
    { name: "process", short: "p", value: "file", help: "JSON like config.json's process, in place of the flags" },
    { name: "detach", short: "d", help: "do not wait" },
    { name: "pid-file", value: "path", help: "file for the pid of the process" },
    { name: "process-label", value: "label", help: "SELinux label" },
    { name: "apparmor", value: "profile", help: "AppArmor profile" },
    { name: "no-new-privs", help: "set no_new_privs" },
    { name: "cap", short: "c", value: "name", help: "add a capability", repeated: true },
    { name: "preserve-fds", value: "count", help: "hand this many descriptors on, from 3 upwards" },
    { name: "cgroup", value: "[controller:]path", help: "a cgroup below the container's own", repeated: true },
    { name: "ignore-paused", help: "also in a paused container" },
  ],
  run: (context) => loadExec().exec(context.runtime, execRequest(context)),
};

function execRequest(context: Context): ExecRequest {
  const { call } = context;
  const directory = context.directory();
  const path = (name: string) => {
    const value = call.value(name);
    return value === undefined ? undefined : absolute(value, directory);
  };
  const [id = "", ...args] = call.args;
  const preserve = call.value("preserve-fds");
  return {
    id,
    args,
    processFile: path("process"),
    cwd: call.value("cwd"),
    env: call.values("env"),
    tty: call.has("tty"),
    user: parseUser(call.value("user")),
    additionalGids: call.values("additional-gids").map((gid) => parseNumber(gid, 0, MAX_ID, "--additional-gids")),
    processLabel: call.value("process-label"),
    apparmor: call.value("apparmor"),
    noNewPrivs: call.has("no-new-privs"),
    caps: call.values("cap"),
    cgroups: call.values("cgroup"),
    ignorePaused: call.has("ignore-paused"),
    detach: call.has("detach"),
    pidFile: path("pid-file"),
    consoleSocket: path("console-socket"),
    pidfdSocket: path("pidfd-socket"),
    preserveFds: preserve === undefined ? 0 : parseNumber(preserve, 0, 65536, "--preserve-fds"),
  };
}

/** Numbers only: a name would be looked up in somebody's passwd file (exec.3). Anything behind them is refused (CVE-2026-30892). */
function parseUser(text: string | undefined): ExecRequest["user"] {
  if (text === undefined) return undefined;
  const [, uid, gid] = /^([0-9]+)(?::([0-9]+))?$/.exec(text) ?? [];
  if (uid === undefined) {
    throw new RuntimeError({
      what: "read command line",
      problem: `found ${JSON.stringify(text)}, want uid or uid:gid as numbers`,
      where: "--user",
    });
  }
  return {
    uid: parseNumber(uid, 0, MAX_ID, "--user"),
    gid: gid === undefined ? undefined : parseNumber(gid, 0, MAX_ID, "--user"),
  };
}
