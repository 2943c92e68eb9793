/** One limit as the write of one cgroup file, and how lists of them are put together; pure. */
import type { Int64 } from "../config/types.ts";

/** One limit: the value for a file of a controller. */
export interface CgroupWrite {
  /** v1: which hierarchy; v2: which controller must be enabled. */
  readonly controller: string;
  readonly file: string;
  readonly value: string;
  /** `config.json#/linux/resources/memory/limit`. */
  readonly where: string;
  /** The value asks for nothing, so an absent file is no error (DESIGN section 4). */
  readonly optional: boolean;
  /** What the limit is called on other kernels: tried when `file` is absent. */
  readonly instead?: { readonly file: string; readonly value: string };
  /** The kernel compares the two: refused with EINVAL, this one is tried again after that file was written. */
  readonly retryAfter?: string;
  /** The kernel may take the value and do nothing with it: it is read back. */
  readonly readBack?: boolean;
  /** memory.checkBeforeUpdate: the limit, bytes, must be above what the file holds. */
  readonly above?: { readonly file: string; readonly limit: bigint };
}

/** What is told of a write beside its file and value. */
export type WriteOptions = Partial<Pick<CgroupWrite, "optional" | "instead" | "retryAfter" | "readBack" | "above">>;

/** Where limits stand when nothing else is said. */
export const RESOURCES_AT = "config.json#/linux/resources";

/** A list of writes in the making. */
export class WriteList {
  readonly writes: CgroupWrite[] = [];
  readonly #at: string;

  /** @param at what the pointers begin with: `config.json#/linux/resources`. */
  constructor(at: string) {
    this.#at = at;
  }

  /** The full pointer of a field: `memory/limit`. */
  pointer(field: string): string {
    return `${this.#at}/${field}`;
  }

  /** Adds a write; undefined and "" are what nobody asked for. */
  add(
    controller: string,
    file: string,
    value: Int64 | string | undefined,
    field: string,
    options: WriteOptions = {},
  ): void {
    if (value === undefined || value === "") return;
    this.writes.push({
      controller,
      file,
      value: String(value),
      where: this.pointer(field),
      optional: false,
      ...options,
    });
  }
}

/** Zero means "not set" in most fields (Go's zero value, which managers write). */
export function isSet(value: Int64 | undefined): value is Int64 {
  return value !== undefined && Number(value) !== 0;
}

export function unlessZero(value: Int64 | undefined): Int64 | undefined {
  return isSet(value) ? value : undefined;
}

export function isNegative(value: Int64 | undefined): boolean {
  return value !== undefined && value < 0;
}
