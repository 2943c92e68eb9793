/** All commands, in the order of help. */
import type { Command } from "./command.ts";
import { deleteCommand, killCommand, startCommand } from "./control.ts";
import { createCommand, runCommand } from "./create.ts";
import { execCommand } from "./exec.ts";
import { listCommand, stateCommand } from "./show.ts";
import { specCommand } from "./spec.ts";

export const COMMANDS: readonly Command[] = [
  createCommand,
  startCommand,
  stateCommand,
  killCommand,
  deleteCommand,
  runCommand,
  execCommand,
  listCommand,
  specCommand,
];
