/** config.json's cgroupsPath → one directory in each hierarchy; pure. */
import { RuntimeError } from "../shared/error.ts";
import { clean, dirname, join } from "../shared/path.ts";
import { encode } from "../shared/text.ts";

import type { CgroupLayout, Hierarchy } from "./layout.ts";

/** Longest name of a directory, bytes (NAME_MAX). */
const MAX_NAME = 255;

/** A container's directory in one hierarchy; part of state.json. */
export interface CgroupPlace {
  /** Controllers of a v1 hierarchy, empty: the unified one. */
  controllers: string[];
  mountPoint: string;
  /** Path below the mount point, without a slash at the start. */
  path: string;
  /** How many of its last components we made: only these are removed (cgroup.2). */
  made: number;
}

/** Where a container is; part of state.json, written before anything is made (state.6). */
export interface CgroupRecord {
  version: 1 | 2;
  places: CgroupPlace[];
}

/**
 * Absolute: from the mount root. Relative or empty (then the id): on v1 below our own cgroup, on v2 beside it, because a v2 cgroup with
 * processes cannot have children with controllers. `..` cannot leave the hierarchy: the path is cleaned as an absolute one (cgroup.1).
 */
export function placeCgroup(layout: CgroupLayout, cgroupsPath: string | undefined, id: string): CgroupRecord {
  const asked = cgroupsPath === undefined || cgroupsPath === "" ? id : cgroupsPath;
  if (/^[^/]*:[^/]*:[^/]*$/.test(asked)) {
    throw new RuntimeError({
      what: "place cgroup",
      problem: `found "${asked}" in systemd's form slice:prefix:name, want a path`,
      where: "config.json#/linux/cgroupsPath",
      hint: "the systemd driver is missing in this version, use the cgroupfs driver",
    });
  }
  const longest = Math.max(...asked.split("/").map((part) => encode(part).length));
  if (longest > MAX_NAME) {
    throw new RuntimeError({
      what: "place cgroup",
      problem: `found a name of ${longest} bytes, want at most ${MAX_NAME}`,
      where: "config.json#/linux/cgroupsPath",
    });
  }
  const places = layout.hierarchies.map((hierarchy): CgroupPlace => {
    const path = asked.startsWith("/") ? clean(asked) : join(parentOf(layout, hierarchy), clean(`/${asked}`));
    if (path === "/") {
      throw new RuntimeError({
        what: "place cgroup",
        problem: "found the root of the hierarchy, want a directory below it",
        where: "config.json#/linux/cgroupsPath",
      });
    }
    return { controllers: [...hierarchy.controllers], mountPoint: hierarchy.mountPoint, path: path.slice(1), made: 0 };
  });
  return { version: layout.version, places };
}

/** Our own cgroup as the mount shows it; "/" where the mount does not show it. */
function parentOf(layout: CgroupLayout, hierarchy: Hierarchy): string {
  const root = hierarchy.mountRoot === "/" ? "" : hierarchy.mountRoot;
  const own = hierarchy.own.startsWith(`${root}/`) ? hierarchy.own.slice(root.length) : "/";
  return layout.version === 2 ? dirname(own) : own;
}

/** The place of a controller (or of the only hierarchy on v2); undefined where the machine has none. */
export function placeOf(record: CgroupRecord, controller: string): CgroupPlace | undefined {
  if (record.version === 2) return record.places[0];
  return record.places.find((place) => place.controllers.includes(controller));
}
