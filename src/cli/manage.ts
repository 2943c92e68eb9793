/** Commands for a container that runs: pause, resume. What they do is in a chunk of its own. */
import type { Command } from "./command.ts";
import { loadManage } from "./load.ts";

export const pauseCommand: Command = {
  name: "pause",
  args: ["<container-id>"],
  help: "stop all processes of a container where they are, until resume",
  flags: [],
  run: ({ runtime, call }) => {
    loadManage().pause(runtime, call.args[0] ?? "");
    return 0;
  },
};

export const resumeCommand: Command = {
  name: "resume",
  args: ["<container-id>"],
  help: "let a paused container go on",
  flags: [],
  run: ({ runtime, call }) => {
    loadManage().resume(runtime, call.args[0] ?? "");
    return 0;
  },
};
