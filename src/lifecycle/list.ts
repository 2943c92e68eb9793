/** state and list: what is known of containers, as runc shows it. */
import type { Kernel } from "../kernel/call.ts";
import { AT_CWD } from "../kernel/call.ts";
import { close, readText, stat } from "../kernel/file.ts";
import { openProc, type Procfs } from "../kernel/procfs.ts";
import { partsOf, RuntimeError } from "../shared/error.ts";
import type { StateRecord } from "../state/record.ts";
import { statusOf } from "../state/status.ts";
import { ContainerDirectory, listIds, openRootIfPresent } from "../state/store.ts";
import type { Runtime } from "./runtime.ts";
import { openContainer } from "./start.ts";

/** The fields of `state` and of `list --format json`, in runc's order. */
export interface ContainerState {
  ociVersion: string;
  id: string;
  pid: number;
  status: string;
  bundle: string;
  rootfs: string;
  created: string;
  annotations?: Record<string, string>;
  owner: string;
}

/** State of one container. @throws RuntimeError "container does not exist". */
export function state(runtime: Runtime, id: string): ContainerState {
  const directory = openContainer(runtime, id, "state");
  return describe(runtime.kernel, directory, directory.read(), "");
}

function describe(
  kernel: Kernel,
  directory: ContainerDirectory,
  record: StateRecord,
  owner: string,
  proc?: Procfs,
): ContainerState {
  const { status, pid } = statusOf(kernel, directory, record, proc);
  const annotations = Object.create(null) as Record<string, string>;
  for (const [key, value] of record.annotations) annotations[key] = value;
  return {
    ociVersion: record.ociVersion,
    id: record.id,
    pid,
    status,
    bundle: record.bundle,
    rootfs: record.rootfs,
    created: record.created,
    ...(record.annotations.length > 0 ? { annotations } : {}),
    owner,
  };
}

/** All containers below the root; a broken one is a warning, and the rest is shown. */
export function list(runtime: Runtime): ContainerState[] {
  const { kernel } = runtime;
  const root = openRootIfPresent(kernel, runtime.root);
  if (root === undefined) {
    if (!runtime.rootGiven) return [];
    // A default folder is made by the first container; one that was asked for is a mistake when it is missing (runc).
    throw new RuntimeError({
      what: "list containers",
      problem: "ENOENT: the state directory is missing",
      where: "--root",
    });
  }
  const names = new Map<number, string>();
  const proc = openProc(kernel);
  const states: ContainerState[] = [];
  for (const id of listIds(kernel, root)) {
    const directory = ContainerDirectory.openIfPresent(kernel, root, id);
    if (directory === undefined) continue;
    try {
      const uid = stat(kernel, directory.fd).uid;
      let owner = names.get(uid);
      if (owner === undefined) {
        owner = userName(kernel, uid);
        names.set(uid, owner);
      }
      states.push(describe(kernel, directory, directory.read(), owner, proc));
    } catch (error) {
      const parts = partsOf(error);
      runtime.warn(`list "${id}": ${parts.problem}`);
    } finally {
      close(kernel, directory.fd);
    }
  }
  return states;
}

/** The host's name of a user, `#1000` where it has none (as runc). */
function userName(kernel: Kernel, uid: number): string {
  try {
    for (const line of readText(kernel, AT_CWD, "/etc/passwd").split("\n")) {
      const fields = line.split(":");
      if (fields[2] === String(uid) && fields[0] !== undefined) return fields[0];
    }
  } catch {
    // No passwd file: the number must do.
  }
  return `#${uid}`;
}
