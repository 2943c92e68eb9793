/**
 * features: what this runtime knows and does (runtime-spec features.md), out of the tables that the code itself uses. What a config is
 * refused for is asked of the very list that refuses it, so that the two cannot differ.
 */
import { CAPABILITY_NUMBERS } from "../config/capability.ts";
import type {
  Features,
  NamespaceType,
  SeccompAction,
  SeccompArch,
  SeccompFlag,
  SeccompOperator,
} from "../config/generated/features.ts";
import { knownMountOptions } from "../config/mount-options.ts";
import { HOOK_KINDS } from "../config/rules-process.ts";
import type { Config } from "../config/types.ts";
import { unsupportedFields } from "../config/unsupported.ts";
import { NAMESPACE_FLAGS } from "../kernel/namespace.ts";
import { KNOWN_ARCHITECTURES } from "../seccomp/architecture.ts";
import { KNOWN_OPERATORS } from "../seccomp/arguments.ts";
import { KNOWN_ACTIONS, KNOWN_FLAGS } from "../seccomp/profile.ts";

/** Oldest runtime-spec whose configs are taken: each 1.x is. */
const OLDEST_SPEC = "1.0.0";
/** Options that are known by name when a mount may have them: they are no flags of a mount. */
const MORE_OPTIONS = ["tmpcopyup", "idmap", "ridmap"];
const NOTIFY = "SCMP_ACT_NOTIFY";
/** It says how a notification is waited for. */
const NOTIFY_FLAG = "SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV";

/**
 * The document.
 *
 * @param newestSpec newest runtime-spec that is implemented.
 * @param version of this program.
 */
export function features(newestSpec: string, version: string): Features {
  const mount = (part: object) => takes({ mounts: [{ destination: "/x", ...part }] });
  const notifies = takes({
    linux: { seccomp: { defaultAction: "SCMP_ACT_ALLOW", syscalls: [{ names: ["mkdir"], action: NOTIFY }] } },
  });
  const flags = [...KNOWN_FLAGS].sort() as SeccompFlag[];
  return {
    ociVersionMin: OLDEST_SPEC,
    ociVersionMax: newestSpec,
    hooks: [...HOOK_KINDS],
    mountOptions: [...knownMountOptions(), ...MORE_OPTIONS.filter((option) => mount({ options: [option] }))].sort(),
    linux: {
      namespaces: Object.keys(NAMESPACE_FLAGS).sort() as NamespaceType[],
      capabilities: [...CAPABILITY_NUMBERS.keys()],
      cgroup: { v1: true, v2: true, systemd: false, systemdUser: false, rdma: true },
      seccomp: {
        enabled: true,
        actions: KNOWN_ACTIONS.filter((action) => action !== NOTIFY || notifies).sort() as SeccompAction[],
        operators: [...KNOWN_OPERATORS].sort() as SeccompOperator[],
        archs: [...KNOWN_ARCHITECTURES].sort() as SeccompArch[],
        knownFlags: flags,
        supportedFlags: flags.filter((flag) => flag !== NOTIFY_FLAG || notifies),
      },
      apparmor: { enabled: takes({ process: { cwd: "/", apparmorProfile: "x" } }) },
      selinux: {
        enabled: takes({ process: { cwd: "/", selinuxLabel: "x" } }) && takes({ linux: { mountLabel: "x" } }),
      },
      intelRdt: { enabled: true, schemata: true, monitoring: true },
      mountExtensions: {
        idmap: { enabled: mount({ uidMappings: [{ containerID: 0, hostID: 1, size: 1 }] }) },
      },
      netDevices: { enabled: takes({ linux: { netDevices: { eth0: {} } } }) },
    },
    annotations: { "io.github.ts-runc.version": version },
    // No annotation changes what is done.
    potentiallyUnsafeConfigAnnotations: [],
  };
}

/** Whether a part of a config is applied. */
function takes(part: Partial<Config>): boolean {
  return unsupportedFields({ ociVersion: OLDEST_SPEC, ...part }).length === 0;
}
