/** NOTIFY_SOCKET: a service manager learns when the container is ready, and its socket stays outside (SECURITY input.5). */
import { type ChildProcess, spawn } from "node:child_process";
import { copyFileSync, openSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { compiled } from "../support/compile.ts";
import { fails, onHosts, prints, type Test } from "../support/life.ts";
import { folder, type Sandbox, until } from "../support/sandbox.ts";

const INSIDE = "NOTIFY_SOCKET=/run/notify/notify.sock";

/** A service manager that listens. `heard` is what it was told, one line for each datagram. */
interface Manager {
  socket: string;
  env: Record<string, string>;
  heard(): string[];
}

function manager(t: Test, box: Sandbox, socket = join(box.folder, "manager.sock"), cwd = box.folder): Manager {
  const output = join(box.folder, "heard");
  const child: ChildProcess = spawn(compiled("notify"), ["listen", socket], {
    stdio: ["ignore", openSync(output, "w"), "inherit"],
    cwd,
  });
  t.teardown(() => child.kill("SIGKILL"));
  const lines = () => readFileSync(output, "utf8").split("\n").slice(0, -1);
  until(() => lines().length > 0, "the manager listens");
  return { socket, env: { NOTIFY_SOCKET: socket }, heard: () => lines().slice(1) };
}

/** A bundle whose process can send words to the manager; `setting` is put before the script. */
function service(box: Sandbox, script: string, user?: number): string {
  const bundle = box.bundle(["sh", "-c", script], (config) => {
    if (user !== undefined) config.process.user = { uid: user, gid: user };
    config.process.env = ["PATH=/bin"];
  });
  copyFileSync(compiled("notify"), join(bundle, "rootfs/bin/notify"));
  return bundle;
}

const READY = "env; notify send 'STATUS=loading' 'STATUS=up\nREADY=1\nMAINPID=1\nFDSTORE=1'; sleep 1000";

for (const kind of ["path", "abstract"])
  onHosts(`notify: start waits for readiness and hands it on: ${kind}`, (t, box) => {
    const outside = manager(t, box, kind === "path" ? undefined : `@ts-runc-test-${process.pid}-${box.host.name}`);
    const id = box.id();
    const bundle = service(box, READY, 1000);
    prints(t, box.run(["create", "--bundle", bundle, id], outside), "create");
    t.strictSame(outside.heard(), [], "create says nothing");
    prints(t, box.run(["start", id], outside), "start");
    // Only what stands for readiness is handed on, and our pid for it, not the container's word.
    t.strictSame(outside.heard(), ["READY=1 ", `MAINPID=${box.pid(id)} `, "BARRIER=1+fd"]);
    const seen = prints(t, box.run(["exec", id, "env"]), "exec");
    t.notMatch(seen, /NOTIFY_SOCKET/, "the manager waits for the first process only");
    fails(t, box.run(["exec", "--user", "0", id, "sh", "-c", "echo > /run/notify/x"]), /Read-only file system/);
    prints(t, box.run(["delete", "--force", id]), "delete");
  });

onHosts("notify: a manager below a long path, whose name begins as an abstract one does", (t, box) => {
  const deep = folder(box.folder, "x".repeat(120));
  const outside = manager(t, box, "./@manager.sock", deep);
  const id = box.id();
  const env = { NOTIFY_SOCKET: join(deep, "@manager.sock") };
  prints(t, box.run(["run", "-d", "--bundle", service(box, READY), id], { env }), "run -d");
  t.equal(outside.heard()[0], "READY=1 ");
  prints(t, box.run(["delete", "--force", id]));
});

onHosts("notify: run", async (t, box) => {
  const outside = manager(t, box);
  const detached = box.id();
  prints(t, box.run(["run", "-d", "--bundle", service(box, READY), detached], outside), "run -d");
  t.strictSame(outside.heard(), ["READY=1 ", `MAINPID=${box.pid(detached)} `, "BARRIER=1+fd"]);
  prints(t, box.run(["delete", "--force", detached]));
  // In the foreground it is the runtime that the manager watches.
  const id = box.id();
  const bundle = service(box, "env; notify send READY=1; while [ ! -e /stop ]; do sleep 0.02; done; exit 3");
  const [program = "", ...rest] = box.host.command;
  const output = join(box.folder, "output");
  const child = spawn(program, [...rest, "--root", box.state, "run", "--bundle", bundle, id], {
    stdio: ["ignore", openSync(output, "w"), "inherit"],
    env: { ...process.env, ...outside.env },
  });
  const ended = new Promise((resolve) => child.on("close", resolve));
  until(() => outside.heard().length >= 5, "the container is ready", 10_000);
  t.strictSame(outside.heard().slice(3), ["READY=1 ", "BARRIER=1+fd"]);
  copyFileSync(join(bundle, "config.json"), join(bundle, "rootfs/stop"));
  t.equal(await ended, 3);
  const inside = readFileSync(output, "utf8").split("\n");
  t.ok(inside.includes(INSIDE), "the container is told where to speak");
  t.notMatch(inside.join("\n"), new RegExp(outside.socket), "and not where the manager listens");
});

onHosts("notify: a process that ends before it is ready keeps nobody waiting", (t, box) => {
  const outside = manager(t, box);
  const id = box.id();
  prints(t, box.run(["create", "--bundle", service(box, "notify send STATUS=no; exit 4"), id], outside), "create");
  prints(t, box.run(["start", id], outside), "start");
  t.strictSame(outside.heard(), []);
  t.equal(box.status(id), "stopped");
  prints(t, box.run(["delete", id]), "delete");
});

onHosts("notify: what is no socket", (t, box) => {
  const plain = box.bundle(["env"], (config) => {
    config.process.env = ["PATH=/bin"];
  });
  for (const value of ["", "relative.sock", "/", "@", "x\n/run/y"]) {
    const outcome = box.run(["run", "--bundle", plain, box.id()], { env: { NOTIFY_SOCKET: value } });
    t.notMatch(prints(t, outcome, JSON.stringify(value)), /NOTIFY/, JSON.stringify(value));
  }
  const nobody = join(box.folder, "nobody.sock");
  for (const [value, why] of [
    [nobody, "ENOENT"],
    [`/${"x".repeat(5000)}`, "EINVAL"],
    [`@${"x".repeat(5000)}`, "EINVAL"],
  ] as const) {
    const id = box.id();
    const env = { NOTIFY_SOCKET: value };
    fails(t, box.run(["run", "--bundle", plain, id], { env }), new RegExp(`service manager.*${why}`));
    t.equal(box.status(id), "missing", "run gives everything back");
    prints(t, box.run(["create", "--bundle", plain, id], { env }), "create");
    fails(t, box.run(["start", id], { env }), new RegExp(`service manager.*${why}`));
    t.equal(box.status(id), "created", "its process has not begun");
    prints(t, box.run(["start", id]), "a start that nobody waits for");
    prints(t, box.run(["delete", "--force", id]), "delete");
  }
});
