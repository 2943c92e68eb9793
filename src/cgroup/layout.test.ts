/** Hierarchies from the texts of several machines, and where a container goes in them. */
import t from "tap";
import { parseLayout } from "./layout.ts";
import { placeCgroup, placeOf } from "./path.ts";

const V2 = "30 23 0:26 / /sys/fs/cgroup rw,nosuid,nodev,noexec,relatime shared:4 - cgroup2 cgroup2 rw,nsdelegate";
const V1 = `25 20 0:22 / /sys/fs/cgroup ro,nosuid - tmpfs tmpfs ro,mode=755
28 25 0:25 / /sys/fs/cgroup/systemd rw,nosuid shared:9 - cgroup cgroup rw,xattr,name=systemd
29 25 0:26 / /sys/fs/cgroup/cpu,cpuacct rw,nosuid shared:10 - cgroup cgroup rw,cpu,cpuacct
31 25 0:27 /box /sys/fs/cgroup/memory rw,nosuid - cgroup cgroup rw,memory
32 25 0:28 / /sys/fs/cgroup/freezer rw - cgroup cgroup rw,clone_children,release_agent=/x,freezer`;
const V1_OWN = "12:freezer:/\n11:memory:/box/inner\n4:cpu,cpuacct:/user.slice\n1:name=systemd:/init.scope\n0::/";

t.test("the unified hierarchy alone is version 2", (t) => {
  t.strictSame(parseLayout(`22 1 0:21 / / rw - ext4 /dev/vda rw\n${V2}\n`, "0::/user.slice/a.scope\n"), {
    version: 2,
    hierarchies: [{ controllers: [], mountPoint: "/sys/fs/cgroup", mountRoot: "/", own: "/user.slice/a.scope" }],
  });
  t.end();
});

t.test("version 1: controllers by mount options, our place in each; options are no controllers", (t) => {
  const layout = parseLayout(V1, V1_OWN);
  t.equal(layout.version, 1);
  t.strictSame(
    layout.hierarchies.map((entry) => [entry.controllers.join(), entry.mountRoot, entry.own]),
    [
      ["name=systemd", "/", "/init.scope"],
      ["cpu,cpuacct", "/", "/user.slice"],
      ["memory", "/box", "/box/inner"],
      ["freezer", "/", "/"],
    ],
  );
  t.end();
});

t.test("hybrid is version 1, with the unified hierarchy beside", (t) => {
  const unified = V2.replace("/sys/fs/cgroup", "/sys/fs/cgroup/unified");
  const layout = parseLayout(`${V1}\n${unified}`, V1_OWN);
  t.equal(layout.version, 1);
  t.match(layout.hierarchies.at(-1), { controllers: [], mountPoint: "/sys/fs/cgroup/unified", own: "/" });
  t.end();
});

t.test("the first mount of a hierarchy counts, and one that we are not in does not", (t) => {
  const twice = `${V1}\n40 1 0:27 / /elsewhere rw - cgroup cgroup rw,memory`;
  t.equal(parseLayout(twice, V1_OWN).hierarchies.length, 4);
  const without = parseLayout(V1, "4:cpu,cpuacct:/\n");
  t.strictSame(
    without.hierarchies.map((entry) => entry.controllers.join()),
    ["cpu,cpuacct"],
  );
  t.end();
});

t.test("escaped mount points, many optional fields, no line end", (t) => {
  const line =
    "30 23 0:26 /a\\134b /mnt/with\\040space\\011tab\\012line rw shared:4 master:1 unbindable - cgroup2 c rw";
  t.match(parseLayout(line, "0::/a\\b/c").hierarchies[0], {
    mountPoint: "/mnt/with space\ttab\nline",
    mountRoot: "/a\\b",
    own: "/a\\b/c",
  });
  t.end();
});

t.test("a path may hold colons; no cgroups at all is an error", (t) => {
  t.equal(parseLayout(V2, "0::/a:b:c\n").hierarchies[0]?.own, "/a:b:c");
  t.throws(() => parseLayout("22 1 0:21 / / rw - ext4 /dev/vda rw", "0::/"), /found no cgroup mount, want cgroup2/);
  t.throws(() => parseLayout("", ""), /found no cgroup mount/);
  t.end();
});

const v2At = (own: string, root = "/") => parseLayout(V2.replace(" / ", ` ${root} `), `0::${own}`);
const paths = (layout: ReturnType<typeof parseLayout>, path: string | undefined) =>
  placeCgroup(layout, path, "id").places.map((place) => place.path);

t.test("placeCgroup(): absolute from the mount, relative beside us on v2 and below us on v1", (t) => {
  const v2 = v2At("/user.slice/a.scope");
  t.strictSame(paths(v2, "/pods/x"), ["pods/x"]);
  t.strictSame(paths(v2, "x/y"), ["user.slice/x/y"]);
  for (const none of [undefined, ""]) t.strictSame(paths(v2, none), ["user.slice/id"]);
  t.strictSame(paths(v2At("/"), undefined), ["id"]);
  t.strictSame(paths(v2At("/box/a", "/box"), "x"), ["x"], "as the mount shows it");
  t.strictSame(paths(v2At("/other", "/box"), "x"), ["x"], "a place that the mount does not show");
  t.strictSame(paths(v2At("/boxes/a", "/box"), "x"), ["x"], "a name that only begins alike");
  const v1 = parseLayout(V1, V1_OWN);
  t.strictSame(paths(v1, "x"), ["init.scope/x", "user.slice/x", "inner/x", "x"]);
  t.end();
});

t.test("placeCgroup(): .. stays inside, the root itself is refused, and systemd's form", (t) => {
  const v2 = v2At("/a/b");
  t.strictSame(paths(v2, "/../../x"), ["x"]);
  t.strictSame(paths(v2, "/x/../../../y/./z//"), ["y/z"]);
  t.strictSame(paths(v2, "../../x"), ["a/x"], "a relative one stays below our parent");
  t.strictSame(paths(v2At("/../../outside/a"), "x"), ["outside/x"], "our own place seen from a cgroup namespace");
  for (const path of ["/", "/..", "/a/..", "//"]) t.throws(() => paths(v2, path), /found the root of the hierarchy/);
  for (const path of ["system.slice:prefix:name", "::name"]) t.throws(() => paths(v2, path), /in systemd's form/);
  t.strictSame(paths(v2, "/a:b/c:d"), ["a:b/c:d"]);
  t.end();
});

t.test("placeOf(): one place for all on v2, the controller's on v1", (t) => {
  const v1 = placeCgroup(parseLayout(V1, V1_OWN), "/x", "id");
  t.equal(placeOf(v1, "cpuacct")?.mountPoint, "/sys/fs/cgroup/cpu,cpuacct");
  t.equal(placeOf(v1, "pids"), undefined);
  t.equal(placeOf(placeCgroup(v2At("/"), "/x", "id"), "pids")?.path, "x");
  t.end();
});
