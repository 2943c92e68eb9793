/** What this version of the runtime does not apply yet: it is refused, never ignored (DESIGN section 4). */
import { RuntimeError } from "../shared/error.ts";
import { LOAD_CONFIG } from "./rules-report.ts";
import type { Config, Linux } from "./types.ts";

/** A field that is set and has no effect yet. */
export interface UnsupportedField {
  /** JSON pointer within config.json: `/linux/netDevices`. */
  readonly pointer: string;
  /** The thing by its plain name: `the moving of network devices`. */
  readonly what: string;
}

/** Lists the fields of a config that this version does not apply, in the order of the document's parts. */
export function unsupportedFields(config: Config): UnsupportedField[] {
  const fields: UnsupportedField[] = [];
  const add = (wrong: boolean, pointer: string, what: string): void => {
    if (wrong) fields.push({ pointer, what });
  };
  linuxFields(config.linux ?? {}, add);
  return fields;
}

/** Throws a RuntimeError for the first field that this version does not apply. */
export function refuseUnsupported(config: Config): void {
  const [first, ...more] = unsupportedFields(config);
  if (first === undefined) return;
  const others = more.length > 0 ? ` (and ${more.length} more)` : "";
  throw new RuntimeError({
    what: LOAD_CONFIG,
    problem: `${first.what} is not supported by this version${others}`,
    where: `config.json#${first.pointer}`,
  });
}

type Add = (wrong: boolean, pointer: string, what: string) => void;

const isSet = (text: string | undefined): boolean => text !== undefined && text !== "";

function linuxFields(linux: Linux, add: Add): void {
  add(isSet(linux.seccomp?.listenerPath), "/linux/seccomp/listenerPath", "seccomp notification");
  add(linux.seccomp?.defaultAction === "SCMP_ACT_NOTIFY", "/linux/seccomp/defaultAction", "seccomp notification");
  linux.seccomp?.syscalls?.forEach(({ action }, index) => {
    add(action === "SCMP_ACT_NOTIFY", `/linux/seccomp/syscalls/${index}/action`, "seccomp notification");
  });
}
