/** Which fields of config.json the compared configs use, and why the others are used by none. */
import type { PeerName } from "./peers.ts";

/** Fields (and all below them) that no config gives, with the reason. A config that gives one after all is a failure too. */
export const NOT_COMPARED: Readonly<Record<string, string>> = {
  "/process/scheduler": "newer than both peers: runtime-spec 1.2",
  "/process/ioPriority": "newer than both peers: runtime-spec 1.2",
  "/process/execCPUAffinity": "newer than both peers: runtime-spec 1.2.1",
  "/process/apparmorProfile": "both peers fail where the kernel has no AppArmor, as here",
  "/process/selinuxLabel": "both peers fail where the kernel has no SELinux, as here",
  "/linux/mountLabel": "runc fails and crun ignores it where the kernel has no SELinux, as here",
  "/linux/timeOffsets": "newer than both peers: neither makes a time namespace",
  "/linux/netDevices": "newer than both peers: runtime-spec 1.3",
  "/linux/memoryPolicy": "newer than both peers: runtime-spec 1.3",
  "/linux/intelRdt": "both peers ignore it where there is no resctrl, as here",
  "/linux/seccomp/listenerPath": "nothing that the process sees; a listener is tested in test/lifecycle",
  "/linux/seccomp/listenerMetadata": "nothing that the process sees",
  "/linux/resources/unified": "both peers fail on cgroup v1",
  "/linux/resources/cpu/burst": "newer than both peers: they ignore it",
  "/linux/resources/cpu/idle": "runc ignores it, and an idle container never ends on a busy machine",
  "/linux/resources/blockIO/weight": "this kernel has no blkio.weight: crun fails",
  "/linux/resources/blockIO/leafWeight": "this kernel has no blkio.leaf_weight: crun fails",
  "/linux/resources/blockIO/weightDevice": "this kernel has no blkio.weight_device",
  "/linux/resources/hugepageLimits": "the controller is not mounted here: both peers fail",
  "/linux/resources/network": "the controllers are not mounted here: both peers fail",
  "/linux/resources/rdma": "this kernel has no such controller: runc fails, crun ignores it",
  "/linux/personality/flags/*": "no flag is defined: the list is empty",
};

/** Fields that only one of the peers knows. */
export const ONLY: Readonly<Partial<Record<PeerName, readonly string[]>>> = {
  crun: [
    "/domainname",
    "/linux/personality",
    "/linux/seccomp/flags",
    "/linux/resources/memory/checkBeforeUpdate",
    "/mounts/*/uidMappings",
    "/mounts/*/gidMappings",
  ],
};

/** Whether a field is one of a list or below it. */
export const within = (field: string, list: readonly string[]): boolean =>
  list.some((above) => field === above || field.startsWith(`${above}/`));
