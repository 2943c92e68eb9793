/** Flags that runc, crun and Podman send beside the common ones; checkpoint and restore as far as they are there. */
import { existsSync, readFileSync } from "node:fs";
import { created, fails, onHosts, prints, removed, started } from "../support/life.ts";
import { folder, until } from "../support/sandbox.ts";

onHosts("flags: cgroup managers, as crun's", (t, box) => {
  const id = box.id();
  const bundle = box.bundle(["sleep", "1000"]);
  const own = readFileSync("/proc/self/cgroup", "utf8");
  const global = ["--cgroup-manager", "disabled"];
  prints(t, box.run(["run", "--detach", "--bundle", bundle, id], { global }));
  t.equal(readFileSync(`/proc/${box.pid(id)}/cgroup`, "utf8"), own, "it is where its caller is");
  t.equal(prints(t, box.run(["ps", "--format", "json", id])), "null\n", "there is no group to list");
  fails(t, box.run(["pause", id]), `pause "${id}": the container has no cgroup, want one with a freezer`);
  prints(t, box.run(["kill", id, "KILL"], { global }));
  until(() => box.status(id) === "stopped", "stopped");
  removed(t, box, id);
  const limited = box.bundle(["true"], (config) => {
    config.linux.resources = { ...config.linux.resources, pids: { limit: 5 } };
  });
  fails(
    t,
    box.run(["create", "--bundle", limited, box.id()], { global }),
    /^create "[^"]+": found a limit and --cgroup-manager disabled, want only one of the two; config\.json#\/linux\/resources\/pids\/limit$/m,
  );
  const named = box.id();
  prints(t, box.run(["run", "-d", "--bundle", bundle, named], { global: ["--cgroup-manager=cgroupfs"] }));
  t.not(readFileSync(`/proc/${box.pid(named)}/cgroup`, "utf8"), own);
  removed(t, box, named);
});

onHosts("flags: what is known and cannot be done is refused with its name", (t, box) => {
  const systemd = "the systemd driver is missing in this version";
  const cases: [string[], string[], string][] = [
    [
      ["--systemd-cgroup"],
      ["list"],
      `read command line: found --systemd-cgroup, want the cgroupfs driver: ${systemd}; --systemd-cgroup`,
    ],
    [
      ["--cgroup-manager", "systemd"],
      ["list"],
      `read command line: found systemd, want cgroupfs or disabled: ${systemd}; --cgroup-manager`,
    ],
    [["--cgroup-manager", "x"], ["list"], 'read command line: found "x", want cgroupfs or disabled; --cgroup-manager'],
    [["--log-level", "loud"], ["list"], 'read command line: found "loud", want error, warning or debug; --log-level'],
  ];
  for (const [global, words, line] of cases) fails(t, box.run(words, { global }), line);
  folder(box.state);
  prints(
    t,
    box.run(["list"], {
      global: ["--log-level=warning", "-rootless=auto", "-cgroup-manager", "cgroupfs", "--criu", "criu"],
    }),
  );
});

onHosts("flags: checkpoint and restore answer what Podman asks, and refuse", (t, box) => {
  t.match(prints(t, box.run(["checkpoint", "--help"])), /--leave-running/);
  const probe = box.run(["restore", "--lsm-mount-context"]);
  t.equal(probe.status, 1);
  t.match(probe.stdout + probe.stderr, /flag needs an argument/, "support for pods");
  const id = started(t, box);
  const said = /(?:^|; and )this version does not save and restore containers yet$/;
  const line = (text: string) => text.trimEnd().split(": ").slice(1).join(": ");
  const dumped = box.run(["checkpoint", "--image-path", "/tmp/x", id]);
  t.match(line(dumped.stderr), said);
  t.equal(dumped.status, 1);
  t.equal(box.status(id), "running", "untouched");
  t.match(line(box.run(["restore", "--bundle", "/x", "-no-subreaper", box.id()]).stderr), said);
  t.equal(existsSync("/tmp/x/dump.log"), false);
  const waiting = created(t, box, ["true"]);
  fails(
    t,
    box.run(["checkpoint", waiting]),
    `checkpoint "${waiting}": found it created, want a running or paused container`,
  );
  fails(t, box.run(["checkpoint", "none"]), 'checkpoint "none": container does not exist');
  removed(t, box, id);
  removed(t, box, waiting);
});

onHosts("flags: list shows each state", (t, box) => {
  const waiting = created(t, box, ["true"]);
  const [running, paused, stopped] = [started(t, box), started(t, box), started(t, box)];
  prints(t, box.run(["pause", paused]));
  prints(t, box.run(["kill", stopped, "KILL"]));
  until(() => box.status(stopped) === "stopped", "stopped");
  const listed = JSON.parse(prints(t, box.run(["list", "--format", "json"]))) as {
    id: string;
    status: string;
    pid: number;
  }[];
  const words = Object.fromEntries(listed.map(({ id, status }) => [id, status]));
  t.strictSame(words, { [waiting]: "created", [running]: "running", [paused]: "paused", [stopped]: "stopped" });
  t.equal(listed.find(({ id }) => id === stopped)?.pid, 0);
  prints(t, box.run(["kill", "--all", paused, "KILL"]));
  until(() => box.status(paused) === "stopped", "a paused one is killed too");
  for (const id of [waiting, running, paused, stopped]) removed(t, box, id);
});
