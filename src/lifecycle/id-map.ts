/** Id maps of a new user namespace (user_namespaces(7)), written by the parent, who has the host's rights. */
import { mapText } from "../config/idmap.ts";
import type { IdMapping, LoadedConfig } from "../config/types.ts";
import { type Kernel, type Pid, SyscallError } from "../kernel/call.ts";
import { type Procfs, writeProc } from "../kernel/procfs.ts";
import { RuntimeError } from "../shared/error.ts";

/** Writes uid_map and gid_map of a process, each in one write (proc.4). */
export function writeIdMaps(kernel: Kernel, proc: Procfs, pid: Pid, config: LoadedConfig): void {
  writeMap(kernel, proc, `${pid}/uid_map`, config.linux?.uidMappings ?? [], "uidMappings");
  writeMap(kernel, proc, `${pid}/gid_map`, config.linux?.gidMappings ?? [], "gidMappings");
}

function writeMap(kernel: Kernel, proc: Procfs, path: string, mappings: readonly IdMapping[], field: string): void {
  const text = mapText(mappings);
  try {
    writeProc(kernel, proc, path, text);
  } catch (error) {
    if (!(error instanceof SyscallError)) throw error;
    throw new RuntimeError({
      what: `write ${field}`,
      problem: `${error.code}: the kernel refused ${JSON.stringify(text.trim())}; ranges must not overlap and the host ids must be ours to map`,
      where: `config.json#/linux/${field}`,
      step: "id-map",
      call: error.call,
      errno: error.code,
    });
  }
}
