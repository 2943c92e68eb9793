/** What config-linux.md demands of seccomp, in our words. */
import { type Elsewhere, type Must, section } from "./must.ts";

const NOTIFY = "test/lifecycle/seccomp-notify.test.ts";
/** An agent takes one connection and one state, to the end of the connection, and answers through the listener. */
export const AGENT: Elsewhere = [NOTIFY, "seccomp notify: the container process state, before create ends"];
const NO_AGENT: Elsewhere = [NOTIFY, "seccomp notify: no agent is an error of create, and nothing stays"];
export const METADATA: Elsewhere = [NOTIFY, "seccomp notify: metadata of the largest size, a long socket path, flags"];
const EXEC: Elsewhere = [NOTIFY, "seccomp notify: a process of exec has a listener of its own"];

export const SECCOMP: readonly Must[] = [
  ...section("config-linux.md#seccomp", {
    1: ["REQUIRED", "defaultAction must be given"],
    2: ["MUST", "defaultErrnoRet with an action that has no errno is an error"],
    3: ["MUST", "listenerPath leads to a Unix stream socket", undefined, AGENT],
    4: ["MUST", "one state is sent on a connection", undefined, AGENT],
    5: ["MUST NOT", "the connection is not used again", undefined, AGENT],
    6: ["MUST", "the connection is closed afterwards", undefined, AGENT],
    7: ["MUST", "a state that cannot be sent is an error", undefined, NO_AGENT],
    8: ["REQUIRED", "seccompFd is the filter's listener", undefined, AGENT],
    9: ["MUST NOT", "listenerMetadata without listenerPath is refused"],
    10: ["REQUIRED", "names of a rule must be given"],
    11: ["MUST", "names has at least one entry"],
    12: ["REQUIRED", "action of a rule must be given"],
    13: ["MUST", "errnoRet with an action that has no errno is an error"],
    14: ["REQUIRED", "index of an argument must be given"],
    15: ["REQUIRED", "value of an argument must be given"],
    16: ["REQUIRED", "op of an argument must be given"],
  }),
  ...section("config-linux.md#the-container-process-state", {
    1: ["MUST", "the state is JSON, sent as ordinary data", undefined, AGENT],
    2: ["MUST", "descriptors are sent with SCM_RIGHTS", undefined, AGENT],
    3: ["MUST", "where more than one message is sent, the first carries the descriptors", undefined, METADATA],
    4: ["REQUIRED", "the state has ociVersion", undefined, AGENT],
    5: ["REQUIRED", "the state has pid, as the runtime sees it", undefined, AGENT, EXEC],
    6: ["REQUIRED", "the state has the container's state", undefined, AGENT],
  }),
];
