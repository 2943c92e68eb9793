/** Paths as text: pure, nothing is looked up. */

/** Joins and cleans: `join("/a", "b/../c")` is `/a/c`. `..` above an absolute root stays at the root. */
export function join(...parts: string[]): string {
  return clean(parts.filter((part) => part !== "").join("/"));
}

/** Cleans a path lexically: no empty, `.` or (where a parent is known) `..` components, no slash at the end. */
export function clean(path: string): string {
  const absolute = path.startsWith("/");
  // Nearly all are clean, which three native searches tell sooner than taking them apart.
  if (absolute && !path.includes("//") && !path.includes("/.") && (path.length === 1 || !path.endsWith("/")))
    return path;
  const kept: string[] = [];
  for (const part of path.split("/")) {
    if (part === "" || part === ".") continue;
    if (part === ".." && kept.length > 0 && kept[kept.length - 1] !== "..") kept.pop();
    else if (part !== ".." || !absolute) kept.push(part);
  }
  const text = kept.join("/");
  return absolute ? `/${text}` : text === "" ? "." : text;
}

/** Makes `path` absolute, seen from `directory`. */
export function absolute(path: string, directory: string): string {
  return path.startsWith("/") ? clean(path) : join(directory, path);
}

/** The path without its last component. */
export function dirname(path: string): string {
  const at = path.lastIndexOf("/");
  return at < 0 ? "." : at === 0 ? "/" : path.slice(0, at);
}

/** The last component. */
export function basename(path: string): string {
  return path.slice(path.lastIndexOf("/") + 1);
}
