/**
 * Every message between parent and init, in order:
 *
 *     parent                                init
 *       | -- go (one byte) ---------------------> |   id maps are written, network devices moved, pid recorded: read first where
 *       |                                         |   init needs one of these (or is executed anew), else before it may outlive us
 *       | -- plan (only to a re-executed init) -> |   everything that is to be done
 *       |                                         |   namespaces, mounts, devices
 *       | <------------------------------- hooks  |   prestart, createRuntime: the parent runs them
 *       | -- hooked ----------------------------> |
 *       |                                         |   createContainer hooks, pivot_root, console …
 *       | <----------------- console (+ master)   |   when a terminal is asked for
 *       | <--------------- listener (+ its fd)    |   when the filter notifies: the parent hands it to the agent
 *       | <------------------------------- ready  |   then init closes the link and waits on exec.fifo
 *       | <------------------------------- error  |   in place of any of these
 *
 * Where a pid namespace is joined init is made last, by a stage that tells its pid on a pipe (init/visible.ts): one more byte says that it is known.
 *
 * Between exec and a process that joins: go, join (only to a re-executed one), the byte that says that it is known, console, listener, exec (what the
 * last calls are), then end of file once execve has succeeded; error in place of any of these.
 */

import type { InitPlan, JoinPlan } from "../config/plan-types.ts";
import type { ErrorParts } from "../shared/error.ts";

/** What start and exec need to explain a failing execve. */
export interface ExecAnnouncement {
  /** Path that execve gets. */
  program: string;
  uid: number;
  cwd: string;
  /** Index of execve in the list. */
  index: number;
  /** Index of the filter's loading; -1 when it is not in the list. Any other closes or marks descriptors or resets a signal. */
  filter: number;
  /** A filter is in force at execve, which may hide why that failed. */
  filtered: boolean;
}

export type Message =
  | { type: "plan"; plan: InitPlan; filter: string }
  | { type: "join"; plan: JoinPlan; filter: string }
  | { type: "exec"; announcement: ExecAnnouncement }
  | { type: "hooks" }
  | { type: "hooked" }
  | { type: "console" }
  | { type: "listener" }
  | { type: "ready" }
  | { type: "error"; parts: ErrorParts };
