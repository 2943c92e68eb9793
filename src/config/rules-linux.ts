/** Rules for namespaces, id maps, names, clocks, devices and sysctls. */
import { checkMappings } from "./idmap.ts";
import {
  longerThan,
  pointerKey,
  type Rule,
  type RuleContext,
  refuse,
  show,
  wantAbsolute,
  wantOneLine,
  wantRange,
} from "./rules-report.ts";
import type { Config, Device, NamespaceType } from "./types.ts";

export const LINUX_RULES: readonly Rule[] = [
  { id: "namespaces", level: "MUST", anchor: "config-linux.md#namespaces", check: checkNamespaces },
  { id: "id-mappings", level: "MUST", anchor: "config-linux.md#user-namespace-mappings", check: checkUserMappings },
  { id: "hostname", level: "MUST", anchor: "config.md#hostname", check: checkUtsName("hostname") },
  { id: "domainname", level: "MUST", anchor: "config.md#domainname", check: checkUtsName("domainname") },
  { id: "time-offsets", level: "MUST", anchor: "config-linux.md#offset-for-time-namespace", check: checkTimeOffsets },
  { id: "devices", level: "MUST", anchor: "config-linux.md#devices", check: checkDevices },
  { id: "net-devices", level: "MUST", anchor: "config-linux.md#network-devices", check: checkNetDevices },
  { id: "sysctl", level: "MUST", anchor: "config-linux.md#sysctl; SECURITY.md proc.6", check: checkSysctls },
];

function checkNamespaces({ linux }: Config): void {
  const seen = new Set<string>();
  linux?.namespaces?.forEach(({ type, path }, index) => {
    const pointer = `/linux/namespaces/${index}`;
    if (seen.has(type)) refuse(`${pointer}/type`, `${show(type)} a second time`, "each kind once");
    seen.add(type);
    if (path !== undefined) wantAbsolute(`${pointer}/path`, path);
  });
}

function checkUserMappings({ linux = {} }: Config, context: RuleContext): void {
  const makes = context.makes("user");
  for (const name of ["uidMappings", "gidMappings"] as const) {
    const mappings = linux[name] ?? [];
    const pointer = `/linux/${name}`;
    if (mappings.length === 0) {
      if (makes) refuse(pointer, "no mapping for a new user namespace", "at least one");
      continue;
    }
    if (!context.has("user")) refuse(pointer, "mappings without a user namespace", "one in linux.namespaces");
    if (!makes) context.warnings.push(`the mappings of a joined user namespace are its own; config.json#${pointer}`);
    checkMappings(mappings, pointer);
  }
}

/** Longest name: __NEW_UTS_LEN (sethostname(2)). */
const MAX_UTS_BYTES = 64;

function checkUtsName(field: "hostname" | "domainname"): Rule["check"] {
  return (config, context) => {
    const name = config[field];
    if (name === undefined || name === "") return;
    if (!context.has("uts")) refuse(`/${field}`, `${show(name)} without a uts namespace`, "one in linux.namespaces");
    wantOneLine(`/${field}`, name);
    if (longerThan(name, MAX_UTS_BYTES)) refuse(`/${field}`, show(name), `at most ${MAX_UTS_BYTES} bytes`);
  };
}

function checkTimeOffsets({ linux }: Config, context: RuleContext): void {
  const offsets = linux?.timeOffsets;
  if (offsets === undefined) return;
  for (const clock of Object.keys(offsets)) {
    const pointer = `/linux/timeOffsets/${pointerKey(clock)}`;
    if (clock !== "monotonic" && clock !== "boottime") refuse(pointer, show(clock), "monotonic or boottime");
    wantRange(`${pointer}/nanosecs`, offsets[clock]?.nanosecs, 0, 999_999_999);
    if (!context.makes("time")) {
      refuse(pointer, "an offset without a new time namespace", 'one of type "time" without path in linux.namespaces');
    }
  }
}

/** A dev_t has 12 bits for the major and 20 for the minor number (include/linux/kdev_t.h). */
const MAX_MAJOR = 4095;
const MAX_MINOR = 1_048_575;

function checkDevices({ linux }: Config): void {
  const seen = new Map<string, string>();
  linux?.devices?.forEach((device, index) => {
    const pointer = `/linux/devices/${index}`;
    wantAbsolute(`${pointer}/path`, device.path);
    const identity = checkDevice(device, pointer);
    const before = seen.get(device.path);
    if (before !== undefined && before !== identity) {
      refuse(`${pointer}/path`, `${show(device.path)} as ${identity}, before as ${before}`, "one device a path");
    }
    seen.set(device.path, identity);
  });
}

/** Checks the numbers of a device node; returns what it is in short: `c 1:3`. */
function checkDevice({ type, major, minor }: Device, pointer: string): string {
  if (type === "p") return "p";
  if (major === undefined) refuse(`${pointer}/major`, 'missing "major"', `it to be given for type ${show(type)}`);
  if (minor === undefined) refuse(`${pointer}/minor`, 'missing "minor"', `it to be given for type ${show(type)}`);
  wantRange(`${pointer}/major`, major, 0, MAX_MAJOR);
  wantRange(`${pointer}/minor`, minor, 0, MAX_MINOR);
  return `${type === "u" ? "c" : type} ${major}:${minor}`;
}

/** Longest interface name: IFNAMSIZ - 1 (netdevice(7)). */
const MAX_INTERFACE_BYTES = 15;

function checkNetDevices({ linux }: Config, context: RuleContext): void {
  const devices = linux?.netDevices ?? {};
  for (const [host, device] of Object.entries(devices)) {
    const pointer = `/linux/netDevices/${pointerKey(host)}`;
    if (!context.has("network")) refuse(pointer, "a device without a network namespace", "one in linux.namespaces");
    wantInterface(pointer, host);
    if (device?.name !== undefined && device.name !== "") wantInterface(`${pointer}/name`, device.name);
  }
}

/** As the kernel's dev_valid_name(). */
function wantInterface(pointer: string, name: string): void {
  if (name === "" || name === "." || name === ".." || /[/:\s]/.test(name) || longerThan(name, MAX_INTERFACE_BYTES)) {
    refuse(pointer, show(name), `an interface name of at most ${MAX_INTERFACE_BYTES} bytes`);
  }
}

/**
 * The path of a sysctl below /proc/sys, by the rule of sysctl.d(5): the separator that comes first decides.
 * `net.ipv4.conf.eth0/1.forwarding` and `net/ipv4/conf/eth0.1/forwarding` are the same. Undefined if a part is
 * empty, `.` or `..`: such a path would leave its place (proc.6).
 */
export function sysctlPath(key: string): string[] | undefined {
  const first = /[./]/.exec(key)?.[0];
  const parts = key.split(first === "/" ? "/" : ".");
  // After a first dot the two have changed places.
  const path = first === "/" ? parts : parts.map((part) => part.replaceAll("/", "."));
  return path.some((part) => part === "" || part === "." || part === "..") ? undefined : path;
}

/** Kernel parameters that an IPC namespace has for itself (ipc_namespaces(7)). */
const IPC_SYSCTLS = ["msgmax", "msgmnb", "msgmni", "sem", "shmall", "shmmax", "shmmni", "shm_rmid_forced"];

/** Which namespace owns a parameter, by the parts of its path; undefined: the whole host does. */
export function sysctlNamespace([top, second, ...rest]: readonly string[]): NamespaceType | undefined {
  if (second === undefined) return undefined;
  if (top === "net") return "network";
  if (top === "user") return "user";
  if (top === "fs" && second === "mqueue" && rest.length > 0) return "ipc";
  if (top === "kernel" && rest.length === 0 && IPC_SYSCTLS.includes(second)) return "ipc";
  if (top === "kernel" && rest.length === 0 && second === "domainname") return "uts";
  return undefined;
}

function checkSysctls({ linux }: Config, context: RuleContext): void {
  for (const [key, value] of Object.entries(linux?.sysctl ?? {})) {
    const pointer = `/linux/sysctl/${pointerKey(key)}`;
    const path = sysctlPath(key);
    if (path === undefined) refuse(pointer, show(key), "a name such as net.ipv4.ip_forward");
    if (path.join("/") === "kernel/hostname") refuse(pointer, show(key), "the field hostname instead");
    const owner = sysctlNamespace(path);
    if (owner === undefined) refuse(pointer, `${show(key)}, which belongs to the host`, "one that a namespace has");
    if (!context.has(owner)) {
      refuse(pointer, `${show(key)} without ${article(owner)} namespace`, "one in linux.namespaces");
    }
    // One line break at the end is habit (echo) and is stripped.
    wantOneLine(pointer, value.endsWith("\n") ? value.slice(0, -1) : value);
  }
}

function article(type: NamespaceType): string {
  return type === "ipc" ? "an ipc" : `a ${type}`;
}
