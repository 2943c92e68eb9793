/** Resource limits by name: getrlimit(2), include/uapi/asm-generic/resource.h. */

const NAMES = "CPU FSIZE DATA STACK CORE RSS NPROC NOFILE MEMLOCK AS LOCKS SIGPENDING MSGQUEUE NICE RTPRIO RTTIME";

/** Number of each name, `RLIMIT_NOFILE` → 7. */
export const RLIMIT_NUMBERS: ReadonlyMap<string, number> = new Map(
  NAMES.split(" ").map((name, number) => [`RLIMIT_${name}`, number]),
);
