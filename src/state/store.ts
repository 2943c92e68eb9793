/** The state directory: <root>/<id>/state.json, exec.fifo and a lock. Every file is reached by one component below an open directory (state.5). */
import { AT_CWD, type Fd, type Kernel } from "../kernel/call.ts";
import {
  AT_REMOVEDIR,
  EAGAIN,
  EEXIST,
  ENOENT,
  LOCK_EX,
  LOCK_NB,
  LOCK_UN,
  O_CREAT,
  O_DIRECTORY,
  O_NOFOLLOW,
  O_PATH,
  O_RDONLY,
  O_TRUNC,
  O_WRONLY,
  RESOLVE_BENEATH,
  RESOLVE_NO_SYMLINKS,
  S_IFIFO,
  SYS_fchmodat,
  SYS_flock,
  SYS_mkdirat,
  SYS_mknodat,
  SYS_unlinkat,
} from "../kernel/constants.ts";
import {
  attemptOpen2,
  close,
  closeAll,
  fchmod,
  flock,
  listDirectory,
  open2Failure,
  openAt,
  openIfPresent,
  poll,
  readAll,
  renameAt,
  stat,
  writeAll,
} from "../kernel/file.ts";
import { effectiveUid } from "../kernel/identity.ts";
import { RuntimeError } from "../shared/error.ts";
import { dirname } from "../shared/path.ts";
import { decode } from "../shared/text.ts";
import { damagedRecord, parseHead, parseRecord, type RecordHead, recordText, type StateRecord } from "./record.ts";

const STATE_FILE = "state.json";
const FIFO = "exec.fifo";
/** The one folder in it, where the service manager waits for the container's word (lifecycle/notify.ts). */
export const NOTIFY_DIRECTORY = "notify";
/** The one folder beside the containers' (list-index.ts). No id can be like it: `~` is in none (id.ts). */
export const LIST_FOLDER = ".list~";
/** Longest state.json, bytes (input.1). */
const MAX_STATE = 16 << 20;
/** How long a command waits for another one that works on the same container. */
const LOCK_TIMEOUT_MS = 30_000;

/** Text that managers take for "no such container" (containerd process/init.go, moby). Said of the container itself and of nothing else. */
export const DOES_NOT_EXIST = "container does not exist";
/** Text of runc for a taken id (libcontainer/error.go). */
export const ALREADY_EXISTS = "container with given ID already exists";

/** Opens the directory of all containers, making it 0700 if need be; one that others may write is refused (state.1). */
export function openRoot(kernel: Kernel, root: string): Fd {
  makeDirectories(kernel, root);
  return checkRoot(kernel, openAt(kernel, AT_CWD, root, O_RDONLY | O_DIRECTORY), root);
}

/** As openRoot; undefined when there is none. */
export function openRootIfPresent(kernel: Kernel, root: string): Fd | undefined {
  const fd = openIfPresent(kernel, AT_CWD, root, O_RDONLY | O_DIRECTORY);
  return fd === undefined ? undefined : checkRoot(kernel, fd, root);
}

function checkRoot(kernel: Kernel, fd: Fd, root: string): Fd {
  const status = stat(kernel, fd);
  const me = effectiveUid(kernel);
  if (status.uid !== me || (status.mode & 0o022) !== 0) {
    throw new RuntimeError({
      what: "open state directory",
      problem: `found owner ${status.uid}, mode 0${(status.mode & 0o7777).toString(8)}, want owner ${me} and no write bit for others`,
      where: root,
      hint: "give a directory of your own with --root",
    });
  }
  return fd;
}

function makeDirectories(kernel: Kernel, path: string): void {
  const result = kernel.attempt(SYS_mkdirat, AT_CWD, path, 0o700);
  if (result === 0) kernel.call(SYS_fchmodat, AT_CWD, path, 0o700);
  else if (result === -ENOENT && path !== "/" && path !== ".") {
    makeDirectories(kernel, dirname(path));
    makeDirectories(kernel, path);
  } else if (result !== -EEXIST) throw kernel.failure(result, SYS_mkdirat, AT_CWD, path, 0o700);
}

/** Ids of all containers below a root, sorted. */
export function listIds(kernel: Kernel, root: Fd): string[] {
  return listDirectory(kernel, root, true)
    .filter((name) => name !== LIST_FOLDER)
    .sort();
}

/** The head of a container's record, without opening its directory (state.5: the kernel refuses links on the way). @throws RuntimeError when missing or damaged. */
export function readHead(kernel: Kernel, root: Fd, id: string): RecordHead {
  const path = `${id}/${STATE_FILE}`;
  const result = attemptOpen2(kernel, root, path, O_RDONLY, BELOW);
  if (result === -ENOENT) throw noRecord(id);
  if (result < 0) throw open2Failure(kernel, result, root, path, O_RDONLY, BELOW);
  const head = parseHead(readState(kernel, result as Fd, id), whereOf(id));
  if (head.id !== id) throw otherRecord(id, head);
  return head;
}

const BELOW = RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS;

/** Bytes of a state.json, which is closed. */
function readState(kernel: Kernel, fd: Fd, id: string): Uint8Array {
  try {
    const bytes = readAll(kernel, fd, MAX_STATE, true);
    if (bytes !== undefined) return bytes;
  } finally {
    close(kernel, fd);
  }
  throw new RuntimeError({ what: "read state", problem: `found more than ${MAX_STATE} bytes`, where: whereOf(id) });
}

function whereOf(id: string): string {
  return `${STATE_FILE} of "${id}"`;
}

function noRecord(id: string): RuntimeError {
  return new RuntimeError({
    what: "read state",
    problem: "found no record (create was interrupted), want one",
    where: whereOf(id),
    hint: "delete removes the container",
  });
}

function otherRecord(id: string, { id: found }: RecordHead): RuntimeError {
  return damagedRecord(whereOf(id), `the record of ${JSON.stringify(found)}`);
}

/** One container's directory, open. */
export class ContainerDirectory {
  readonly #kernel: Kernel;
  readonly root: Fd;
  readonly fd: Fd;
  readonly id: string;

  private constructor(kernel: Kernel, root: Fd, id: string, fd: Fd) {
    this.#kernel = kernel;
    this.root = root;
    this.id = id;
    this.fd = fd;
  }

  /** Reserves the id: the mkdir decides a race (state.2). */
  static create(kernel: Kernel, root: Fd, id: string): ContainerDirectory {
    const result = kernel.attempt(SYS_mkdirat, root, id, 0o711);
    if (result === -EEXIST) {
      throw new RuntimeError({
        what: `create "${id}"`,
        problem: ALREADY_EXISTS,
        where: "the argument <container-id>",
        hint: `delete ${id}, or choose another`,
      });
    }
    if (result < 0) throw kernel.failure(result, SYS_mkdirat, root, id, 0o711);
    try {
      const directory = ContainerDirectory.open(kernel, root, id);
      fchmod(kernel, directory.fd, 0o711);
      return directory;
    } catch (error) {
      kernel.attempt(SYS_unlinkat, root, id, AT_REMOVEDIR);
      throw error;
    }
  }

  /** Opens an existing one. @throws RuntimeError DOES_NOT_EXIST. */
  static open(kernel: Kernel, root: Fd, id: string): ContainerDirectory {
    const fd = ContainerDirectory.openIfPresent(kernel, root, id);
    if (fd === undefined) throw new RuntimeError({ what: `open "${id}"`, problem: DOES_NOT_EXIST });
    return fd;
  }

  /** As open; undefined when missing. */
  static openIfPresent(kernel: Kernel, root: Fd, id: string): ContainerDirectory | undefined {
    const flags = O_RDONLY | O_DIRECTORY | O_NOFOLLOW;
    const fd = openIfPresent(kernel, root, id, flags);
    return fd === undefined ? undefined : new ContainerDirectory(kernel, root, id, fd);
  }

  /**
   * Takes the container's lock, so that create, start, delete, pause, update and checkpoint see one order; kill and exec ask nobody (state.4).
   * The directory itself is what is locked: no file is left behind, and a lock ends with its process.
   */
  lock(): void {
    let waited = 0;
    for (let pauseMs = 1; ; pauseMs = Math.min(pauseMs * 2, 50)) {
      const result = flock(this.#kernel, this.fd, LOCK_EX | LOCK_NB);
      if (result >= 0) return;
      if (result !== -EAGAIN) throw this.#kernel.failure(result, SYS_flock, this.fd, LOCK_EX | LOCK_NB);
      if (waited >= LOCK_TIMEOUT_MS) {
        throw new RuntimeError({
          what: `lock "${this.id}"`,
          problem: `another command has held it for ${LOCK_TIMEOUT_MS / 1000} s, want it free`,
        });
      }
      poll(this.#kernel, [], pauseMs);
      waited += pauseMs;
    }
  }

  unlock(): void {
    flock(this.#kernel, this.fd, LOCK_UN);
  }

  /** Closes it and its root, and with them ends a lock that is held. */
  close(): void {
    closeAll(this.#kernel, [this.root, this.fd]);
  }

  /** Whether the lock is held by another command now. */
  isLocked(): boolean {
    const result = flock(this.#kernel, this.fd, LOCK_EX | LOCK_NB);
    if (result === -EAGAIN) return true;
    if (result < 0) throw this.#kernel.failure(result, SYS_flock, this.fd, LOCK_EX | LOCK_NB);
    this.unlock();
    return false;
  }

  /** The record. @throws RuntimeError when missing or damaged. */
  read(): StateRecord {
    const record = this.readIfPresent();
    if (record === undefined) throw noRecord(this.id);
    return record;
  }

  /** As read; undefined when missing. */
  readIfPresent(): StateRecord | undefined {
    const fd = openIfPresent(this.#kernel, this.fd, STATE_FILE, O_RDONLY | O_NOFOLLOW);
    if (fd === undefined) return undefined;
    const record = parseRecord(decode(readState(this.#kernel, fd, this.id)), whereOf(this.id));
    if (record.id !== this.id) throw otherRecord(this.id, record);
    return record;
  }

  /** Replaces the record: a reader sees the old one or the new one, whole (state.2). */
  write(record: StateRecord): void {
    const temporary = ".state.json";
    const fd = openAt(this.#kernel, this.fd, temporary, O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW, 0o600);
    try {
      fchmod(this.#kernel, fd, 0o600);
      writeAll(this.#kernel, fd, recordText(record));
    } finally {
      close(this.#kernel, fd);
    }
    renameAt(this.#kernel, this.fd, temporary, STATE_FILE);
  }

  /** Writes another file of ours, 0600. */
  writeFile(name: string, data: Uint8Array): void {
    const fd = openAt(this.#kernel, this.fd, name, O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW, 0o600);
    try {
      writeAll(this.#kernel, fd, data);
    } finally {
      close(this.#kernel, fd);
    }
  }

  /** Another file of ours; undefined when missing or longer than `limit` bytes. */
  readFile(name: string, limit: number): Uint8Array | undefined {
    const fd = openIfPresent(this.#kernel, this.fd, name, O_RDONLY | O_NOFOLLOW);
    if (fd === undefined) return undefined;
    try {
      return readAll(this.#kernel, fd, limit, true);
    } finally {
      close(this.#kernel, fd);
    }
  }

  /** Makes the fifo that init waits on. 0622: init opens it for writing after it has given up its user (state.1). */
  makeFifo(): void {
    this.#kernel.call(SYS_mknodat, this.fd, FIFO, S_IFIFO | 0o622, 0);
    this.#kernel.call(SYS_fchmodat, this.fd, FIFO, 0o622);
  }

  /** The fifo as an O_PATH descriptor: it can be passed to init without opening either end. */
  openFifoPath(): Fd {
    return openAt(this.#kernel, this.fd, FIFO, O_PATH | O_NOFOLLOW);
  }

  /** The fifo for reading; undefined once start has removed it. */
  openFifo(flags: number): Fd | undefined {
    return openIfPresent(this.#kernel, this.fd, FIFO, flags | O_NOFOLLOW);
  }

  /** Whether the fifo is there: the container was not started yet. */
  hasFifo(): boolean {
    const fd = openIfPresent(this.#kernel, this.fd, FIFO, O_PATH | O_NOFOLLOW);
    if (fd === undefined) return false;
    close(this.#kernel, fd);
    return true;
  }

  /** Whether it could be removed. */
  removeFifo(): boolean {
    return this.#kernel.attempt(SYS_unlinkat, this.fd, FIFO, 0) === 0;
  }

  #removeNotify(): void {
    const kernel = this.#kernel;
    const folder = openIfPresent(kernel, this.fd, NOTIFY_DIRECTORY, O_RDONLY | O_DIRECTORY | O_NOFOLLOW);
    if (folder === undefined) return;
    for (const name of listDirectory(kernel, folder)) kernel.attempt(SYS_unlinkat, folder, name, 0);
    close(kernel, folder);
    const result = kernel.attempt(SYS_unlinkat, this.fd, NOTIFY_DIRECTORY, AT_REMOVEDIR);
    if (result < 0 && result !== -ENOENT)
      throw kernel.failure(result, SYS_unlinkat, this.fd, NOTIFY_DIRECTORY, AT_REMOVEDIR);
  }

  /** Removes the directory with all that we make in it, the record last; what is missing already is no error. */
  remove(): void {
    const readable = openAt(this.#kernel, this.fd, ".", O_RDONLY | O_DIRECTORY);
    const names = listDirectory(this.#kernel, readable).filter((name) => name !== STATE_FILE);
    close(this.#kernel, readable);
    if (names.includes(NOTIFY_DIRECTORY)) this.#removeNotify();
    for (const name of [...names.filter((entry) => entry !== NOTIFY_DIRECTORY), STATE_FILE]) {
      const result = this.#kernel.attempt(SYS_unlinkat, this.fd, name, 0);
      if (result < 0 && result !== -ENOENT) throw this.#kernel.failure(result, SYS_unlinkat, this.fd, name, 0);
    }
    const result = this.#kernel.attempt(SYS_unlinkat, this.root, this.id, AT_REMOVEDIR);
    if (result < 0 && result !== -ENOENT)
      throw this.#kernel.failure(result, SYS_unlinkat, this.root, this.id, AT_REMOVEDIR);
  }
}
