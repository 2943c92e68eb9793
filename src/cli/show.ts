/** state, list and features: what is printed. */
import { type ContainerState, list, state } from "../lifecycle/list.ts";
import type { Command } from "./command.ts";
import { formatOf } from "./format.ts";
import { loadFeatures } from "./load.ts";

export const stateCommand: Command = {
  name: "state",
  args: ["<container-id>"],
  help: "print the state of a container as JSON",
  flags: [],
  run: ({ runtime, call, print }) => {
    print(`${JSON.stringify(state(runtime, call.args[0] ?? ""), undefined, 2)}\n`);
    return 0;
  },
};

export const listCommand: Command = {
  name: "list",
  args: [],
  help: "list the containers below --root",
  flags: [
    { name: "format", short: "f", value: "format", help: "table or json" },
    { name: "quiet", short: "q", help: "ids only" },
  ],
  run: ({ runtime, call, print }) => {
    const format = formatOf(call.value("format"), "list containers");
    const states = list(runtime, format === "json");
    if (call.has("quiet")) print(states.map((entry) => `${entry.id}\n`).join(""));
    else if (format === "json") print(`${states.length === 0 ? "null" : JSON.stringify(states)}\n`);
    else print(table(states));
    return 0;
  },
};

export const featuresCommand: Command = {
  name: "features",
  args: [],
  help: "print what this runtime can do, as the runtime-spec's features document",
  flags: [],
  run: ({ print }) => {
    print(`${JSON.stringify(loadFeatures().features(), undefined, 4)}\n`);
    return 0;
  },
};

/** runc's columns: three spaces between, at least 12 wide. */
function table(states: readonly ContainerState[]): string {
  const rows = [["ID", "PID", "STATUS", "BUNDLE", "CREATED", "OWNER"]];
  for (const { id, pid, status, bundle, created, owner } of states)
    rows.push([id, String(pid), status, bundle, created, owner]);
  const last = 5;
  let text = "";
  const widths: number[] = [];
  for (let column = 0; column < last; column++) {
    let width = 12;
    for (const row of rows) width = Math.max(width, (row[column] ?? "").length + 3);
    widths.push(width);
  }
  for (const row of rows) {
    for (let column = 0; column < last; column++) text += (row[column] ?? "").padEnd(widths[column] ?? 0);
    text += `${row[last]}\n`;
  }
  return text;
}
