/**
 * The index of `list`: what the records say of containers that have stopped, in one file, so that of a thousand not each is opened. It only
 * ever saves work: it holds for one state of the root directory, in which every create and delete leaves its time, and a container that has
 * stopped stays so. It is no container's, and lies in a folder of its own so that to write it does not change the root directory.
 */
import type { Fd, Kernel } from "../kernel/call.ts";
import { realSeconds } from "../kernel/clock.ts";
import {
  AT_REMOVEDIR,
  LOCK_EX,
  LOCK_NB,
  O_CREAT,
  O_DIRECTORY,
  O_NOFOLLOW,
  O_RDONLY,
  O_TRUNC,
  O_WRONLY,
  SYS_mkdirat,
  SYS_unlinkat,
} from "../kernel/constants.ts";
import {
  close,
  flock,
  openAt,
  openIfPresent,
  readAll,
  readLinkAt,
  renameAt,
  type Stat,
  stat,
  writeAll,
} from "../kernel/file.ts";
import type { Procfs } from "../kernel/procfs.ts";
import { decode } from "../shared/text.ts";
import { LIST_FOLDER } from "./store.ts";

const FILE = "index.json";
const NEXT = "next.json";
/** Longest index, bytes: more than a hundred thousand containers. */
const MAX_INDEX = 32 << 20;
/** For fewer that have stopped it is not worth a file. */
const LEAST = 64;
/**
 * How long the root directory must have been left alone, seconds: the kernel's file times go by ticks of up to 10 ms, so what changes within
 * the tick in which they were looked at does not show in them. A clock that is set back by more would have to hit the same nanosecond again.
 */
const REST = 2;
const VERSION = 1;

/** A container that has stopped, as `list` shows it; the owner is a uid. */
export type StoppedRow = [
  id: string,
  ociVersion: string,
  bundle: string,
  rootfs: string,
  created: string,
  owner: number,
];

/** What the root directory held; both lists are sorted by id. */
export interface ListIndex {
  stopped: readonly StoppedRow[];
  /** Containers of any other status, whose records must be read. */
  others: readonly string[];
}

interface Stored extends ListIndex {
  version: number;
  /** What it holds for (ListIndexFile.#state). */
  state: string;
}

/** The index of one root directory, for one `list`. */
export class ListIndexFile {
  readonly #kernel: Kernel;
  readonly #root: Fd;
  readonly #proc: Procfs;
  /** Of the root before its names are read: what changes meanwhile then shows. */
  readonly #before: Stat;
  #present = false;

  constructor(kernel: Kernel, root: Fd, proc: Procfs) {
    this.#kernel = kernel;
    this.#root = root;
    this.#proc = proc;
    this.#before = stat(kernel, root);
  }

  /**
   * What the index holds for: the root directory between two changes of its names (but for one within a tick of the clock), as seen from one pid
   * namespace: from another one, in which their processes are not, all containers look stopped.
   */
  #state(): string {
    const { device, ino, links, modified, changed } = this.#before;
    const times = [modified, changed].map(({ seconds, nanoseconds }) => `${seconds}.${nanoseconds}`);
    const namespace = readLinkAt(this.#kernel, this.#proc, "self/ns/pid");
    if (namespace === undefined) throw new Error("no pid namespace");
    return `${device} ${ino} ${links} ${times.join(" ")} ${namespace}`;
  }

  /** The index, where there is one that holds. Whatever is wrong with it is no reason to fail: without it the records are read. */
  read(): ListIndex | undefined {
    try {
      return this.#within((folder) => {
        this.#present = true;
        const file = openIfPresent(this.#kernel, folder, FILE, O_RDONLY | O_NOFOLLOW);
        if (file === undefined) return undefined;
        const stored = JSON.parse(readFile(this.#kernel, file)) as Stored;
        const holds = stored.version === VERSION && stored.state === this.#state();
        return holds && Array.isArray(stored.stopped) && Array.isArray(stored.others) ? stored : undefined;
      });
    } catch {
      return undefined;
    }
  }

  /** Writes the index where it is worth it and will hold; `read` is how many records of stopped containers had to be read for it. */
  keep(index: ListIndex, read: number): void {
    if (this.#present && index.stopped.length < LEAST) this.#remove();
    if (read < LEAST || realSeconds(this.#kernel) - this.#before.changed.seconds < REST) return;
    try {
      const stored: Stored = { version: VERSION, state: this.#state(), ...index };
      this.#kernel.attempt(SYS_mkdirat, this.#root, LIST_FOLDER, 0o700);
      this.#within((folder) => this.#write(folder, JSON.stringify(stored)));
    } catch {
      // A full or read-only file system: the next `list` reads the records again.
    }
  }

  #write(folder: Fd, text: string): void {
    // Two that write at once: the other one's is as good.
    if (flock(this.#kernel, folder, LOCK_EX | LOCK_NB) < 0) return;
    const file = openAt(this.#kernel, folder, NEXT, O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW, 0o600);
    try {
      writeAll(this.#kernel, file, text);
    } finally {
      close(this.#kernel, file);
    }
    renameAt(this.#kernel, folder, NEXT, FILE);
  }

  /** So few need none, and nothing is to stay behind. */
  #remove(): void {
    this.#within((folder) => {
      for (const name of [NEXT, FILE]) this.#kernel.attempt(SYS_unlinkat, folder, name, 0);
    });
    this.#kernel.attempt(SYS_unlinkat, this.#root, LIST_FOLDER, AT_REMOVEDIR);
  }

  /** What `use` gives; undefined where there is no folder. */
  #within<T>(use: (folder: Fd) => T): T | undefined {
    const folder = openIfPresent(this.#kernel, this.#root, LIST_FOLDER, O_RDONLY | O_DIRECTORY | O_NOFOLLOW);
    if (folder === undefined) return undefined;
    try {
      return use(folder);
    } finally {
      close(this.#kernel, folder);
    }
  }
}

function readFile(kernel: Kernel, file: Fd): string {
  try {
    return decode(readAll(kernel, file, MAX_INDEX, true) ?? new Uint8Array(0));
  } finally {
    close(kernel, file);
  }
}
