/**
 * Entry of the test build `build/ts-runc-faults`: the product with the fault-injecting host in between.
 *
 *     TSRUNC_FAULT=role:call:ERRNO   ERRNO is a number, or KILL
 *     TSRUNC_FAULT_LOG=file          writes down every call instead
 */
import type * as Engine from "./chunk-main.ts";
import { engineHost } from "./host/engine.ts";
import { type Fault, faultHost } from "./host/faults.ts";
import {
  SYS_close_range,
  SYS_exit_group,
  SYS_fcntl,
  SYS_getpid,
  SYS_kill,
  SYS_openat,
  SYS_write,
} from "./kernel/constants.ts";
import { syscallName } from "./kernel/decode.ts";
import { encode } from "./shared/text.ts";

const native = engineHost();

function variable(name: string): string | undefined {
  return native.env.find((entry) => entry.startsWith(`${name}=`))?.slice(name.length + 1);
}

function parseFault(text: string | undefined): Fault | undefined {
  const [role, call, errno] = text?.split(":") ?? [];
  if ((role !== "main" && role !== "init") || call === undefined || errno === undefined) return undefined;
  return { role, call: Number(call), errno: errno === "KILL" ? 0 : Number(errno) };
}

function openLog(): number | undefined {
  const path = variable("TSRUNC_FAULT_LOG");
  if (path === undefined) return undefined;
  const file = native.syscall(SYS_openat, -100, path, 0o2101 | 0o2000, 0o644); // O_WRONLY|O_CREAT|O_APPEND
  return native.syscall(SYS_fcntl, file, 1030, 1001); // F_DUPFD_CLOEXEC
}

native.load("chunk-main");
const host = faultHost(native, parseFault(variable("TSRUNC_FAULT")), {
  numbers: {
    kill: SYS_kill,
    getpid: SYS_getpid,
    write: SYS_write,
    close_range: SYS_close_range,
    exit_group: SYS_exit_group,
  },
  nameOf: syscallName,
  log: openLog(),
  encode,
});
(globalThis.chunks["chunk-main"] as typeof Engine).runMain(native, host);
