/** The life cycle as the spec words it, on both hosts (runtime-spec runtime.md#lifecycle). */
import t from "tap";
import { exits } from "../support/life.ts";
import { HOSTS, Sandbox, until } from "../support/sandbox.ts";

for (const host of HOSTS) {
  t.test(`${host.name}: create, state, start, kill, delete`, (t) => {
    const box = new Sandbox(host);
    const id = box.id();
    const bundle = box.bundle(["sleep", "100"]);
    exits(t, box.run(["create", "--bundle", bundle, id]), 0);
    t.equal(box.status(id), "created");
    exits(t, box.run(["start", id]), 0);
    t.equal(box.status(id), "running");
    t.match(box.run(["delete", id]), { status: 1, stderr: /that is not stopped: running/ });
    exits(t, box.run(["kill", id, "KILL"]), 0);
    until(() => box.status(id) === "stopped", "stopped after KILL");
    t.match(box.run(["kill", id, "KILL"]), { status: 1, stderr: /container not running/ });
    exits(t, box.run(["delete", id]), 0);
    t.match(box.run(["state", id]), { status: 1, stderr: /container does not exist/ });
    t.strictSame(box.close(), []);
    t.end();
  });

  t.test(`${host.name}: run returns what the process prints, and its status`, (t) => {
    const box = new Sandbox(host);
    t.strictSame(box.once(["sh", "-c", "echo out; echo err >&2; exit 7"]), {
      status: 7,
      stdout: "out\n",
      stderr: "err\n",
    });
    t.strictSame(box.close(), []);
    t.end();
  });
}
