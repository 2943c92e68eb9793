/** Conditions on a config, in the words of the lists of differences. */
import type { When } from "./differences.ts";

export const always: When = () => true;
export const named =
  (...names: string[]): When =>
  (_, config) =>
    names.includes(config.name);
export const mounts =
  (destination: string): When =>
  (document) =>
    document.mounts.some((mount) => mount.destination === destination);
export const masks =
  (path: string): When =>
  (document) =>
    document.linux.maskedPaths?.includes(path) === true;
export const hasNamespace =
  (type: string): When =>
  (document) =>
    document.linux.namespaces?.some((namespace) => namespace.type === type) === true;
export const both =
  (...conditions: When[]): When =>
  (document, config) =>
    conditions.every((condition) => condition(document, config));
export const not =
  (condition: When): When =>
  (document, config) =>
    !condition(document, config);

export const notRoot: When = ({ process }) => (process.user?.uid ?? 0) !== 0;
export const hasTerminal: When = ({ process }) => process.terminal === true;
export const hasHooks: When = ({ hooks }) => hooks !== undefined;
export const hasNoCapabilities: When = ({ process }) => process.capabilities === undefined;
/** The propagation of the root is set for all below it too. */
export const sharedTree: When = ({ linux }) => linux.rootfsPropagation === "rshared";
/** A volume is to be shared or unbindable, which by itself nothing is here. */
export const ownPropagation: When = ({ mounts }) =>
  mounts.some(({ options = [] }) => options.some((option) => /^r?(shared|unbindable)$/.test(option)));
export const sharedRoot: When = ({ linux }) => /shared/.test(linux.rootfsPropagation ?? "");
/** A network namespace of its own, not one that it joins. */
export const newNetwork: When = ({ linux }) =>
  linux.namespaces?.some(({ type, path }) => type === "network" && path === undefined) === true;
export const shiftedIds: When = ({ linux }) => (linux.uidMappings?.[0]?.hostID ?? 0) !== 0;
/** An option of some mount. */
export const mountOption =
  (option: string): When =>
  (document) =>
    document.mounts.some((mount) => mount.options?.includes(option) === true);

/** A cgroup mount without ro, where the container sees the host's cgroups and could not remount it. */
export const writableCgroups: When = ({ mounts, linux, process }) =>
  mounts.some(({ type, options = [] }) => type === "cgroup" && !options.includes("ro")) &&
  linux.namespaces?.some(({ type }) => type === "cgroup") !== true &&
  process.capabilities?.bounding?.includes("CAP_SYS_ADMIN") === false;
export const WRITABLE_CGROUPS = {
  field: /^mount \/sys\/fs\/cgroup(\/\S+)?$/,
  when: writableCgroups,
  theirs: /^on \S+: anonymous \S+ rw,nosuid,/,
  ours: /^on \S+: anonymous \S+ ro,nosuid,/,
  why: "without a cgroup namespace a container that may not mount has no business in its own limits (mount.7)",
};
