/** Rules for mounts and for the paths that are masked or read-only. */
import { isIdmapOption, planIdmap } from "./idmap.ts";
import { type Rule, type RuleContext, refuse, show, wantAbsolute, wantOneLine, wantShortPath } from "./rules-report.ts";
import type { Config, Mount } from "./types.ts";

/** Most mounts of one config (input.1). */
const MAX_MOUNTS = 10_000;

export const MOUNT_RULES: readonly Rule[] = [
  { id: "mounts", level: "MUST", anchor: "config.md#mounts", check: checkMounts },
  { id: "masked-paths", level: "MUST", anchor: "config-linux.md#masked-paths", check: checkPaths("maskedPaths") },
  { id: "readonly-paths", level: "MUST", anchor: "config-linux.md#readonly-paths", check: checkPaths("readonlyPaths") },
  {
    id: "rootfs-propagation",
    level: "MUST",
    anchor: "config-linux.md#rootfs-mount-propagation",
    check: ({ linux }, context) => {
      if (linux?.rootfsPropagation === undefined || context.has("mount")) return;
      refuse("/linux/rootfsPropagation", "it without a mount namespace", "one in linux.namespaces");
    },
  },
];

function checkMounts({ mounts = [], linux = {} }: Config, context: RuleContext): void {
  if (mounts.length > MAX_MOUNTS) refuse("/mounts", `${mounts.length} mounts`, `at most ${MAX_MOUNTS}`);
  // They would be made on the host.
  if (mounts.length > 0 && !context.has("mount") && context.has("user")) {
    refuse("/mounts", `${mounts.length} mounts without a mount namespace`, "one in linux.namespaces");
  }
  mounts.forEach((mount, index) => {
    checkMount(mount, `/mounts/${index}`, context);
    planIdmap(mount, linux, `/mounts/${index}`);
  });
}

function checkMount(mount: Mount, pointer: string, context: RuleContext): void {
  const { destination, source, options = [], uidMappings, gidMappings } = mount;
  const at = `${pointer}/destination`;
  if (destination === "") refuse(at, '""', "an absolute path");
  wantShortPath(at, destination);
  // The names are judged here as text; where they lead to is judged again on descriptors (path.1).
  if (isRoot(destination)) refuse(at, `${show(destination)} = the root itself`, "a path below /");
  if (!destination.startsWith("/")) {
    context.warnings.push(`${show(destination)} is relative and taken from /; config.json#${at}`);
  }
  if (source !== undefined) wantShortPath(`${pointer}/source`, source);
  const bind = options.includes("bind") || options.includes("rbind");
  options.forEach((option, index) => {
    if (option.includes("\n")) wantOneLine(`${pointer}/options/${index}`, option);
    // What a file system would have to know: a bind has none, and configs give it mode=755 all the same (runc and crun hand it on, to no effect).
    if (!bind || !option.includes("=") || isIdmapOption(option)) return;
    context.warnings.push(`${show(option)} means nothing on a bind; config.json#${pointer}/options/${index}`);
  });
  const copyUp = options.indexOf("tmpcopyup");
  if (copyUp >= 0 && (mount.type !== "tmpfs" || bind || options.includes("remount"))) {
    const found = bind ? "a bind" : options.includes("remount") ? "a remount" : `type ${show(mount.type ?? "")}`;
    refuse(`${pointer}/options/${copyUp}`, `"tmpcopyup" on ${found}`, 'it with type "tmpfs" only');
  }
  if (bind && (source === undefined || source === "")) {
    refuse(`${pointer}/source`, source === undefined ? 'missing "source"' : '""', "a file or directory to bind");
  }
  const users = (uidMappings?.length ?? 0) > 0;
  const groups = (gidMappings?.length ?? 0) > 0;
  if (users !== groups) {
    refuse(`${pointer}/${users ? "gidMappings" : "uidMappings"}`, "only one of the two mappings", "both or none");
  }
}

/** Whether a destination is / once `.`, `..` and empty parts are gone. */
function isRoot(path: string): boolean {
  // Without a way up only dots and slashes lead there: the second character of most says that they do not.
  if (!path.includes("..")) {
    for (const character of path) if (character !== "/" && character !== ".") return false;
    return true;
  }
  let depth = 0;
  for (const part of path.split("/")) {
    if (part === "..") depth = Math.max(0, depth - 1);
    else if (part !== "" && part !== ".") depth++;
  }
  return depth === 0;
}

function checkPaths(name: "maskedPaths" | "readonlyPaths"): Rule["check"] {
  return ({ linux }, context) => {
    const paths = linux?.[name] ?? [];
    if (paths.length === 0) return;
    if (!context.has("mount") && context.has("user")) {
      refuse(`/linux/${name}`, `${paths.length} paths without a mount namespace`, "one in linux.namespaces");
    }
    paths.forEach((path, index) => {
      wantAbsolute(`/linux/${name}/${index}`, path);
    });
  };
}
