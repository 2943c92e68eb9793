/** The mount calls, for real, in a mount namespace of this thread. */
import fs from "node:fs";
import { join } from "node:path";
import t from "tap";
import { errnoOf, inFolder, kernel } from "../../test/support/kernel.ts";
import { AT_CWD, type Fd } from "./call.ts";
import {
  CLONE_NEWNS,
  MOUNT_ATTR_NODEV,
  MOUNT_ATTR_NOEXEC,
  MOUNT_ATTR_RDONLY,
  MS_PRIVATE,
  MS_REC,
  MS_SHARED,
  O_DIRECTORY,
  O_PATH,
} from "./constants.ts";
import { close, openAt, stat } from "./file.ts";
import * as mount from "./mount.ts";
import { unshare } from "./namespace.ts";

const lineOf = (path: string) =>
  fs
    .readFileSync("/proc/thread-self/mountinfo", "utf8")
    .split("\n")
    .filter((line) => line.split(" ")[4] === path)
    .at(-1) ?? "";

if (process.geteuid?.() !== 0) t.test("mounts", { skip: "want root" }, () => undefined);
else {
  unshare(kernel, CLONE_NEWNS);
  mount.mount(kernel, "", "/", "", MS_REC | MS_PRIVATE, "");

  const tmpfs = (options: [string, string | undefined][] = [], attributes = 0): Fd => {
    const context = mount.fsOpen(kernel, "tmpfs");
    for (const [name, value] of options) mount.fsSet(kernel, context, name, value);
    mount.fsCreate(kernel, context);
    const tree = mount.fsMount(kernel, context, attributes);
    close(kernel, context);
    return tree;
  };
  const attachTo = (tree: Fd, path: string) => {
    const target = openAt(kernel, AT_CWD, path, O_PATH | O_DIRECTORY);
    mount.attach(kernel, tree, target);
    close(kernel, target);
  };

  t.test("a new file system, cloned, changed, moved, shared and gone", (t) => {
    inFolder((folder) => {
      const [a, b, c] = ["a", "b", "c"].map((name) => join(folder, name)) as [string, string, string];
      for (const path of [a, b, c]) fs.mkdirSync(path);
      const tree = tmpfs(
        [
          ["size", "64k"],
          ["mode", "0751"],
        ],
        MOUNT_ATTR_NODEV | MOUNT_ATTR_NOEXEC,
      );
      t.equal(stat(kernel, tree).mode & 0o7777, 0o751);
      attachTo(tree, a);
      t.match(lineOf(a), /rw,nodev,noexec,relatime.* - tmpfs .*size=64k,mode=751/);
      fs.mkdirSync(join(a, "inner"));
      attachTo(tmpfs(), join(a, "inner"));
      fs.writeFileSync(join(a, "inner/file"), "x");

      attachTo(mount.cloneTree(kernel, AT_CWD, a, false), b);
      t.strictSame(fs.readdirSync(join(b, "inner")), [], "the mount below was not taken along");
      mount.unmountDetach(kernel, b);
      const copy = mount.cloneTree(kernel, tree, "", true);
      mount.setAttributes(kernel, copy, { set: MOUNT_ATTR_RDONLY, clear: MOUNT_ATTR_NOEXEC }, true);
      mount.attachAtPath(kernel, copy, b);
      t.strictSame(fs.readdirSync(join(b, "inner")), ["file"]);
      for (const path of [b, join(b, "inner")]) t.match(lineOf(path), / ro,/, path);
      t.notMatch(lineOf(b), /noexec/);
      t.match(lineOf(a), / rw,nodev,noexec/, "the original stays as it was");
      t.throws(() => fs.writeFileSync(join(b, "inner/file"), "y"), { code: "EROFS" });

      mount.moveMount(kernel, b, c);
      t.strictSame([lineOf(b), lineOf(join(c, "inner")) !== ""], ["", true]);
      mount.setAttributes(kernel, copy, { propagation: MS_SHARED }, false);
      t.match(lineOf(c), /shared:/);
      t.notMatch(lineOf(join(c, "inner")), /shared:/, "not below");
      for (const path of [c, a]) mount.unmountDetach(kernel, path);
      t.strictSame([lineOf(a), lineOf(c)], ["", ""]);
      for (const fd of [tree, copy]) close(kernel, fd);
    });
    t.end();
  });

  t.test("what the kernel refuses, in its own words", (t) => {
    t.equal(
      errnoOf(() => mount.fsOpen(kernel, "nosuchfs")),
      "ENODEV",
    );
    const context = mount.fsOpen(kernel, "tmpfs");
    t.equal(mount.fsMessage(kernel, context), "");
    t.equal(
      errnoOf(() => mount.fsSet(kernel, context, "nosuch", "1")),
      "EINVAL",
    );
    t.equal(mount.fsMessage(kernel, context), "tmpfs: Unknown parameter 'nosuch'");
    t.equal(
      errnoOf(() => mount.fsMount(kernel, context, 0)),
      "EINVAL",
      "before it is created",
    );
    close(kernel, context);
    t.equal(
      errnoOf(() => mount.mount(kernel, "x", "/nowhere", "tmpfs", 0, "")),
      "ENOENT",
    );
    t.equal(
      errnoOf(() => mount.unmountDetach(kernel, "/usr")),
      "EINVAL",
    );
    t.end();
  });
}
