/** events: its flags. What it does is in a chunk of its own. */
import type { Command } from "./command.ts";
import { loadEvents } from "./load.ts";

export const eventsCommand: Command = {
  name: "events",
  args: ["<container-id>"],
  help: "print what a container uses, and its OOM kills, as one JSON object a line, until it ends",
  flags: [
    { name: "interval", value: "duration", help: "time between two samples, such as 500ms or 1m30s (default: 5s)" },
    { name: "stats", help: "print one sample and end" },
  ],
  run: (context) => loadEvents().runEvents(context),
};
