/** state and list: what is known of containers, as runc shows it. */
import { AT_CWD, type Fd, type Kernel } from "../kernel/call.ts";
import { close, readText, statIfPresent } from "../kernel/file.ts";
import { openProc, type Procfs } from "../kernel/procfs.ts";
import { partsOf, RuntimeError } from "../shared/error.ts";
import type { RecordHead } from "../state/record.ts";
import { statInit, statusOf } from "../state/status.ts";
import { ContainerDirectory, listIds, openRootIfPresent, readHead } from "../state/store.ts";
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
  return whole(runtime.kernel, directory, "");
}

/** From the whole record. */
function whole(kernel: Kernel, directory: ContainerDirectory, owner: string, proc?: Procfs): ContainerState {
  const record = directory.read();
  const annotations = Object.create(null) as Record<string, string>;
  for (const [key, value] of record.annotations) annotations[key] = value;
  return {
    ...describe(record, statusOf(kernel, directory, record, proc)),
    ...(record.annotations.length > 0 ? { annotations } : {}),
    owner,
  };
}

function describe(head: RecordHead, { status, pid }: { status: string; pid: number }): Omit<ContainerState, "owner"> {
  const { ociVersion, id, bundle, rootfs, created } = head;
  return { ociVersion, id, pid, status, bundle, rootfs, created };
}

/**
 * All containers below the root; a broken one is a warning, and the rest is shown.
 *
 * @param annotated with their annotations; without is several times as fast.
 */
export function list(runtime: Runtime, annotated = true): ContainerState[] {
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
    try {
      const uid = statIfPresent(kernel, root, id)?.uid;
      if (uid === undefined) continue;
      let owner = names.get(uid);
      if (owner === undefined) {
        owner = userName(kernel, uid);
        names.set(uid, owner);
      }
      const state = listed(kernel, root, id, owner, annotated, proc);
      if (state !== undefined) states.push(state);
    } catch (error) {
      const parts = partsOf(error);
      runtime.warn(`list "${id}": ${parts.problem}`);
    }
  }
  return states;
}

/** One of them; undefined when it has gone meanwhile. Of one that has stopped the head of its record says all that is asked. */
function listed(
  kernel: Kernel,
  root: Fd,
  id: string,
  owner: string,
  annotated: boolean,
  proc: Procfs,
): ContainerState | undefined {
  if (!annotated) {
    const head = readHead(kernel, root, id);
    if (!head.creating && statInit(kernel, proc, head) === undefined)
      return { ...describe(head, { status: "stopped", pid: 0 }), owner };
  }
  const directory = ContainerDirectory.openIfPresent(kernel, root, id);
  if (directory === undefined) return undefined;
  try {
    return whole(kernel, directory, owner, proc);
  } finally {
    close(kernel, directory.fd);
  }
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
