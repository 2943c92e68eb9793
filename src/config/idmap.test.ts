/** Which ids a mount gets, and what of it is refused (test/errors/bad-config.ts has the lines of config.json). */
import t from "tap";
import { planIdmap } from "./idmap.ts";
import type { Linux, Mount } from "./types.ts";

const map = (containerID: number, hostID: number, size: number) => [{ containerID, hostID, size }];
const bind = (options: string[], more: Partial<Mount> = {}): Mount => ({
  destination: "/x",
  source: "/y",
  options: ["bind", ...options],
  ...more,
});
const USER: Linux = {
  namespaces: [{ type: "user" }],
  uidMappings: [...map(0, 100, 1), ...map(1, 200, 10)],
  gidMappings: map(0, 300, 10),
};

t.test("the maps of the mount, then those of the container, then crun's text", (t) => {
  const plan = (mount: Mount, linux: Linux = {}) => planIdmap(mount, linux, "/mounts/0");
  t.equal(plan(bind(["ro"])), undefined);
  const own = { uidMappings: map(1, 2, 3), gidMappings: map(4, 5, 6) };
  const maps = { uids: "1 2 3\n", gids: "4 5 6\n" };
  t.strictSame(plan(bind([], own)), { recursive: false, maps }, "maps are enough");
  t.strictSame(plan(bind(["idmap", "ridmap"], own), USER), { recursive: true, maps }, "the last option counts");
  const container = { uids: "0 100 1\n1 200 10\n", gids: "0 300 10\n" };
  t.strictSame(plan(bind(["idmap"]), USER), { recursive: false, maps: container });
  const joined: Linux = { ...USER, namespaces: [{ type: "user", path: "/proc/1/ns/user" }] };
  t.strictSame(plan(bind(["ridmap"]), joined), { recursive: true, maps: undefined }, "a joined one has its own");
  const text = plan(bind(["idmap=gids=0-7-1;uids=@10-5-2#20-9-1"]), USER);
  // 5 of the container is 204 of the host (crun(1)).
  t.strictSame(text, { recursive: false, maps: { uids: "10 204 2\n20 9 1\n", gids: "0 7 1\n" } });
  t.throws(() => plan(bind(["idmap"])), { message: /without mappings/ });
  t.throws(() => plan({ ...bind(["idmap"]), options: ["idmap"] }, USER), { message: /without bind/ });
  t.end();
});
