/** Commands for a container that runs: pause, resume, ps. What they do is in a chunk of its own. */
import type { Command } from "./command.ts";
import { formatOf } from "./format.ts";
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

export const psCommand: Command = {
  name: "ps",
  args: ["<container-id>", "[ps-options...]"],
  help: "show the processes of a container: lines of the host's ps, or their pids as JSON",
  flags: [{ name: "format", short: "f", value: "format", help: "table or json (default: table)" }],
  flagsFirst: true,
  run: ({ runtime, call, print }) => {
    const [id = "", ...options] = call.args;
    const json = formatOf(call.value("format"), `ps ${JSON.stringify(id)}`) === "json";
    const { processes, processTable } = loadManage();
    if (json) print(`${JSON.stringify(processes(runtime, id))}\n`);
    else print(processTable(runtime, id, options));
    return 0;
  },
};
