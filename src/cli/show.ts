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
  for (const entry of states)
    rows.push([entry.id, String(entry.pid), entry.status, entry.bundle, entry.created, entry.owner]);
  const last = 5;
  const widths = Array.from({ length: last }, (_, column) =>
    Math.max(12, ...rows.map((row) => (row[column] ?? "").length + 3)),
  );
  return rows
    .map(
      (row) => `${row.map((cell, column) => (column === last ? cell : cell.padEnd(widths[column] ?? 0))).join("")}\n`,
    )
    .join("");
}
