/** Paths as text, against Node's path.posix where both define the same. */
import { posix } from "node:path";
import t from "tap";
import { absolute, basename, clean, dirname, join } from "./path.ts";

const PATHS = [
  "",
  ".",
  "/",
  "//",
  "a",
  "/a",
  "a/",
  "/a/",
  "a/b",
  "/a//b/./c",
  "..",
  "/..",
  "../a",
  "a/..",
  "a/../..",
  "/a/../../b",
  "./a",
];

t.test("clean is path.normalize without a slash at the end", (t) => {
  for (const path of PATHS) t.equal(clean(path), posix.normalize(path).replace(/(.)\/+$/, "$1"), JSON.stringify(path));
  t.end();
});

t.test("join and absolute are path.join and path.resolve", (t) => {
  for (const base of ["/", "/x", "/x/y/"]) {
    for (const path of PATHS) {
      t.equal(join(base, path), posix.join(base, path).replace(/(.)\/+$/, "$1"), `${base} + ${path}`);
      t.equal(absolute(path, base), posix.resolve(base, path), `${path} seen from ${base}`);
    }
  }
  t.equal(join("a", "", "..", "b"), "b");
  t.end();
});

t.test("dirname and basename of clean paths", (t) => {
  for (const path of PATHS.map(clean)) {
    t.equal(dirname(path), posix.dirname(path), path);
    t.equal(basename(path), posix.basename(path), path);
  }
  t.end();
});
