/** spec: its flags. What it does is in a chunk of its own. */
import type { Command } from "./command.ts";
import { loadSpec } from "./load.ts";

export const specCommand: Command = {
  name: "spec",
  args: [],
  help: "write a config.json to begin with",
  flags: [
    { name: "bundle", short: "b", value: "dir", help: "folder to write it to (default: the current one)" },
    { name: "rootless", help: "for a container of an unprivileged user" },
  ],
  run: (context) => loadSpec().runSpec(context),
};
