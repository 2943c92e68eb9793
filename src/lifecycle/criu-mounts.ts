/** Mounts of a container that criu does not save but is told of: what comes from the host. */
import { type CgroupRecord, placeOf } from "../cgroup/path.ts";
import type { InitPlan } from "../config/plan-types.ts";
import { findInRoot } from "../init/root.ts";
import { AT_CWD, type Fd, type Kernel } from "../kernel/call.ts";
import { O_DIRECTORY, O_PATH } from "../kernel/constants.ts";
import { close, openAt, readLinkAt } from "../kernel/file.ts";
import { openProc, selfName } from "../kernel/procfs.ts";
import { absolute, clean } from "../shared/path.ts";
import type { ExternalMount } from "./criu-args.ts";

/** Binds of the config, devices that were bound, and the cgroup directories of a container without a cgroup namespace. */
export function externalMounts(kernel: Kernel, plan: InitPlan, cgroup: CgroupRecord | null): ExternalMount[] {
  const mounts: ExternalMount[] = [];
  for (const mount of plan.mounts) {
    if (mount.kind === "bind") mounts.push({ target: mount.destination, source: absolute(mount.source, plan.bundle) });
    else if ((mount.kind === "cgroup1" || mount.kind === "cgroup2") && cgroup !== null)
      mounts.push(...cgroupMounts(plan, mount.destination, mount.kind, cgroup));
  }
  // Who owns a user namespace may make no nodes: the host's were bound.
  if (plan.newNamespaces.includes("user"))
    mounts.push(...plan.devices.map(({ path }) => ({ target: path, source: path })));
  const root = openAt(kernel, AT_CWD, plan.rootPath, O_PATH | O_DIRECTORY);
  try {
    return mounts.map(({ target, source }) => ({ target: realTarget(kernel, root, target), source }));
  } finally {
    close(kernel, root);
  }
}

/** With a cgroup namespace they are mounts like others. */
function cgroupMounts(plan: InitPlan, destination: string, kind: string, cgroup: CgroupRecord): ExternalMount[] {
  if (plan.newNamespaces.includes("cgroup")) return [];
  if (cgroup.version === 2 || kind === "cgroup2") {
    const place = cgroup.places.find(({ controllers }) => controllers.length === 0);
    return place === undefined ? [] : [{ target: destination, source: `${place.mountPoint}/${place.path}` }];
  }
  return cgroup.places
    .filter(({ controllers }) => controllers.length > 0)
    .map(({ controllers, mountPoint, path }) => ({
      target: `${destination}/${controllers.map((name) => name.replace("name=", "")).join(",")}`,
      source: `${mountPoint}/${path}`,
    }));
}

/** The kernel shows a mount where it is, without the image's links; a path that only other mounts make is taken as it is. */
function realTarget(kernel: Kernel, root: Fd, target: string): string {
  const fd = findInRoot(kernel, root, target);
  if (fd === undefined) return clean(target);
  const proc = openProc(kernel);
  const name = (of: Fd) => readLinkAt(kernel, proc, `${selfName(kernel, proc)}/fd/${of}`) ?? "";
  const [path, base] = [name(fd), name(root)];
  close(kernel, proc);
  close(kernel, fd);
  return path.startsWith(`${base}/`) ? path.slice(base.length) : clean(target);
}

/** Directory of the container in the hierarchy of a controller; undefined where there is none. */
export function cgroupDirectory(record: CgroupRecord, controller: string): string | undefined {
  const place = placeOf(record, controller);
  return place === undefined ? undefined : `${place.mountPoint}/${place.path}`;
}
