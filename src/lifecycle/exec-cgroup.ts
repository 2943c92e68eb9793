/** The cgroup of a process that joins: the container's, or with --cgroup one below it. */
import { openPlace } from "../cgroup/group.ts";
import type { CgroupPlace, CgroupRecord } from "../cgroup/path.ts";
import type { Kernel } from "../kernel/call.ts";
import { close } from "../kernel/file.ts";
import { type Procfs, readProc } from "../kernel/procfs.ts";
import { RuntimeError } from "../shared/error.ts";
import { clean } from "../shared/path.ts";
import type { StateRecord } from "../state/record.ts";

/**
 * @param asked words of --cgroup: `PATH`, on v1 also `CONTROLLER[,CONTROLLER]:PATH`, relative to the container's cgroup.
 * @throws RuntimeError when one does not exist: it is never made, and never left for the container's own.
 */
export function execCgroup(kernel: Kernel, record: StateRecord, asked: readonly string[]): CgroupRecord | undefined {
  if (record.cgroup === null || asked.length === 0) return record.cgroup ?? undefined;
  const places = record.cgroup.places.map((place) => ({ ...place, controllers: [...place.controllers] }));
  for (const word of asked) {
    const colon = word.indexOf(":");
    const controllers = colon < 0 ? [] : word.slice(0, colon).split(",");
    const path = clean(`/${word.slice(colon + 1)}`);
    const chosen = controllers.length === 0 ? places : controllers.map((name) => placeWith(places, name, word));
    // clean() of an absolute path cannot climb, so it stays below the container's own (cgroup.1).
    for (const place of new Set(chosen)) if (path !== "/") place.path += path;
  }
  const found: CgroupRecord = { version: record.cgroup.version, places };
  for (const place of places) {
    const fd = openPlace(kernel, place);
    if (fd !== undefined) close(kernel, fd);
    else if (asked.length > 0)
      throw refuseCgroup(asked.join(" "), `there is none at ${place.mountPoint}/${place.path}`);
  }
  return found;
}

function placeWith(places: readonly CgroupPlace[], name: string, word: string): CgroupPlace {
  const place = places.find((entry) => entry.controllers.includes(name) || entry.controllers.includes(`name=${name}`));
  if (place === undefined) throw refuseCgroup(word, `no hierarchy of "${name}" is the container's`);
  return place;
}

function refuseCgroup(word: string, problem: string): RuntimeError {
  return new RuntimeError({
    what: "join cgroup",
    problem: `found ${JSON.stringify(word)}: ${problem}, want one below the container's own`,
    where: "--cgroup",
  });
}

/** v2: the cgroup that init is in now, which may lie below the container's when an init system made groups of its own. */
export function cgroupOfInit(kernel: Kernel, record: StateRecord, proc: Procfs): CgroupRecord | undefined {
  const [place] = record.cgroup?.places ?? [];
  const line = (readProc(kernel, proc, `${record.pid}/cgroup`) ?? "")
    .split("\n")
    .find((entry) => entry.startsWith("0::"));
  const path = line?.slice("0::/".length);
  if (place === undefined || path === undefined || !`${path}/`.startsWith(`${place.path}/`)) return undefined;
  return { version: 2, places: [{ ...place, path }] };
}
