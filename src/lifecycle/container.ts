/** A container that is there already: opened for a verb, and closed after it. */
import { close } from "../kernel/file.ts";
import { RuntimeError } from "../shared/error.ts";
import { checkId } from "../state/id.ts";
import type { Status } from "../state/status.ts";
import { ContainerDirectory, DOES_NOT_EXIST, openRootIfPresent } from "../state/store.ts";
import type { Runtime } from "./runtime.ts";

/** Opens a container; undefined when there is none of this id. The caller closes it. */
export function openIfThere(runtime: Runtime, id: string): ContainerDirectory | undefined {
  checkId(id);
  const root = openRootIfPresent(runtime.kernel, runtime.root);
  if (root === undefined) return undefined;
  const directory = ContainerDirectory.openIfPresent(runtime.kernel, root, id);
  if (directory === undefined) close(runtime.kernel, root);
  return directory;
}

/**
 * Does something with a container that must be there, whatever becomes of it: a program that uses the library would keep descriptors and locks.
 *
 * @param what the verb, for the error: `exec in`.
 * @throws RuntimeError "container does not exist".
 */
export function withContainer<T>(
  runtime: Runtime,
  id: string,
  what: string,
  act: (directory: ContainerDirectory) => T,
): T {
  const directory = openIfThere(runtime, id);
  if (directory === undefined) throw new RuntimeError({ what: `${what} "${id}"`, problem: DOES_NOT_EXIST });
  try {
    return act(directory);
  } finally {
    directory.close();
  }
}

/** As withContainer, with the container's lock held; the lock ends with the descriptor (state.4). */
export function withLocked<T>(
  runtime: Runtime,
  id: string,
  what: string,
  act: (directory: ContainerDirectory) => T,
): T {
  return withContainer(runtime, id, what, (directory) => {
    directory.lock();
    return act(directory);
  });
}

/** runc's text first, since managers look for it; then the state that was found. */
export function wrongState(what: string, text: string, status: Status): RuntimeError {
  return new RuntimeError({ what, problem: `${text}: found it ${status}` });
}
