/** Wording is an interface: every message, through every manager's matcher (DESIGN section 7). */
import t from "tap";
import { errorLine } from "../../src/shared/error.ts";
import { containerdShim, crio, dockerCli, moby, podman, podmanExec } from "./matchers.ts";
import { allMessages, type Message } from "./messages.ts";

const messages = allMessages();
/** Only these may carry the kernel's sentences: exit codes 126 and 127 hang on them. */
const CLASSED = /^(exec|chdir|mount|pivot_root|X)/;

const lineOf = (message: Message): string =>
  errorLine({ what: message.what, problem: message.problem, hint: message.hint === "" ? undefined : message.hint });

t.test("the source was understood", (t) => {
  t.ok(messages.length > 100, `${messages.length} messages were found`);
  t.strictSame(
    messages.filter((message) => message.problem === "").map((message) => message.place),
    [],
    "each has a problem",
  );
  t.end();
});

t.test("no message is put into a class by chance", (t) => {
  for (const message of messages) {
    if (CLASSED.test(message.what)) continue;
    const line = lineOf(message);
    t.equal(moby(line), "128", `moby: ${message.place}: ${line}`);
    t.equal(dockerCli(line), "125", `docker: ${message.place}`);
    t.equal(podman(line), "generic", `podman: ${message.place}`);
  }
  t.end();
});

t.test("docker's daemon and client agree on every message", (t) => {
  for (const message of messages) {
    const line = lineOf(message);
    const daemon = moby(line).slice(0, 3);
    const client = dockerCli(line);
    const agree = daemon === client || (daemon === "128" && client === "125") || line.includes("not a directory");
    t.ok(agree, `${message.place}: ${line}: moby ${daemon}, cli ${client}`);
  }
  t.end();
});

t.test("only the container itself does not exist or is not running", (t) => {
  for (const message of messages) {
    const line = lineOf(message);
    const verdict = containerdShim(line);
    if (message.problem === "container does not exist") t.equal(verdict, "no such container", message.place);
    else if (message.problem === "container not running") t.equal(verdict, "process gone", message.place);
    else {
      t.equal(verdict, "error", `containerd: ${message.place}: ${line}`);
      t.equal(crio(line), "error", `cri-o: ${message.place}: ${line}`);
    }
  }
  t.end();
});

t.test("what must have a class has the right one", (t) => {
  const missing = errorLine({ what: 'exec "bash"', problem: "executable file not found in $PATH: searched /bin" });
  t.strictSame(
    [moby(missing), dockerCli(missing), podman(missing), podmanExec(missing)],
    ["127", "127", "not found", "127"],
  );
  const absent = errorLine({ what: 'exec "/x"', problem: "no such file or directory: it is missing in the root" });
  t.strictSame(
    [moby(absent), dockerCli(absent), podman(absent), podmanExec(absent)],
    ["127", "127", "not found", "127"],
  );
  const folder = errorLine({ what: 'exec "/etc"', problem: "permission denied: it is a folder, want a program" });
  t.strictSame(
    [moby(folder), dockerCli(folder), podman(folder), podmanExec(folder)],
    ["126", "126", "permission", "126"],
  );
  t.end();
});
