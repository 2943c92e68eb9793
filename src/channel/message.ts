/**
 * Every message between parent and init, in order:
 *
 *     parent                                init
 *       | -- plan (only to a re-executed init) -> |   everything that is to be done
 *       | -- go (one byte, read by the list) ---> |   id maps are written, cgroups joined
 *       |                                         |   mounts, devices
 *       | <------------------------------- hooks  |   prestart, createRuntime: the parent runs them
 *       | -- hooked ----------------------------> |
 *       |                                         |   createContainer hooks, pivot_root, console …
 *       | <----------------- console (+ master)   |   when a terminal is asked for
 *       | <--------------- listener (+ its fd)    |   when the filter notifies: the parent hands it to the agent
 *       | <------------------------------- ready  |   then init closes the link and waits on exec.fifo
 *       | <------------------------------- error  |   in place of any of these
 */

import type { InitPlan } from "../config/plan-types.ts";
import type { ErrorParts } from "../shared/error.ts";

export type Message =
  | { type: "plan"; plan: InitPlan; filter: string }
  | { type: "hooks" }
  | { type: "hooked" }
  | { type: "console" }
  | { type: "listener" }
  | { type: "ready" }
  | { type: "error"; parts: ErrorParts };
