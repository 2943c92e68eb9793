/** Clocks (clock_gettime(2)). */
import { getU64, viewOf } from "../shared/bytes.ts";
import { rfc3339 } from "../shared/time.ts";
import type { Kernel } from "./call.ts";
import { SYS_clock_gettime } from "./constants.ts";

const CLOCK_REALTIME = 0;
const CLOCK_MONOTONIC = 1;

function clock(kernel: Kernel, id: number): { seconds: number; nanoseconds: number } {
  const buffer = new Uint8Array(16);
  kernel.call(SYS_clock_gettime, id, buffer);
  const view = viewOf(buffer);
  return { seconds: getU64(view, 0), nanoseconds: view.getUint32(8, true) };
}

/** The time of day as RFC 3339 text, UTC, nanoseconds. */
export function timestamp(kernel: Kernel): string {
  const { seconds, nanoseconds } = clock(kernel, CLOCK_REALTIME);
  return rfc3339(seconds, nanoseconds);
}

/** The time of day, whole seconds since 1970. */
export function realSeconds(kernel: Kernel): number {
  return clock(kernel, CLOCK_REALTIME).seconds;
}

/** A clock that only goes forward, milliseconds. */
export function monotonicMs(kernel: Kernel): number {
  const { seconds, nanoseconds } = clock(kernel, CLOCK_MONOTONIC);
  return seconds * 1000 + nanoseconds / 1e6;
}
