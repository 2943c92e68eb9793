/** pause and resume: what stands still, what is said in the wrong state, and what the other commands do with a paused container. */
import { existsSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { created, fails, onHosts, prints, removed, started } from "../support/life.ts";
import { until } from "../support/sandbox.ts";

const wait = (ms: number) => Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, ms);

onHosts("pause: nothing runs between pause and resume", (t, box) => {
  // Its last words, when fork fails in a namespace that ends, would be taken for those of delete.
  const bundle = box.bundle([
    "sh",
    "-c",
    "exec 2>/dev/null; (while :; do echo x >> /data/log; sleep 0.005; done) & wait",
  ]);
  const log = join(bundle, "rootfs/data/log");
  const size = () => (existsSync(log) ? statSync(log).size : 0);
  const id = box.id();
  prints(t, box.run(["run", "--detach", "--bundle", bundle, id]));
  until(() => size() > 0, "it writes");
  t.equal(prints(t, box.run(["pause", id])), "");
  t.equal(box.status(id), "paused");
  const before = size();
  wait(150);
  t.equal(size(), before, "nothing is written by the child either");
  fails(t, box.run(["pause", id]), `pause "${id}": container not running: found it paused`);
  fails(t, box.run(["delete", id]), new RegExp(`cannot delete container ${id} that is not stopped: paused`));
  prints(t, box.run(["resume", id]));
  t.equal(box.status(id), "running");
  until(() => size() > before, "it writes again");
  fails(t, box.run(["resume", id]), `resume "${id}": container not paused: found it running`);
  removed(t, box, id);
});

onHosts("pause: a created container may be paused, and is not started before it is resumed", (t, box) => {
  const id = created(t, box, ["sh", "-c", "echo ran > /data/ran; exec sleep 1000"]);
  prints(t, box.run(["pause", id]));
  t.equal(box.status(id), "paused");
  fails(
    t,
    box.run(["start", id]),
    `start "${id}": cannot start a container in the paused state; hint: resume it first`,
  );
  prints(t, box.run(["resume", id]));
  t.equal(box.status(id), "created");
  prints(t, box.run(["start", id]));
  const file = join((JSON.parse(box.run(["state", id]).stdout) as { rootfs: string }).rootfs, "data/ran");
  until(() => existsSync(file) && readFileSync(file, "utf8") === "ran\n", "it ran");
  removed(t, box, id);
});

onHosts("pause: KILL and delete --force end a paused container", (t, box) => {
  const killed = started(t, box);
  prints(t, box.run(["pause", killed]));
  prints(t, box.run(["kill", killed, "KILL"]));
  until(() => box.status(killed) === "stopped", "stopped");
  for (const [command, line] of [
    ["pause", "container not running: found it stopped"],
    ["resume", "container not paused: found it stopped"],
  ] as const)
    fails(t, box.run([command, killed]), `${command} "${killed}": ${line}`);
  prints(t, box.run(["delete", killed]));
  const forced = started(t, box);
  prints(t, box.run(["pause", forced]));
  removed(t, box, forced);
});

onHosts("pause: a container that is not there", (t, box) => {
  for (const command of ["pause", "resume"])
    fails(t, box.run([command, "none"]), `${command} "none": container does not exist`);
});
