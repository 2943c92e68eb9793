/** update: other limits for a container that is there. */
import { deviceRules, rulesDigest } from "../cgroup/devices.ts";
import { openCgroup, updateDevices, updateLimits } from "../cgroup/update.ts";
import type { Update } from "../config/load.ts";
import type { Resources } from "../config/types.ts";
import { closeAll } from "../kernel/file.ts";
import { RuntimeError } from "../shared/error.ts";
import type { StateRecord } from "../state/record.ts";
import { statusOf } from "../state/status.ts";
import type { ContainerDirectory } from "../state/store.ts";
import { withLocked, wrongState } from "./container.ts";
import { NOT_RUNNING } from "./kill.ts";
import type { Runtime } from "./runtime.ts";

/**
 * Sets the limits that are given; all others stay. When one is refused, none is changed. Device rules are touched only where they differ
 * from those in force: a manager that sends all resources must not take away what a hook has added (GPUs).
 *
 * @throws RuntimeError "container not running" for a stopped one; with the field that was refused.
 */
export function update(runtime: Runtime, id: string, asked: Update): void {
  const what = `update "${id}"`;
  const { kernel } = runtime;
  withLocked(runtime, id, "update", (directory) => {
    const record = directory.read();
    const { status } = statusOf(kernel, directory, record);
    if (status === "stopped" || status === "creating") throw wrongState(what, NOT_RUNNING, status);
    if (asked.resources !== undefined) updateResources(runtime, directory, record, asked.resources, what);
    const rdt = asked.intelRdt ?? {};
    if (Object.keys(rdt).length === 0) return;
    if (record.resctrl === undefined)
      throw new RuntimeError({ what, problem: "updating a non-existent Intel RDT configuration is not supported" });
    runtime.chunks.resctrl().updateResctrl(kernel, record.resctrl, rdt);
  });
}

function updateResources(
  { kernel }: Runtime,
  directory: ContainerDirectory,
  record: StateRecord,
  resources: Resources,
  what: string,
): void {
  if (record.cgroup === null)
    throw new RuntimeError({ what, problem: "the container has no cgroup, want one with limits" });
  const cgroup = openCgroup(kernel, record.cgroup, what);
  try {
    updateLimits(kernel, cgroup, resources);
    if (resources.devices === undefined) return;
    const rules = deviceRules(resources.devices);
    const digest = rulesDigest(rules);
    if (digest === record.deviceRules) return;
    updateDevices(kernel, cgroup, rules, what);
    directory.write({ ...record, deviceRules: digest });
  } finally {
    closeAll(kernel, cgroup.fds);
  }
}
