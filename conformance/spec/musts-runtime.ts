/** What runtime.md demands, in our words. */
import { differs, type Must, section } from "./must.ts";

/** Three lines for each kind of hook that create or start calls. */
const hookFails = "when one fails there is an error, the container is stopped and destroyed, and poststop hooks run";

export const RUNTIME: readonly Must[] = [
  ...section("runtime.md#scope-of-a-container", {
    1: ["MUST", "whoever created a container can use every operation on it"],
  }),
  ...section("runtime.md#state", {
    1: ["REQUIRED", "the state has ociVersion"],
    2: ["REQUIRED", "the state has id"],
    3: ["MUST", "an id names one container of the host (of a --root, which is what ids are unique within)"],
    4: ["REQUIRED", "the state has status: created, running, stopped at their times"],
    5: ["MUST", "a status word of our own (paused) stands for a state that the others do not name"],
    6: ["REQUIRED", "the state of a created or running container has pid, the process's id on the host"],
    7: ["REQUIRED", "the state has bundle, an absolute path"],
    8: ["MUST", "the state's JSON fits the schema of a state"],
  }),
  ...section("runtime.md#lifecycle", {
    1: ["MUST", "create makes the environment that config.json describes"],
    2: ["MUST", "an environment that cannot be made is an error"],
    3: ["MUST", "the resources are there after create"],
    4: ["MUST NOT", "create does not run the program"],
    5: ["MUST NOT", "changes of config.json after create have no effect on the container"],
    6: ["MUST", "prestart hooks are called"],
    7: ["MUST", `prestart hooks: ${hookFails}`],
    8: ["MUST", "createRuntime hooks are called"],
    9: ["MUST", `createRuntime hooks: ${hookFails}`],
    10: ["MUST", "createContainer hooks are called"],
    11: ["MUST", `createContainer hooks: ${hookFails}`],
    12: ["MUST", "startContainer hooks are called"],
    13: ["MUST", `startContainer hooks: ${hookFails}`],
    14: ["MUST", "start runs the program of process"],
    15: ["MUST", "poststart hooks are called"],
    16: ["MUST", `poststart hooks: ${hookFails}`],
    17: ["MUST", "delete undoes what create did"],
    18: ["MUST", "poststop hooks are called"],
    19: ["MUST", "a poststop hook that fails is a warning, and the next ones run all the same"],
  }),
  ...section("runtime.md#errors", {
    1: ["MUST", "after an error the host is as if the operation had not been tried"],
  }),
  ...section("runtime.md#warnings", {
    1: ["MUST", "an operation that warns goes on as if it had not"],
  }),
  ...section("runtime.md#operations", {
    1: ["MUST", "state, create, start, kill and delete are there"],
  }),
  ...section("runtime.md#query-state", {
    1: ["MUST", "state without an id is an error"],
    2: ["MUST", "state of a container that does not exist is an error"],
    3: ["MUST", "state returns the properties of the section State"],
  }),
  ...section("runtime.md#create", {
    1: ["MUST", "create without an id, or where there is no bundle, is an error"],
    2: ["MUST", "an id that is taken or not valid is an error"],
    3: ["MUST NOT", "with such an id no container is made"],
    4: ["MUST", "create makes a container"],
    5: ["MUST", "create applies everything of config.json but process"],
    6: ["MUST NOT", "process.args waits for start"],
    7: ["MUST", "a property that cannot be applied as it is written is an error"],
    8: ["MUST NOT", "and then no container is made"],
  }),
  ...section("runtime.md#start", {
    1: ["MUST", "start without an id is an error"],
    2: ["MUST", "start of a container that is not created is an error"],
    3: ["MUST", "and has no effect on the container"],
    4: ["MUST", "start runs the program of process"],
    5: ["MUST", "a container without process cannot be started (create refuses it already)"],
  }),
  ...section("runtime.md#kill", {
    1: ["MUST", "kill without an id is an error"],
    2: ["MUST", "kill of a container that is neither created nor running is an error"],
    3: ["MUST", "and has no effect on the container"],
    4: ["MUST", "kill sends the signal that is named to the container's process"],
  }),
  ...section("runtime.md#delete", {
    1: ["MUST", "delete without an id is an error"],
    2: ["MUST", "delete of a container that runs is an error"],
    3: ["MUST", "and has no effect on the container"],
    4: [
      "MUST",
      "delete of a created container is an error",
      differs("runc deletes it, and managers clean up after a failed start in this way"),
    ],
    5: ["MUST", "delete removes what create made"],
    6: ["MUST NOT", "delete removes nothing that something else made"],
  }),
];
