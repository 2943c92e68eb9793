/** A caller who is not root: what he may not do is said in one line, and nothing is left. */
import { spawnSync } from "node:child_process";
import { chmodSync, chownSync, copyFileSync, mkdirSync, readdirSync } from "node:fs";
import { join } from "node:path";
import t from "tap";
import { withUserNamespace } from "../support/life.ts";
import { ENGINE, Sandbox } from "../support/sandbox.ts";

const NOBODY = 65_534;

t.test("who may make no cgroup is told whose they are", (t) => {
  const box = new Sandbox(ENGINE);
  // The checkout may lie where another user cannot read.
  const program = join(box.folder, "ts-runc");
  copyFileSync(ENGINE.command[0] ?? "", program);
  const bundle = box.bundle(["true"], withUserNamespace);
  const root = join(box.folder, "root-of-nobody");
  mkdirSync(root);
  for (const path of [box.folder, bundle, program]) chmodSync(path, 0o755);
  chownSync(root, NOBODY, NOBODY);
  chmodSync(root, 0o700);
  const { status, stdout, stderr } = spawnSync(program, ["--root", root, "run", "--bundle", bundle, box.id()], {
    encoding: "utf8",
    uid: NOBODY,
    gid: NOBODY,
    timeout: 20_000,
  });
  t.strictSame([status, stdout], [1, ""]);
  t.match(
    stderr,
    /^create cgroup: E[A-Z]+: found one of \d+:\d+ above it, we are 65534, want one that we may write; \/[^\n]*; hint: containers are made by root \[cgroup mkdirat[^\n]*\]\n$/,
  );
  t.strictSame(readdirSync(root), []);
  t.strictSame(box.close(), []);
  t.end();
});
