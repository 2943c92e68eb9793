/** The library as a Node program imports it: the built module, the life cycle, errors that are caught, the README's example. */
import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import process from "node:process";
import { pathToFileURL } from "node:url";
import t from "tap";
import { POLLHUP, POLLIN, SYS_ppoll } from "../../src/kernel/constants.ts";
import { exits } from "../support/life.ts";
import { NODE, Sandbox, until } from "../support/sandbox.ts";

type Library = typeof import("../../src/index.ts");
// Computed, so that the bundler leaves the built file alone.
const built = pathToFileURL(join(process.cwd(), "build/node/index.mjs")).href;
const library = (await import(built)) as Library;

t.test("create, state, list, start, kill, delete", (t) => {
  const box = new Sandbox(NODE);
  const warnings: string[] = [];
  const runtime = library.openRuntime({ root: box.state, warn: (line) => warnings.push(line) });
  const id = box.id();
  const bundle = box.bundle(["sleep", "100"]);
  const made = library.create(runtime, { id, bundle });
  t.match(made, { id, bundle, status: "created", ociVersion: "1.3.0" });
  t.ok(made.pid > 1);
  library.start(runtime, id);
  t.equal(library.state(runtime, id).status, "running");
  t.strictSame(
    library.list(runtime).map((entry) => [entry.id, entry.pid, entry.status]),
    [[id, made.pid, "running"]],
  );
  t.equal(box.status(id), "running", "the program sees the same container");
  library.kill(runtime, id, 9, false);
  until(() => library.state(runtime, id).status === "stopped", "stopped after SIGKILL");
  library.deleteContainer(runtime, id, false);
  t.strictSame(library.list(runtime), []);
  t.strictSame(warnings, []);
  t.strictSame(box.close(), []);
  t.end();
});

t.test("start: init has answered and gone between the two looks that poll takes at a fifo", (t) => {
  const box = new Sandbox(NODE);
  const runtime = library.openRuntime({ root: box.state });
  const id = box.id();
  library.create(runtime, { id, bundle: box.bundle(["true"]) });
  const { host } = runtime.kernel;
  const { syscall } = host;
  let hidden = 0;
  // What pipe_poll() says when data and hang-up come after it has looked for the one and before it looks for the other: POLLHUP alone.
  host.syscall = (number, ...args) => {
    const result = syscall(number, ...args);
    const polled = args[0];
    if (number !== SYS_ppoll || !(polled instanceof Uint8Array) || hidden > 0) return result;
    const revents = new DataView(polled.buffer, polled.byteOffset, polled.byteLength);
    until(() => syscall(number, ...args) > 0 && revents.getUint16(6, true) === (POLLIN | POLLHUP), "both");
    revents.setUint16(6, POLLHUP, true);
    hidden++;
    return result;
  };
  t.doesNotThrow(() => library.start(runtime, id));
  t.equal(hidden, 1, "that was seen");
  host.syscall = syscall;
  until(() => library.state(runtime, id).status === "stopped", "stopped");
  library.deleteContainer(runtime, id, false);
  t.strictSame(box.close(), []);
  t.end();
});

t.test("failures are RuntimeErrors with their parts, and leave nothing", (t) => {
  const box = new Sandbox(NODE);
  const runtime = library.openRuntime({ root: box.state });
  const caught = (run: () => void): unknown => {
    try {
      run();
    } catch (error) {
      return error;
    }
    return undefined;
  };
  const id = box.id();
  const unknown = caught(() => library.state(runtime, id));
  t.ok(unknown instanceof library.RuntimeError);
  t.match(unknown, { message: /container does not exist/ });
  const missing = caught(() =>
    library.create(runtime, {
      id,
      bundle: box.bundle(["true"], (config) => {
        config.mounts.push({ destination: "/x", type: "bind", source: "/no/such", options: ["bind"] });
      }),
    }),
  );
  t.ok(missing instanceof library.RuntimeError);
  t.match(missing, { parts: { errno: "ENOENT", where: /^config\.json#\/mounts\/[0-9]+\/source$/ } });
  t.match(
    caught(() => library.create(runtime, { id, bundle: box.folder })),
    { parts: { errno: "ENOENT" } },
    "a folder that is no bundle",
  );
  t.strictSame(box.close(), []);
  t.end();
});

t.test("the README's example is a program that works", (t) => {
  const example = /```js\n([\s\S]*?)```/.exec(readFileSync("README.md", "utf8"))?.[1] ?? "";
  const box = new Sandbox(NODE);
  const program = example.replace("./build/node/index.mjs", built).replace("/run/ts-runc", box.state);
  const result = spawnSync(process.execPath, ["--input-type=module", "--eval", program], {
    encoding: "utf8",
    timeout: 20_000,
  });
  exits(t, result, 0);
  // The service may have said that it is up before it was killed.
  t.match(result.stdout, /^running$/m);
  t.strictSame(box.close(), []);
  t.end();
});
