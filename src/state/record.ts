/** state.json: what later commands must know about a container. */
import type { CgroupRecord } from "../cgroup/path.ts";
import { isResctrlRecord, type ResctrlRecord } from "../cgroup/resctrl-record.ts";
import type { HookPlan } from "../config/plan-types.ts";
import { RuntimeError } from "../shared/error.ts";
import { decode } from "../shared/text.ts";

/** Version of the record that this program writes; it reads none that is newer (state.6). */
export const RECORD_VERSION = 1;

/** The first line of a record: all that `list` needs of a container that has stopped, so that of many it need not parse the whole. */
export interface RecordHead {
  version: number;
  ociVersion: string;
  id: string;
  /** Absolute path of the bundle. */
  bundle: string;
  /** Absolute path of the root file system. */
  rootfs: string;
  /** RFC 3339, UTC. */
  created: string;
  /** Host pid of init; 0: none yet. */
  pid: number;
  /** Start time of init in clock ticks after boot; with the boot id it tells a reused pid (state.3). */
  startTime: number;
  bootId: string;
  /** Create is not done: what is recorded may be half made. */
  creating: boolean;
}

/** The record. It is written ahead: it names what is about to be made before it is made (state.6). */
export interface StateRecord extends RecordHead {
  /** Absolute path of the config, where it is not the bundle's config.json. */
  config?: string;
  annotations: [key: string, value: string][];
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

/** The text of a record: one JSON object, its head on a line of its own. No string of JSON holds a line break, so there is no other. */
export function recordText(record: StateRecord): string {
  const { version, ociVersion, id, bundle, rootfs, created, pid, startTime, bootId, creating, ...rest } = record;
  const head: RecordHead = { version, ociVersion, id, bundle, rootfs, created, pid, startTime, bootId, creating };
  return `${JSON.stringify(head).slice(0, -1)},\n${JSON.stringify(rest).slice(1)}`;
}

const COMMA = 0x2c;
const LINE_BREAK = 0x0a;
const QUOTE = 0x22;
const BRACE = 0x7d;

/** Reads the head of a record's bytes. @throws RuntimeError that says what is wrong with it. */
export function parseHead(bytes: Uint8Array, where: string): RecordHead {
  const end = bytes.indexOf(LINE_BREAK) - 1;
  // Without a head of its own (an earlier version's), or cut short: what is wrong is found by reading it all.
  const whole = bytes[end] === COMMA && bytes[end + 2] === QUOTE && bytes[bytes.length - 1] === BRACE;
  if (!whole) return parseRecord(decode(bytes), where);
  return checkedHead(parseObject(`${decode(bytes.subarray(0, end))}}`, where) as RecordHead, where);
}

/** Reads a record. @throws RuntimeError that says what is wrong with it. */
export function parseRecord(text: string, where: string): StateRecord {
  const record = parseObject(text, where) as StateRecord;
  checkedHead(record, where);
  const lists = [record.annotations, record.poststart, record.poststop];
  if (
    !lists.every(Array.isArray) ||
    !record.annotations.every(isAnnotation) ||
    ![...record.poststart, ...record.poststop].every(isHook) ||
    !isCgroup(record.cgroup) ||
    (record.config !== undefined && typeof record.config !== "string") ||
    (record.deviceRules !== undefined && typeof record.deviceRules !== "string") ||
    (record.resctrl !== undefined && !isResctrlRecord(record.resctrl))
  ) {
    throw mistyped(where);
  }
  return record;
}

function parseObject(text: string, where: string): object {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    throw damagedRecord(where, "no JSON (the writer was interrupted)");
  }
  if (typeof value !== "object" || value === null) throw damagedRecord(where, "no object");
  return value;
}

function checkedHead(head: RecordHead, where: string): RecordHead {
  if (!Number.isSafeInteger(head.version) || head.version < 1) throw damagedRecord(where, "no version");
  if (head.version > RECORD_VERSION) {
    throw new RuntimeError({
      what: "read state",
      problem: `found version ${head.version}, want ${RECORD_VERSION} or older`,
      where,
      hint: "use the ts-runc that made the container",
    });
  }
  if (
    typeof head.ociVersion !== "string" ||
    typeof head.id !== "string" ||
    typeof head.bundle !== "string" ||
    typeof head.rootfs !== "string" ||
    typeof head.created !== "string" ||
    typeof head.bootId !== "string" ||
    typeof head.creating !== "boolean" ||
    !isCount(head.pid) ||
    !isCount(head.startTime) ||
    head.pid === 1
  ) {
    throw mistyped(where);
  }
  return head;
}

function isCount(value: unknown): boolean {
  return Number.isSafeInteger(value) && (value as number) >= 0;
}

function mistyped(where: string): RuntimeError {
  return damagedRecord(where, "a missing or mistyped field");
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
