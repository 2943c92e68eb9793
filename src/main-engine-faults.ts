/**
 * Entry of the test build `build/ts-runc-faults`: the product with the fault-injecting host in between.
 *
 *     TSRUNC_FAULT=role:call:ERRNO   role: main, init, joined, main-hook, init-hook; ERRNO a name, or KILL
 *     TSRUNC_FAULT_LOG=file          writes down every call: role, number, call with its arguments
 */
import { runMain } from "./chunk-main.ts";
import { engineHost, type Native } from "./host/engine.ts";
import { type Fault, type FaultRole, faultHost } from "./host/faults.ts";
import { keep } from "./hot.ts";
import {
  ERRNO_NAMES,
  SYS_close,
  SYS_close_range,
  SYS_execve,
  SYS_exit_group,
  SYS_fcntl,
  SYS_getpid,
  SYS_kill,
  SYS_openat,
  SYS_write,
} from "./kernel/constants.ts";
import { describeCall } from "./kernel/decode.ts";
import { encode } from "./shared/text.ts";

/** The fault that the environment asks for. A word that means nothing ends the program: a sweep must not pass because nothing was injected. */
function parseFault(native: Native, text: string | undefined): Fault | undefined {
  if (text === undefined) return undefined;
  const [, role, call, name] =
    /^(main|init|joined|main-hook|init-hook|joined-hook):([0-9]+):([A-Z0-9]+)$/.exec(text) ?? [];
  const errno = name === "KILL" ? 0 : Object.entries(ERRNO_NAMES).find(([, known]) => known === name)?.[0];
  if (role === undefined || errno === undefined) {
    native.syscall(SYS_exit_group, 99);
    return undefined;
  }
  return { role: role as FaultRole, call: Number(call), errno: Number(errno) };
}

function openLog(native: Native, path: string | undefined): number | undefined {
  if (path === undefined) return undefined;
  const file = native.syscall(SYS_openat, -100, path, 0o2101 | 0o2000, 0o644); // O_WRONLY|O_CREAT|O_APPEND
  return native.syscall(SYS_fcntl, file, 1030, 1001); // F_DUPFD_CLOEXEC
}

keep((argv, env) => {
  const native = engineHost();
  const variable = (name: string) => env.find((entry) => entry.startsWith(`${name}=`))?.slice(name.length + 1);
  const host = faultHost(native, parseFault(native, variable("TSRUNC_FAULT")), {
    numbers: {
      kill: SYS_kill,
      getpid: SYS_getpid,
      write: SYS_write,
      close: SYS_close,
      close_range: SYS_close_range,
      execve: SYS_execve,
      exit_group: SYS_exit_group,
    },
    describeCall,
    log: openLog(native, variable("TSRUNC_FAULT_LOG")),
    encode,
  });
  runMain(native, host, argv.slice(1), env);
});
