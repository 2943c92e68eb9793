/** start, kill, delete. */
import { SIGTERM } from "../kernel/constants.ts";
import { deleteContainer } from "../lifecycle/delete.ts";
import { kill } from "../lifecycle/kill.ts";
import { start } from "../lifecycle/start.ts";
import type { Command } from "./command.ts";
import { parseSignal } from "./signal.ts";

export const startCommand: Command = {
  name: "start",
  args: ["<container-id>"],
  help: "let the process of a created container run",
  flags: [],
  run: ({ runtime, call }) => {
    start(runtime, call.args[0] ?? "");
    return 0;
  },
};

export const killCommand: Command = {
  name: "kill",
  args: ["<container-id>", "[signal]"],
  help: "send a signal to the container's process (default TERM)",
  flags: [{ name: "all", short: "a", help: "to all processes of the container" }],
  flagsFirst: true,
  run: ({ runtime, call }) => {
    const [id = "", signal] = call.args;
    // `kill ID -9`: flags end at the id, so that the number keeps its dash.
    kill(runtime, id, signal === undefined ? SIGTERM : parseSignal(signal.replace(/^-/, "")), call.has("all"));
    return 0;
  },
};

export const deleteCommand: Command = {
  name: "delete",
  args: ["<container-id>"],
  help: "remove a stopped container with all that belongs to it",
  flags: [{ name: "force", short: "f", help: "kill it first; a missing one is no error" }],
  run: ({ runtime, call }) => {
    deleteContainer(runtime, call.args[0] ?? "", call.has("force"));
    return 0;
  },
};
