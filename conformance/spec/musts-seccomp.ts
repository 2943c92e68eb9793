/** What config-linux.md demands of seccomp, in our words. */
import { type Must, refused, section } from "./must.ts";

const notYet = refused("not supported by this version");

export const SECCOMP: readonly Must[] = [
  ...section("config-linux.md#seccomp", {
    1: ["REQUIRED", "defaultAction must be given"],
    2: ["MUST", "defaultErrnoRet with an action that has no errno is an error"],
    3: ["MUST", "listenerPath leads to a Unix stream socket", notYet],
    4: ["MUST", "one state is sent on a connection", notYet],
    5: ["MUST NOT", "the connection is not used again", notYet],
    6: ["MUST", "the connection is closed afterwards", notYet],
    7: ["MUST", "a state that cannot be sent is an error", notYet],
    8: ["REQUIRED", "seccompFd is the filter's listener", notYet],
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
    1: ["MUST", "the state is JSON, sent as ordinary data", notYet],
    2: ["MUST", "descriptors are sent with SCM_RIGHTS", notYet],
    3: ["MUST", "where more than one message is sent, the first carries the descriptors", notYet],
    4: ["REQUIRED", "the state has ociVersion", notYet],
    5: ["REQUIRED", "the state has pid, as the runtime sees it", notYet],
    6: ["REQUIRED", "the state has the container's state", notYet],
  }),
];
