/** What config.md demands of hooks, in our words. */
import { type Must, section } from "./must.ts";

/** Where a hook's program is looked up and where it runs, as the section on hooks says it for each kind. */
function whereOf(kind: string, path: "runtime" | "container", runs: "runtime" | "container") {
  return {
    [`${kind}/path`]: ["MUST", `${kind}: path is one of the ${path}'s file system`],
    [`${kind}/namespace`]: ["MUST", `${kind}: it runs in the ${runs}'s namespaces`],
  } as const;
}

const entry = (kind: string) =>
  ({
    [`${kind}/required`]: ["REQUIRED", `${kind}: path must be given`],
    [`${kind}/absolute`]: ["MUST", `${kind}: a path that is not absolute is refused`],
    [`${kind}/timeout`]: ["MUST", `${kind}: a timeout that is not above zero is refused`],
  }) as const;

const beforePivot = "is called by create, when the namespaces are there and the root has not been changed";

export const HOOKS: readonly Must[] = [
  ...section("config.md#posix-platform-hooks", {
    ...entry("prestart"),
    ...whereOf("prestart", "runtime", "runtime"),
    ...entry("createRuntime"),
    ...whereOf("createRuntime", "runtime", "runtime"),
    ...entry("createContainer"),
    ...whereOf("createContainer", "runtime", "container"),
    ...entry("startContainer"),
    ...whereOf("startContainer", "container", "container"),
    ...entry("poststart"),
    ...whereOf("poststart", "runtime", "runtime"),
    ...entry("poststop"),
    ...whereOf("poststop", "runtime", "runtime"),
    order: ["MUST", "hooks of a kind are called in the order listed"],
    stdin: ["MUST", "each hook gets the container's state on stdin"],
  }),
  ...section("config.md#prestart", {
    1: ["MUST", `prestart ${beforePivot}`],
    2: ["MUST", "prestart comes before createRuntime"],
    3: ["MUST", "the path is the runtime's"],
    4: ["MUST", "it runs in the runtime's namespaces"],
  }),
  ...section("config.md#createruntime-hooks", {
    1: ["MUST", `createRuntime ${beforePivot}`],
    2: ["MUST", "the path is the runtime's"],
    3: ["MUST", "it runs in the runtime's namespaces"],
  }),
  ...section("config.md#createcontainer-hooks", {
    1: ["MUST", `createContainer ${beforePivot}`],
    2: ["MUST", "createContainer comes after createRuntime"],
    3: ["MUST", "the path is the runtime's"],
    4: ["MUST", "it runs in the container's namespaces"],
  }),
  ...section("config.md#startcontainer-hooks", {
    1: ["MUST", "startContainer is called by start, before the program runs"],
    2: ["MUST", "the path is the container's"],
    3: ["MUST", "it runs in the container's namespaces"],
  }),
  ...section("config.md#poststart", {
    1: ["MUST", "poststart is called when the program runs, before start returns"],
    2: ["MUST", "the path is the runtime's"],
    3: ["MUST", "it runs in the runtime's namespaces"],
  }),
  ...section("config.md#poststop", {
    1: ["MUST", "poststop is called when the container is gone, before delete returns"],
    2: ["MUST", "the path is the runtime's"],
    3: ["MUST", "it runs in the runtime's namespaces"],
  }),
];
