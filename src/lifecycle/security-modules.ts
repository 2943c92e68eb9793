/** Whether the modules that a config's labels need are there: asked by the parent, on the host, before anything is made. */
import type { ProcessPlan } from "../config/plan-types.ts";
import { AT_CWD, type Kernel } from "../kernel/call.ts";
import { O_PATH, O_RDONLY } from "../kernel/constants.ts";
import { close, fileSystemOf, openIfPresent, readAll } from "../kernel/file.ts";
import { RuntimeError } from "../shared/error.ts";
import { decode } from "../shared/text.ts";

/** SELINUX_MAGIC of include/uapi/linux/magic.h. */
const SELINUX_MAGIC = 0xf97cff8c;

/** Refuses a label whose module is off: the process would run without the confinement that was asked for. */
export function checkLabels(kernel: Kernel, plan: ProcessPlan, mountLabel: string): void {
  if (plan.apparmorProfile !== "" && !hasAppArmor(kernel))
    refuse(`AppArmor profile ${JSON.stringify(plan.apparmorProfile)}`, "AppArmor", "process/apparmorProfile");
  if (plan.selinuxLabel === "" && mountLabel === "") return;
  if (hasSelinux(kernel)) return;
  if (plan.selinuxLabel !== "")
    refuse(`SELinux label ${JSON.stringify(plan.selinuxLabel)}`, "SELinux", "process/selinuxLabel");
  refuse(`SELinux label ${JSON.stringify(mountLabel)}`, "SELinux", "linux/mountLabel");
}

function refuse(what: string, module: string, pointer: string): never {
  throw new RuntimeError({
    what,
    problem: `${module} is off on this machine, want it on or no label`,
    where: `config.json#/${pointer}`,
  });
}

function hasAppArmor(kernel: Kernel): boolean {
  const fd = openIfPresent(kernel, AT_CWD, "/sys/module/apparmor/parameters/enabled", O_RDONLY);
  if (fd === undefined) return false;
  const text = decode(readAll(kernel, fd, 16) ?? new Uint8Array(0));
  close(kernel, fd);
  return text.startsWith("Y");
}

/** libselinux asks the same: its file system is mounted where it belongs. */
function hasSelinux(kernel: Kernel): boolean {
  const fd = openIfPresent(kernel, AT_CWD, "/sys/fs/selinux", O_PATH);
  if (fd === undefined) return false;
  const { type } = fileSystemOf(kernel, fd);
  close(kernel, fd);
  return type === SELINUX_MAGIC;
}
