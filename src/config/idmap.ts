/**
 * Maps of ids: their lines, and which of them a mount gets (runtime-spec config.md#posix-platform-mounts, uidMappings; options idmap, ridmap).
 * As in runc the maps of the mount count first, then those of the container's user namespace. crun's text in the option is understood too:
 * `idmap=uids=FROM-TO-SIZE#FROM-TO-SIZE;gids=@FROM-TO-SIZE`, where FROM is on the disk, TO on the host, and with @ in the container (crun(1)).
 */
import { refuse, show } from "./rules-report.ts";
import type { IdMapping, Linux, Mount } from "./types.ts";

/** What an idmapped mount shows. */
export interface IdmapPlan {
  /** The mounts below it too. */
  recursive: boolean;
  /** Text of uid_map and gid_map; undefined: those of the user namespace that the container joins. */
  maps: { uids: string; gids: string } | undefined;
}

/** Most lines of uid_map (user_namespaces(7), since Linux 4.15). */
const MAX_MAP_LINES = 340;

/**
 * Refuses too many lines, and any that is empty or reaches the id that means "none".
 *
 * @param sizeAt pointer of a line's size.
 */
export function checkMappings(
  mappings: readonly IdMapping[],
  pointer: string,
  sizeAt = (index: number): string => `${pointer}/${index}/size`,
): void {
  if (mappings.length > MAX_MAP_LINES) refuse(pointer, `${mappings.length} lines`, `at most ${MAX_MAP_LINES}`);
  mappings.forEach(({ containerID, hostID, size }, index) => {
    if (size === 0) refuse(sizeAt(index), "0", "at least 1");
    // The last id of all, 4294967295, means "none".
    if (containerID + size > 0xffffffff || hostID + size > 0xffffffff) {
      refuse(sizeAt(index), String(size), "a range that ends at 4294967294 or before");
    }
  });
}

/** The text of uid_map or gid_map. */
export function mapText(mappings: readonly IdMapping[]): string {
  return mappings.map((map) => `${map.containerID} ${map.hostID} ${map.size}\n`).join("");
}

/** Whether a mount option asks for an idmapped mount; it is none that mount(2) knows. */
export function isIdmapOption(option: string): boolean {
  const name = option.startsWith("r") ? option.slice(1) : option;
  return name === "idmap" || name.startsWith("idmap=");
}

/**
 * The ids of a mount; undefined: as they are on the disk. Throws what config.json has wrong about it.
 *
 * @param pointer of the mount: `/mounts/3`.
 */
export function planIdmap(mount: Mount, linux: Linux, pointer: string): IdmapPlan | undefined {
  const { options = [], uidMappings = [], gidMappings = [] } = mount;
  let at = -1;
  for (let index = 0; index < options.length; index++) if (isIdmapOption(options[index] ?? "")) at = index;
  const option = options[at];
  const own = uidMappings.length > 0 || gidMappings.length > 0;
  if (option === undefined && !own) return undefined;
  const where = own ? `${pointer}/uidMappings` : `${pointer}/options/${at}`;
  if (!options.includes("bind") && !options.includes("rbind")) {
    refuse(where, own ? "mappings without bind" : `${show(option)} without bind`, "the option bind or rbind");
  }
  const recursive = option?.startsWith("r") ?? false;
  const text = option === undefined || !option.includes("=") ? undefined : option.slice(option.indexOf("=") + 1);
  if (own) {
    if (text !== undefined) refuse(`${pointer}/options/${at}`, `${show(option)} beside uidMappings`, "one of the two");
    checkMappings(uidMappings, `${pointer}/uidMappings`);
    checkMappings(gidMappings, `${pointer}/gidMappings`);
    return { recursive, maps: { uids: mapText(uidMappings), gids: mapText(gidMappings) } };
  }
  if (text !== undefined) return { recursive, maps: readMaps(text, linux, where) };
  const user = (linux.namespaces ?? []).find((entry) => entry.type === "user");
  if (user === undefined) {
    refuse(where, `${show(option)} without mappings`, "uidMappings and gidMappings in the mount, or a user namespace");
  }
  if ((user.path ?? "") !== "") return { recursive, maps: undefined };
  const { uidMappings: uids = [], gidMappings: gids = [] } = linux;
  return { recursive, maps: { uids: mapText(uids), gids: mapText(gids) } };
}

const FORM = "idmap=uids=FROM-TO-SIZE#…;gids=FROM-TO-SIZE#…";

/** crun's text. Both parts are wanted: the kernel takes no user namespace that lacks one of its maps. */
function readMaps(text: string, linux: Linux, where: string): { uids: string; gids: string } {
  const maps = { uids: "", gids: "" };
  for (const part of text.split(";")) {
    const name = part.slice(0, 4);
    if ((name !== "uids" && name !== "gids") || part[4] !== "=" || maps[name] !== "") {
      return refuse(where, show(part), FORM);
    }
    const container = (name === "uids" ? linux.uidMappings : linux.gidMappings) ?? [];
    const mappings = part
      .slice(5)
      .split("#")
      .map((range) => readRange(range, container, where));
    checkMappings(mappings, where, () => where);
    maps[name] = mapText(mappings);
  }
  if (maps.uids === "" || maps.gids === "") refuse(where, show(text), FORM);
  return maps;
}

function readRange(range: string, container: readonly IdMapping[], where: string): IdMapping {
  const found = /^(@?)([0-9]{1,10})-([0-9]{1,10})-([0-9]{1,10})$/.exec(range);
  if (found === null) return refuse(where, show(range), FORM);
  const [containerID = 0, to = 0, size = 0] = found.slice(2).map(Number);
  if (found[1] === "") return { containerID, hostID: to, size };
  const map = container.find((entry) => to >= entry.containerID && to < entry.containerID + entry.size);
  if (map === undefined) return refuse(where, show(range), `an id that linux.uidMappings and gidMappings map`);
  return { containerID, hostID: to + map.hostID - map.containerID, size };
}
