/** state.json: what later commands must know about a container. */
import type { CgroupRecord } from "../cgroup/path.ts";
import { isResctrlRecord, type ResctrlRecord } from "../cgroup/resctrl-record.ts";
import type { HookPlan } from "../config/plan-types.ts";
import { RuntimeError } from "../shared/error.ts";

/** Version of the record that this program writes; it reads none that is newer (state.6). */
export const RECORD_VERSION = 1;

/** The record. It is written ahead: it names what is about to be made before it is made (state.6). */
export interface StateRecord {
  version: number;
  ociVersion: string;
  id: string;
  /** Absolute path of the bundle. */
  bundle: string;
  /** Absolute path of the config, where it is not the bundle's config.json. */
  config?: string;
  /** Absolute path of the root file system. */
  rootfs: string;
  /** RFC 3339, UTC. */
  created: string;
  annotations: [key: string, value: string][];
  /** Host pid of init; 0: none yet. */
  pid: number;
  /** Start time of init in clock ticks after boot; with the boot id it tells a reused pid (state.3). */
  startTime: number;
  bootId: string;
  /** Create is not done: what is recorded may be half made. */
  creating: boolean;
  /** Init was executed anew (Node host), so that PF_FORKNOEXEC says nothing of the user's process. */
  initExecuted: boolean;
  /** Init is the first process of its own pid namespace: its end takes all others along. */
  ownPids: boolean;
  cgroup: CgroupRecord | null;
  /** Absent: the container has nothing to do with resctrl. */
  resctrl?: ResctrlRecord;
  /** Digest of the device rules in force: update changes them only when it is given others. Absent: unknown. */
  deviceRules?: string;
  poststart: HookPlan[];
  poststop: HookPlan[];
}

/** Reads a record. @throws RuntimeError that says what is wrong with it. */
export function parseRecord(text: string, where: string): StateRecord {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    throw damagedRecord(where, "no JSON (the writer was interrupted)");
  }
  if (typeof value !== "object" || value === null) throw damagedRecord(where, "no object");
  const record = value as StateRecord;
  if (!Number.isSafeInteger(record.version) || record.version < 1) throw damagedRecord(where, "no version");
  if (record.version > RECORD_VERSION) {
    throw new RuntimeError({
      what: "read state",
      problem: `found version ${record.version}, want ${RECORD_VERSION} or older`,
      where,
      hint: "use the ts-runc that made the container",
    });
  }
  const strings = [record.ociVersion, record.id, record.bundle, record.rootfs, record.created, record.bootId];
  const numbers = [record.pid, record.startTime];
  const lists = [record.annotations, record.poststart, record.poststop];
  if (
    !strings.every((entry) => typeof entry === "string") ||
    !numbers.every((entry) => Number.isSafeInteger(entry) && entry >= 0) ||
    !lists.every(Array.isArray) ||
    !record.annotations.every(isAnnotation) ||
    ![...record.poststart, ...record.poststop].every(isHook) ||
    typeof record.creating !== "boolean" ||
    (record.pid !== 0 && record.pid < 2) ||
    !isCgroup(record.cgroup) ||
    (record.config !== undefined && typeof record.config !== "string") ||
    (record.deviceRules !== undefined && typeof record.deviceRules !== "string") ||
    (record.resctrl !== undefined && !isResctrlRecord(record.resctrl))
  ) {
    throw damagedRecord(where, "a missing or mistyped field");
  }
  return record;
}

function isAnnotation(entry: unknown): boolean {
  return Array.isArray(entry) && entry.length === 2 && entry.every((word) => typeof word === "string");
}

function isHook(hook: unknown): boolean {
  if (typeof hook !== "object" || hook === null) return false;
  const { path, args, env } = hook as Partial<HookPlan>;
  const words = [path, ...(Array.isArray(args) ? args : [0]), ...(Array.isArray(env) ? env : [0])];
  return words.every((word) => typeof word === "string");
}

/** Whether a part of a path is empty, `.` or `..`. */
function hasStrayPart(path: string): boolean {
  const whole = `/${path}/`;
  return whole.includes("//") || whole.includes("/./") || whole.includes("/../");
}

function isCgroup(cgroup: unknown): boolean {
  if (cgroup === null) return true;
  const record = cgroup as CgroupRecord | undefined;
  return (
    typeof record === "object" &&
    (record.version === 1 || record.version === 2) &&
    Array.isArray(record.places) &&
    record.places.every(
      (place) =>
        typeof place === "object" &&
        place !== null &&
        typeof place.mountPoint === "string" &&
        typeof place.path === "string" &&
        // "." would be the hierarchy itself: all of the machine's processes would be signalled.
        !hasStrayPart(place.path) &&
        Number.isSafeInteger(place.made) &&
        Array.isArray(place.controllers),
    )
  );
}

/** The error for a record that cannot be what we wrote. */
export function damagedRecord(where: string, found: string): RuntimeError {
  return new RuntimeError({
    what: "read state",
    problem: `found ${found}, want a whole state record`,
    where,
    hint: "delete --force removes the container",
  });
}
