/** All commands, in the order of help. */
import { checkpointCommand, restoreCommand } from "./checkpoint.ts";
import type { Command } from "./command.ts";
import { deleteCommand, killCommand, startCommand } from "./control.ts";
import { createCommand, runCommand } from "./create.ts";
import { eventsCommand } from "./events.ts";
import { execCommand } from "./exec.ts";
import { pauseCommand, psCommand, resumeCommand } from "./manage.ts";
import { featuresCommand, listCommand, stateCommand } from "./show.ts";
import { specCommand } from "./spec.ts";
import { updateCommand } from "./update.ts";

export const COMMANDS: readonly Command[] = [
  createCommand,
  startCommand,
  stateCommand,
  killCommand,
  deleteCommand,
  runCommand,
  execCommand,
  listCommand,
  pauseCommand,
  resumeCommand,
  psCommand,
  updateCommand,
  eventsCommand,
  specCommand,
  featuresCommand,
  checkpointCommand,
  restoreCommand,
];
