/** create and run: flags of runc, then the life cycle in a chunk of its own. */
import type { CreateOptions } from "../lifecycle/create.ts";
import { absolute } from "../shared/path.ts";
import type { Command, Context, Flag } from "./command.ts";
import { loadCreate } from "./load.ts";
import { parseNumber } from "./numbers.ts";

const CREATE_FLAGS: readonly Flag[] = [
  {
    name: "bundle",
    short: "b",
    value: "dir",
    help: "folder with config.json and the root file system (default: the current one)",
  },
  { name: "config", short: "f", value: "file", help: "a config in place of the bundle's config.json (as crun's)" },
  { name: "console-socket", value: "path", help: "Unix socket that gets the terminal's master" },
  { name: "pidfd-socket", value: "path", help: "Unix socket that gets a pidfd of the container's first process" },
  { name: "pid-file", value: "path", help: "file for the pid of the container's first process" },
  { name: "no-pivot", help: "MS_MOVE and chroot in place of pivot_root, for a root on the initramfs" },
  { name: "no-new-keyring", help: "keep the caller's session keyring" },
  { name: "preserve-fds", value: "count", help: "hand this many descriptors on, from 3 upwards" },
];

export const createCommand: Command = {
  name: "create",
  args: ["<container-id>"],
  help: "make a container from a bundle; its process waits for start",
  flags: CREATE_FLAGS,
  run: (context) => {
    loadCreate().create(context.runtime, createOptions(context));
    return 0;
  },
};

export const runCommand: Command = {
  name: "run",
  args: ["<container-id>"],
  help: "create, start and wait; the exit status is the process's",
  flags: [
    ...CREATE_FLAGS,
    { name: "detach", short: "d", help: "do not wait" },
    { name: "keep", help: "do not delete the container when it ends" },
    { name: "no-subreaper", help: "do not become the reaper of orphans" },
  ],
  run: (context) => {
    const { call } = context;
    const how = { detach: call.has("detach"), keep: call.has("keep"), noSubreaper: call.has("no-subreaper") };
    return loadCreate().run(context.runtime, createOptions(context), how);
  },
};

function createOptions(context: Context): CreateOptions {
  const { call } = context;
  const directory = context.directory();
  const path = (name: string) => {
    const value = call.value(name);
    return value === undefined ? undefined : absolute(value, directory);
  };
  const preserve = call.value("preserve-fds");
  return {
    id: call.args[0] ?? "",
    bundle: path("bundle") ?? directory,
    config: path("config"),
    pidFile: path("pid-file"),
    consoleSocket: path("console-socket"),
    pidfdSocket: path("pidfd-socket"),
    preserveFds: preserve === undefined ? 0 : parseNumber(preserve, 0, 65536, "--preserve-fds"),
    noPivot: call.has("no-pivot"),
    noNewKeyring: call.has("no-new-keyring"),
    ownTerminal: false,
    stdio: [-1, -1, -1],
  };
}
