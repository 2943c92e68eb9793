/**
 * features: what this runtime knows and does (runtime-spec features.md), out of the tables that the code itself uses; every field of a
 * config is applied.
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
import { NAMESPACE_FLAGS } from "../kernel/namespace.ts";
import { KNOWN_ARCHITECTURES } from "../seccomp/architecture.ts";
import { KNOWN_OPERATORS } from "../seccomp/arguments.ts";
import { KNOWN_ACTIONS, KNOWN_FLAGS } from "../seccomp/profile.ts";

/** Oldest runtime-spec whose configs are taken: each 1.x is. */
const OLDEST_SPEC = "1.0.0";
/** Options that are known by name when a mount may have them: they are no flags of a mount. */
const MORE_OPTIONS = ["tmpcopyup", "idmap", "ridmap"];

/**
 * The document.
 *
 * @param newestSpec newest runtime-spec that is implemented.
 * @param version of this program.
 */
export function features(newestSpec: string, version: string): Features {
  const flags = [...KNOWN_FLAGS].sort() as SeccompFlag[];
  return {
    ociVersionMin: OLDEST_SPEC,
    ociVersionMax: newestSpec,
    hooks: [...HOOK_KINDS],
    mountOptions: [...knownMountOptions(), ...MORE_OPTIONS].sort(),
    linux: {
      namespaces: Object.keys(NAMESPACE_FLAGS).sort() as NamespaceType[],
      capabilities: [...CAPABILITY_NUMBERS.keys()],
      cgroup: { v1: true, v2: true, systemd: false, systemdUser: false, rdma: true },
      seccomp: {
        enabled: true,
        actions: [...KNOWN_ACTIONS].sort() as SeccompAction[],
        operators: [...KNOWN_OPERATORS].sort() as SeccompOperator[],
        archs: [...KNOWN_ARCHITECTURES].sort() as SeccompArch[],
        knownFlags: flags,
        supportedFlags: flags,
      },
      apparmor: { enabled: true },
      selinux: { enabled: true },
      intelRdt: { enabled: true, schemata: true, monitoring: true },
      mountExtensions: {
        idmap: { enabled: true },
      },
      netDevices: { enabled: true },
    },
    annotations: { "io.github.ts-runc.version": version },
    // No annotation changes what is done.
    potentiallyUnsafeConfigAnnotations: [],
  };
}
