/** Kernel parameters of namespaces that a config joins by their paths. */

import { sysctlNamespace, sysctlPath } from "../config/rules-linux.ts";
import { pointerKey } from "../config/rules-report.ts";
import type { Config } from "../config/types.ts";
import type { Kernel } from "../kernel/call.ts";
import { close, stat } from "../kernel/file.ts";
import { NAMESPACE_FILES } from "../kernel/namespace.ts";
import { openProc, openProcNamespace, selfName } from "../kernel/procfs.ts";
import { RuntimeError } from "../shared/error.ts";
import type { Join } from "./spawn.ts";

/**
 * Refuses parameters of a namespace that is the runtime's own: a path may lead to it (Docker's --network container:X where X is on the host's), and what
 * a container sets there would be set on the host. That the config has a namespace for each was checked before (rules-linux.ts).
 */
export function refuseHostSysctls(kernel: Kernel, config: Config, joins: readonly Join[]): void {
  for (const key of Object.keys(config.linux?.sysctl ?? {})) {
    const owner = sysctlNamespace(sysctlPath(key) ?? []);
    const join = joins.find(({ kind }) => kind === owner);
    if (join === undefined || !isOurs(kernel, join)) continue;
    throw new RuntimeError({
      what: `sysctl ${key}`,
      problem: `found the host's own ${join.kind} namespace, want one of the container's`,
      where: `config.json#/linux/sysctl/${pointerKey(key)}`,
    });
  }
}

function isOurs(kernel: Kernel, { kind, fd }: Join): boolean {
  const proc = openProc(kernel);
  const own = openProcNamespace(kernel, proc, selfName(kernel, proc), NAMESPACE_FILES[kind]);
  close(kernel, proc);
  if (own === undefined) return false;
  const same = stat(kernel, own).identity === stat(kernel, fd).identity;
  close(kernel, own);
  return same;
}
