/** Flags that runc, crun and Podman send beside the common ones; checkpoint and restore as far as they are there. */
import { existsSync, mkdirSync, readFileSync, renameSync, rmSync } from "node:fs";
import { basename, join } from "node:path";
import { created, exits, fails, onHosts, prints, removed, started } from "../support/life.ts";
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

onHosts("flags: --config of create and run, as crun's", (t, box) => {
  const bundle = box.bundle(["echo", "another config"]);
  const file = join(box.folder, "other.json");
  renameSync(join(bundle, "config.json"), file);
  const says = ["--config", file, "--bundle", bundle];
  t.equal(prints(t, box.run(["run", ...says, box.id()])), "another config\n");
  // Relative to the caller's folder, not to the bundle.
  t.equal(prints(t, box.run(["run", "-f", basename(file), "-b", bundle, box.id()])), "another config\n");
  const id = box.id();
  prints(t, box.run(["create", ...says, id]));
  t.equal((JSON.parse(box.run(["state", id]).stdout) as { bundle: string }).bundle, bundle);
  rmSync(file);
  prints(t, box.run(["start", id]), "what was read at create holds");
  removed(t, box, id);
  fails(
    t,
    box.run(["create", ...says, box.id()]),
    /ENOENT: want a file that may be read; --config \/.*other\.json \[config /,
  );
  mkdirSync(file);
  fails(t, box.run(["create", ...says, box.id()]), /found no regular file, want one; \/.*other\.json$/m);
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

onHosts("flags: checkpoint and restore answer what Podman asks, and refuse in one line", (t, box) => {
  t.match(prints(t, box.run(["checkpoint", "--help"])), /--leave-running/);
  const probe = box.run(["restore", "--lsm-mount-context"]);
  exits(t, probe, 1);
  t.match(probe.stdout + probe.stderr, /flag needs an argument/, "support for pods");
  const id = started(t, box);
  const images = `${box.state}-images`;
  for (const [flags, said] of [
    [["--lazy-pages"], "found --lazy-pages, want it absent: this version passes no memory pages over a connection"],
    [["--manage-cgroups-mode", "some"], 'found "some", want soft, full, strict, ignore; --manage-cgroups-mode'],
    [["--empty-ns", "pid"], 'found "pid", want network; --empty-ns'],
  ] as const) {
    const refused = box.run(["checkpoint", ...flags, "--image-path", images, id]);
    exits(t, refused, 1);
    t.ok(refused.stderr.includes(said), `${flags.join(" ")}: ${refused.stderr}`);
    t.equal(refused.stderr.trimEnd().split("\n").length, 1);
  }
  t.equal(box.status(id), "running", "untouched");
  t.equal(existsSync(images), false);
  // What criu does is tested where it can work: conformance/vm/guest/criu.sh.
  const restored = box.run(["restore", "--bundle", "/x", "-no-subreaper", "--image-path", images, box.id()]);
  exits(t, restored, 1);
  t.match(restored.stderr, /^restore "[^"]+": (criu is not installed|found no inventory\.img), want [^\n]+\n$/);
  const waiting = created(t, box, ["true"]);
  fails(
    t,
    box.run(["checkpoint", "--image-path", images, waiting]),
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
