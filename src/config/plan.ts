/** Config and options → InitPlan, pure: every decision is made here and nothing is looked up. */
import { RuntimeError } from "../shared/error.ts";
import { clean } from "../shared/path.ts";
import { parseMountOptions, propagationFlag } from "./mount-options.ts";
import { type ProcessOptions, planProcess } from "./plan-process.ts";
import type { DevicePlan, HookPlan, InitPlan, MountPlan } from "./plan-types.ts";
import { sysctlPath } from "./rules-linux.ts";
import { pointerKey } from "./rules-report.ts";
import type { Config, Device, Hook, LoadedConfig, Mount, NamespaceType } from "./types.ts";

/** What the command line adds to the config. */
export interface PlanOptions extends ProcessOptions {
  id: string;
  bundle: string;
  noPivot: boolean;
  noNewKeyring: boolean;
}

/** Kinds of namespaces that the config makes anew. */
export function newNamespaces(config: Config): NamespaceType[] {
  return (config.linux?.namespaces ?? []).filter((entry) => (entry.path ?? "") === "").map((entry) => entry.type);
}

/** Whether the container has a user namespace of its own, new or joined. */
export function hasUserNamespace(config: Config): boolean {
  return (config.linux?.namespaces ?? []).some((entry) => entry.type === "user");
}

/** The plan, with -1 where the parent has descriptors to fill in. */
export function makePlan(config: LoadedConfig, options: PlanOptions): InitPlan {
  const { process, linux = {}, root } = config;
  const kinds = newNamespaces(config);
  const mounts = (config.mounts ?? []).map((mount, index) => planMount(mount, index, linux.mountLabel ?? ""));
  const aside = buildsAside(config, kinds);
  // A bind over /dev brings its own devices (runc does the same).
  const setUpDev =
    (kinds.includes("mount") || aside) &&
    !mounts.some((mount) => mount.kind === "bind" && mount.destination === "/dev");
  const mapsRoot = (linux.uidMappings ?? []).some((map) => map.containerID === 0);
  return {
    ...planProcess(process, linux, options),
    id: options.id,
    newNamespaces: kinds,
    needsParent: kinds.includes("user") || Object.keys(linux.netDevices ?? {}).length > 0,
    becomeRoot: hasUserNamespace(config) && (mapsRoot || !kinds.includes("user")),
    rootPath: clean(root.path.startsWith("/") ? root.path : `${options.bundle}/${root.path}`),
    aside,
    rootTree: -1,
    readonlyRoot: root.readonly ?? false,
    noPivot: options.noPivot,
    rootPropagation: planPropagation(linux.rootfsPropagation, options),
    mounts,
    setUpDev,
    devices: setUpDev ? planDevices(linux.devices ?? []) : (linux.devices ?? []).map(planDevice),
    maskedPaths: linux.maskedPaths ?? [],
    readonlyPaths: linux.readonlyPaths ?? [],
    hostname: config.hostname ?? "",
    domainname: config.domainname ?? "",
    sysctls: planSysctls(linux.sysctl),
    newKeyring: !options.noNewKeyring,
    createContainerHooks: planHooks(config.hooks?.createContainer, "createContainer"),
    startContainerHooks: planHooks(config.hooks?.startContainer, "startContainer", process.env ?? []),
    // Also before createContainer hooks: the parent must know that hooks began, or their failure would run no poststop hook.
    askRuntimeHooks: [config.hooks?.prestart, config.hooks?.createRuntime, config.hooks?.createContainer].some(
      (hooks) => (hooks?.length ?? 0) > 0,
    ),
    state: "",
    fifo: -1,
    bundle: options.bundle,
  };
}

/**
 * Whether mounts are asked for, and no new mount namespace to have them in: they are made where nobody else sees them. Throws
 * where that cannot be: out of a user namespace nothing returns to a mount namespace that it does not own (setns(2)).
 */
function buildsAside(config: LoadedConfig, kinds: readonly string[]): boolean {
  if (kinds.includes("mount")) return false;
  const linux = config.linux ?? {};
  const asked: [boolean, string][] = [
    [(config.mounts?.length ?? 0) > 0, "mounts"],
    [(linux.maskedPaths?.length ?? 0) > 0, "linux/maskedPaths"],
    [(linux.readonlyPaths?.length ?? 0) > 0, "linux/readonlyPaths"],
    [(linux.devices?.length ?? 0) > 0, "linux/devices"],
    [config.root.readonly === true, "root/readonly"],
  ];
  const pointer = asked.find(([is]) => is)?.[1];
  if (pointer === undefined) return false;
  if (!hasUserNamespace(config)) return true;
  throw new RuntimeError({
    what: "load config.json",
    problem: "found it with a user namespace and without a new mount namespace, want one of its own",
    where: `config.json#/${pointer}`,
    hint: 'add {"type": "mount"} to linux.namespaces',
  });
}

/** Whether the container may undo a read-only mount. */
export function grantsAdmin(config: LoadedConfig): boolean {
  if (hasUserNamespace(config)) return false;
  const capabilities = config.process.capabilities;
  if (capabilities === undefined) return true;
  return [capabilities.bounding, capabilities.permitted, capabilities.effective].some(
    (set) => set?.includes("CAP_SYS_ADMIN") === true,
  );
}

function planPropagation(word: string | undefined, options: PlanOptions): number {
  const flag = word === undefined ? 0 : (propagationFlag(word) ?? 0);
  // What is hidden of the host's mounts before the root is moved would go from the host as well, were they shared with it.
  if (options.noPivot && /^r?(private|shared)$/.test(word ?? "")) {
    throw new RuntimeError({
      what: "load config.json",
      problem: `found "${word}" together with --no-pivot, want slave`,
      where: "config.json#/linux/rootfsPropagation",
    });
  }
  return flag;
}

function planMount(mount: Mount, index: number, label: string): MountPlan {
  const where = `config.json#/mounts/${index}`;
  const options = parseMountOptions(mount.options ?? []);
  const type = mount.type ?? "";
  const kind = options.remount
    ? "remount"
    : options.bind
      ? "bind"
      : type === "cgroup"
        ? "cgroup1"
        : type === "cgroup2"
          ? "cgroup2"
          : "new";
  if (kind === "new" && (type === "" || type === "none" || type === "bind")) {
    throw new RuntimeError({
      what: `mount ${where}`,
      problem: `found type "${type}" without the option bind, want a file system type`,
      where: `${where}/type`,
      hint: 'add "bind" or "rbind" to options',
    });
  }
  // A bare word may be a mistyped flag, on which safety can hang ("r0"); name=value means nothing on a bind (rules-mounts.ts warns of it).
  const word = kind === "bind" ? options.data.find(([, value]) => value === undefined) : undefined;
  if (word !== undefined) {
    throw new RuntimeError({
      what: `mount ${where}`,
      problem: `found option "${word[0]}" on a bind, want none that a file system would have to know`,
      where: `${where}/options`,
    });
  }
  return {
    where,
    destination: clean(`/${mount.destination}`),
    kind,
    tree: -1,
    recursive: options.recursiveBind,
    directory: true,
    type,
    source: mount.source ?? "",
    set: options.set,
    clear: options.clear,
    recursiveSet: options.recursiveSet,
    recursiveClear: options.recursiveClear,
    propagation: options.propagation,
    copyUp: options.copyUp,
    superblock: options.superblock,
    data:
      kind === "bind"
        ? []
        : [
            ...options.data.map(([name, value]) => [name, value ?? null] as [string, string | null]),
            ...labelled(kind, type, label),
          ],
    hierarchies: [],
  };
}

/** File systems that take no label: the kernel has its own for proc and sysfs, and has made mqueue's superblock with the namespace. */
const UNLABELLED: ReadonlySet<string> = new Set(["proc", "sysfs", "mqueue"]);

/** SELinux' label of the files of a new mount (linux.mountLabel). */
function labelled(kind: MountPlan["kind"], type: string, label: string): [string, string][] {
  return label === "" || kind !== "new" || UNLABELLED.has(type) ? [] : [["context", label]];
}

/** runtime-spec config-linux.md#default-devices. */
const DEFAULT_DEVICES: readonly [path: string, minor: number, major: number][] = [
  ["/dev/null", 3, 1],
  ["/dev/zero", 5, 1],
  ["/dev/full", 7, 1],
  ["/dev/random", 8, 1],
  ["/dev/urandom", 9, 1],
  ["/dev/tty", 0, 5],
];

/** Default devices, those of the config in place of one with the same path. */
function planDevices(devices: readonly Device[]): DevicePlan[] {
  const asked = devices.map(planDevice);
  const paths = new Set(asked.map((device) => device.path));
  const defaults = DEFAULT_DEVICES.filter(([path]) => !paths.has(path)).map(
    ([path, minor, major]): DevicePlan => ({
      path,
      type: "c",
      major,
      minor,
      mode: 0o666,
      uid: 0,
      gid: 0,
      where: path,
      tree: -1,
    }),
  );
  return [...defaults, ...asked];
}

function planDevice(device: Device, index: number): DevicePlan {
  return {
    path: clean(device.path),
    type: device.type === "b" ? "b" : device.type === "p" ? "p" : "c",
    major: Number(device.major ?? 0),
    minor: Number(device.minor ?? 0),
    mode: (device.fileMode ?? 0o666) & 0o7777,
    uid: device.uid ?? 0,
    gid: device.gid ?? 0,
    where: `config.json#/linux/devices/${index}`,
    tree: -1,
  };
}

function planSysctls(sysctl: { [key: string]: string } | undefined): [string, string, string][] {
  return Object.entries(sysctl ?? {}).map(([key, value]) => [
    (sysctlPath(key) ?? []).join("/"),
    value.endsWith("\n") ? value.slice(0, -1) : value,
    `config.json#/linux/sysctl/${pointerKey(key)}`,
  ]);
}

/** Hooks of one kind. `inherited`: environment of a hook that has none (startContainer: the container's, fd.5). */
export function planHooks(
  hooks: readonly Hook[] | undefined,
  kind: string,
  inherited: readonly string[] = [],
): HookPlan[] {
  return (hooks ?? []).map((hook, index) => ({
    path: hook.path,
    args: hook.args !== undefined && hook.args.length > 0 ? hook.args : [hook.path],
    env: hook.env ?? [...inherited],
    timeout: hook.timeout ?? 0,
    where: `config.json#/hooks/${kind}/${index}`,
  }));
}
