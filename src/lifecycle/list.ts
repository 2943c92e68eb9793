/** state and list: what is known of containers, as runc shows it. */
import { AT_CWD, type Fd, type Kernel } from "../kernel/call.ts";
import { close, closeAll, readText, statIfPresent } from "../kernel/file.ts";
import { openProc, type Procfs } from "../kernel/procfs.ts";
import { partsOf, RuntimeError } from "../shared/error.ts";
import { ListIndexFile, type StoppedRow } from "../state/list-index.ts";
import { statInit, statusOf } from "../state/status.ts";
import { ContainerDirectory, listIds, openRootIfPresent, readHead } from "../state/store.ts";
import { withContainer } from "./container.ts";
import type { Runtime } from "./runtime.ts";

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
  return withContainer(runtime, id, "state", (directory) => whole(runtime.kernel, directory, ""));
}

/** From the whole record. */
function whole(kernel: Kernel, directory: ContainerDirectory, owner: string, proc?: Procfs): ContainerState {
  const record = directory.read();
  const annotations = Object.create(null) as Record<string, string>;
  for (const [key, value] of record.annotations) annotations[key] = value;
  const { ociVersion, id, bundle, rootfs, created } = record;
  const { status, pid } = statusOf(kernel, directory, record, proc);
  return {
    ociVersion,
    id,
    pid,
    status,
    bundle,
    rootfs,
    created,
    ...(record.annotations.length > 0 ? { annotations } : {}),
    owner,
  };
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
      where: `--root ${runtime.root}`,
    });
  }
  const listing = new Listing(runtime, root);
  try {
    if (annotated) for (const id of listIds(kernel, root)) listing.attempt(id, (uid) => listing.addWhole(id, uid));
    else listing.addAll();
    return listing.states;
  } finally {
    listing.close();
  }
}

/** What `list` has found so far. */
class Listing {
  readonly states: ContainerState[] = [];
  readonly #runtime: Runtime;
  readonly #kernel: Kernel;
  readonly #root: Fd;
  readonly #proc: Procfs;
  readonly #owners = new Map<number, string>();
  readonly #stopped: StoppedRow[] = [];
  readonly #others: string[] = [];

  constructor(runtime: Runtime, root: Fd) {
    this.#runtime = runtime;
    this.#kernel = runtime.kernel;
    this.#root = root;
    this.#proc = openProc(runtime.kernel);
  }

  close(): void {
    closeAll(this.#kernel, [this.#root, this.#proc]);
  }

  /** All containers without their annotations: from the index what that knows, from its record every other one. */
  addAll(): void {
    const file = new ListIndexFile(this.#kernel, this.#root, this.#proc);
    const index = file.read();
    const stopped = index?.stopped ?? [];
    let next = 0;
    for (const id of index?.others ?? listIds(this.#kernel, this.#root)) {
      for (let row = stopped[next]; row !== undefined && row[0] < id; row = stopped[++next]) this.#addStopped(row);
      if (!this.attempt(id, (uid) => this.#addFromHead(id, uid))) this.#others.push(id);
    }
    for (let row = stopped[next]; row !== undefined; row = stopped[++next]) this.#addStopped(row);
    const read = this.#stopped.length - stopped.length;
    file.keep({ stopped: this.#stopped, others: this.#others }, read);
  }

  /** What `add` says; a container that is broken is a warning, one that has gone meanwhile is nothing. */
  attempt(id: string, add: (uid: number) => boolean): boolean {
    try {
      const uid = statIfPresent(this.#kernel, this.#root, id)?.uid;
      return uid !== undefined && add(uid);
    } catch (error) {
      this.#runtime.warn(`list "${id}": ${partsOf(error).problem}`);
      return false;
    }
  }

  /** Whether it has stopped, when the head of its record says all that is asked. */
  #addFromHead(id: string, uid: number): boolean {
    const head = readHead(this.#kernel, this.#root, id);
    if (head.creating || statInit(this.#kernel, this.#proc, head) !== undefined) return this.addWhole(id, uid);
    this.#addStopped([id, head.ociVersion, head.bundle, head.rootfs, head.created, uid]);
    return true;
  }

  #addStopped(row: StoppedRow): void {
    const [id, ociVersion, bundle, rootfs, created, uid] = row;
    this.#stopped.push(row);
    this.states.push({ ociVersion, id, pid: 0, status: "stopped", bundle, rootfs, created, owner: this.#owner(uid) });
  }

  /** False: it may yet change. */
  addWhole(id: string, uid: number): false {
    const directory = ContainerDirectory.openIfPresent(this.#kernel, this.#root, id);
    if (directory === undefined) return false;
    try {
      this.states.push(whole(this.#kernel, directory, this.#owner(uid), this.#proc));
    } finally {
      close(this.#kernel, directory.fd);
    }
    return false;
  }

  #owner(uid: number): string {
    let name = this.#owners.get(uid);
    if (name === undefined) {
      name = userName(this.#kernel, uid);
      this.#owners.set(uid, name);
    }
    return name;
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
