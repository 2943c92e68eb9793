/** What config-linux.md demands but for cgroups and seccomp, in our words. */
import { type Elsewhere, type Must, notTestable, section } from "./must.ts";

const noInterface = notTestable("it forbids what no code of ours could do: nothing runs while the container lives");

const NET = "test/lifecycle/net-devices.test.ts";
const NET_MOVED: Elsewhere = [NET, "net devices: moved under their name, with their attributes, and up"];
export const NET_NAMES: Elsewhere = [NET, "net devices: renamed, by name and by template"];
const NET_ADDRESSES: Elsewhere = [NET, "net devices: permanent global addresses go along, others stay"];
const NET_ERRORS: Elsewhere = [NET, "net devices: what cannot be moved is an error, and everything comes back"];
const NET_JOINED: Elsewhere = [NET, "net devices: into a joined namespace, where they stay"];

/** No machine of ours has resctrl: a folder, and a hierarchy without controllers, stand in for it. */
const RDT_UNIT = "src/cgroup/resctrl.test.ts";
const RDT_LIFE = "test/lifecycle/resctrl.test.ts";
export const RDT_PREPARED: Elsewhere = [RDT_LIFE, "a prepared group is entered and left as it is"];
export const RDT_MONITOR: Elsewhere = [RDT_LIFE, "a group of its own with monitoring: made, entered for real, removed"];
export const RDT_NAMED: Elsewhere = [
  RDT_UNIT,
  "a group that closID names: it must be there, or schemata make it; it stays",
];
export const RDT_SCHEMATA: Elsewhere = [
  RDT_UNIT,
  "schemata are written; of a group that is there cache and bandwidth must agree",
];
const RDT_OWN: Elsewhere = [RDT_UNIT, "a group of the container's own: made, and removed with it"];
const RDT_ORDER: Elsewhere = [RDT_UNIT, "schemataLines(): cache first, then bandwidth, then the others"];
const RDT_JOINING: Elsewhere = [RDT_UNIT, "monitoring, and joining"];

export const LINUX: readonly Must[] = [
  ...section("config-linux.md#namespaces", {
    1: ["REQUIRED", "type of a namespace must be given"],
    2: ["MUST", "path of a namespace is absolute"],
    3: ["MUST", "with path the process is in the namespace that it names"],
    4: ["MUST", "a path that names another type of namespace, or none, is an error"],
    5: ["MUST", "without path a new namespace of the type is made"],
    6: ["MUST", "a type that is not listed is the runtime's own"],
    7: ["MUST", "the same type twice is an error"],
  }),
  ...section("config-linux.md#user-namespace-mappings", {
    1: ["REQUIRED", "containerID must be given"],
    2: ["REQUIRED", "hostID must be given"],
    3: ["REQUIRED", "size must be given"],
  }),
  ...section("config-linux.md#devices", {
    1: ["MUST", "devices that are listed are there"],
    2: ["REQUIRED", "type of a device must be given"],
    3: ["REQUIRED", "path of a device must be given"],
    4: ["MUST", "a file at the path that is not the device is an error"],
    5: ["REQUIRED", "major and minor must be given but for a FIFO"],
  }),
  ...section("config-linux.md#default-devices", {
    null: ["MUST", "/dev/null is there"],
    zero: ["MUST", "/dev/zero is there"],
    full: ["MUST", "/dev/full is there"],
    random: ["MUST", "/dev/random is there"],
    urandom: ["MUST", "/dev/urandom is there"],
    tty: ["MUST", "/dev/tty is there"],
    console: ["MUST", "with a terminal /dev/console is that terminal"],
    ptmx: ["MUST", "/dev/ptmx is the container's /dev/pts/ptmx"],
  }),
  ...section("config-linux.md#network-devices", {
    1: ["MUST", "network devices that are listed are in the container", undefined, NET_MOVED],
    2: ["MUST", "whether a device can be moved is looked at first", undefined, NET_ERRORS],
    3: ["MUST", "a name that the container has already is an error", undefined, NET_ERRORS],
    4: ["MUST", "a name that ends in %d gets a number that is free", undefined, NET_NAMES],
    5: [
      "MUST",
      "the device keeps its attributes and its permanent global addresses",
      undefined,
      NET_MOVED,
      NET_ADDRESSES,
    ],
    6: ["MUST", "the device is up", undefined, NET_MOVED],
  }),
  ...section("config-linux.md#namespace-lifecycle-and-container-termination", {
    1: ["MUST NOT", "the runtime does not manage the device inside the container", noInterface],
    2: ["MUST NOT", "the runtime does not move the device back before the namespace goes", undefined, NET_JOINED],
  }),
  ...section("config-linux.md#intelrdt", {
    1: [
      "MUST",
      "the process is in the tasks file of the directory of resctrl that closID names",
      undefined,
      RDT_PREPARED,
    ],
    2: ["MUST", "without a mounted resctrl it is an error"],
    3: ["MUST NOT", "without intelRdt resctrl is not touched"],
    4: ["MUST", "closID / is the root of resctrl", undefined, RDT_MONITOR, RDT_SCHEMATA],
    5: ["MUST", "memBwSchema begins with MB:"],
    6: ["MUST NOT", "memBwSchema has no line break"],
    7: ["MUST NOT", "a line of schemata has no line break"],
    8: ["MUST", "l3CacheSchema and memBwSchema are written in this order", undefined, RDT_ORDER, RDT_SCHEMATA],
    9: ["MUST", "one of the two alone is written", undefined, RDT_PREPARED],
    10: ["MUST", "schemata is written, after the two others", undefined, RDT_PREPARED, RDT_ORDER],
    11: ["MUST NOT", "without any of them no schemata file is written", undefined, RDT_OWN],
    12: ["MUST", "without closID the directory has the container's id", undefined, RDT_MONITOR, RDT_OWN],
    13: ["MUST", "a directory of closID that does not exist is made, when there is a schema", undefined, RDT_NAMED],
    14: ["MUST", "one that exists with another schema is an error", undefined, RDT_PREPARED, RDT_SCHEMATA],
    15: ["MUST", "closID without a schema needs a directory that exists, or it is an error", undefined, RDT_NAMED],
    16: [
      "MUST",
      "a directory that the runtime made without closID is removed with the container",
      undefined,
      RDT_MONITOR,
    ],
    17: ["MUST NOT", "one that closID names, or that was there before, is not removed", undefined, RDT_NAMED, RDT_OWN],
    18: ["MUST", "enableMonitoring makes a monitoring group", undefined, RDT_MONITOR],
    19: ["MUST", "the monitoring group has the container's id as its name", undefined, RDT_MONITOR],
    20: ["MUST", "the monitoring group is removed with the container", undefined, RDT_MONITOR],
    21: ["MUST", "a monitoring group that cannot be made is an error", undefined, RDT_JOINING],
  }),
  ...section("config-linux.md#memory-policy", {
    1: ["REQUIRED", "mode must be given"],
  }),
  ...section("config-linux.md#masked-paths", {
    1: ["MUST", "masked paths are absolute"],
  }),
  ...section("config-linux.md#readonly-paths", {
    1: ["MUST", "read-only paths are absolute"],
  }),
  ...section("config-linux.md#personality", {
    1: ["REQUIRED", "domain must be given"],
  }),
];
