/** What config-linux.md demands of cgroups and limits, in our words. */
import { differs, type Must, notTestable, section } from "./must.ts";

const owner = notTestable("ts-runc does not change the owner of a cgroup, as it may (the section begins with MAY)");

const noRate = differs("the specification's own schema, and so runc, takes it as 0, no limit, where it is absent");

const nothing = differs("as in runc, an entry without any of them asks for nothing");

/** They run in the machines with cgroup v2 that conformance/vm boots. */
const V2 = "test/lifecycle/cgroup-v2.test.ts";

export const CGROUPS: readonly Must[] = [
  ...section("config-linux.md#control-groups", {
    1: [
      "MUST",
      "a cgroup that is not fit (here: one that holds processes) is an error",
      undefined,
      [V2, "cgroup v2: one that holds processes is refused, an empty one is used and left"],
    ],
  }),
  ...section("config-linux.md#cgroups-path", {
    1: ["MUST", "cgroupsPath is absolute or relative"],
    2: [
      "MUST",
      "an absolute cgroupsPath is taken from the root of the hierarchy",
      undefined,
      [V2, "cgroup v2: paths: absolute, relative, with .., empty"],
    ],
    3: ["MUST", "the same cgroupsPath leads to the same place each time"],
    4: ["MUST", "a cgroupsPath that cannot be is an error"],
  }),
  ...section("config-linux.md#cgroup-ownership", {
    1: ["MUST NOT", "files of the kernel's delegation list that are not there are no error", owner],
    2: ["MUST", "without that list three files are taken", owner],
  }),
  ...section("config-linux.md#allowed-device-list", {
    1: [
      "MUST",
      "device rules are applied in the order listed",
      undefined,
      [V2, "cgroup v2: devices allowed and denied in fact"],
    ],
    2: ["REQUIRED", "allow must be given"],
  }),
  ...section("config-linux.md#memory", {
    1: [
      "MUST",
      "with checkBeforeUpdate a new limit below what is in use is refused",
      undefined,
      ["src/cgroup/limits.test.ts", "checkBeforeUpdate refuses a limit at or below what is in use"],
    ],
  }),
  ...section("config-linux.md#cpu", {
    1: ["MUST", "a positive quota is not below burst"],
    2: ["MUST", "burst is not above a positive quota"],
  }),
  ...section("config-linux.md#block-io", {
    1: ["REQUIRED", "major and minor of weightDevice must be given"],
    2: ["MUST", "an entry of weightDevice has weight, leafWeight or both", nothing],
    3: ["REQUIRED", "major and minor of the throttle lists (bytes) must be given"],
    4: ["REQUIRED", "rate of the throttle lists (bytes) must be given", noRate],
    5: ["REQUIRED", "major and minor of the throttle lists (operations) must be given"],
    6: ["REQUIRED", "rate of the throttle lists (operations) must be given", noRate],
  }),
  ...section("config-linux.md#huge-page-limits", {
    1: ["REQUIRED", "pageSize must be given"],
    2: ["REQUIRED", "limit must be given"],
  }),
  ...section("config-linux.md#network", {
    1: ["REQUIRED", "name of a priority must be given"],
    2: ["REQUIRED", "priority of a priority must be given"],
  }),
  ...section("config-linux.md#rdma", {
    1: ["MUST", "an entry has hcaHandles, hcaObjects or both", nothing],
  }),
  ...section("config-linux.md#unified", {
    1: [
      "MUST",
      "the controllers that the files need are enabled",
      undefined,
      [V2, "cgroup v2: controllers are handed down a path of several new groups"],
    ],
    2: [
      "MUST",
      "a file that the runtime does not know is written as well",
      undefined,
      [V2, "cgroup v2: limits are in the files before the process starts"],
    ],
    3: [
      "MUST",
      "a controller that is not there, or cannot be enabled, is an error",
      undefined,
      [V2, "cgroup v2: a value that the kernel refuses is told with its file, and nothing is left"],
    ],
    4: [
      "MUST",
      "a v1 limit that has no counterpart on v2 is an error there",
      undefined,
      [V2, "cgroup v2: limits that only v1 has are refused with their field"],
    ],
  }),
];
