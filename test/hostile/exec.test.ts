/** A hostile container and a process that joins it (SECURITY exec.1–exec.3, exe.4, fd.4; CVE-2016-9962): nothing of the host can be reached. */
import { chmodSync, copyFileSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { compiled } from "../support/compile.ts";
import { onHosts, prints, removed, withUserNamespace } from "../support/life.ts";
import { Marker } from "../support/marker.ts";
import { type Outcome, type Sandbox, type TestConfig, until } from "../support/sandbox.ts";

/** Execs in one race. */
const TURNS: Readonly<Record<string, number>> = { engine: 80, node: 10 };

/** A process joins the container. */
const byExec = (box: Sandbox, id: string) => box.run(["exec", id, "true"], SECRET);

/** Another container joins its pid namespace, as those of a pod that shares it. */
const byNeighbour = (box: Sandbox, id: string) =>
  box.run(["run", "--bundle", box.bundle(["true"], (config) => sharePids(config, box.pid(id))), box.id()], SECRET);

const SECRET = { env: { TSRUNC_TEST_SECRET: "secret" } };

function sharePids(config: TestConfig, pid: number): void {
  const entry = config.linux.namespaces?.find(({ type }) => type === "pid");
  if (entry !== undefined) entry.path = `/proc/${pid}/ns/pid`;
}

/** A container in which the attacker polls /proc while processes join it; returns what it found. */
function attack(
  t: Parameters<typeof prints>[0],
  box: Sandbox,
  change: (config: TestConfig) => void,
  meet: (box: Sandbox, id: string) => Outcome = byExec,
): string[] {
  const marker = new Marker(box.folder);
  const bundle = box.bundle(["/bin/peek", marker.file], change);
  const root = join(bundle, "rootfs");
  copyFileSync(compiled("peek"), join(root, "bin/peek"));
  writeFileSync(join(root, "found"), "");
  chmodSync(join(root, "found"), 0o666);
  const id = box.id();
  prints(t, box.run(["run", "--detach", "--bundle", bundle, id]), "run");
  const before = statSync(box.host.command[0] ?? "");
  let wrong = 0;
  for (let turn = 0; turn < (TURNS[box.host.name] ?? 0); turn++) {
    const ran = meet(box, id);
    if (ran.status !== 0 || ran.stderr !== "") wrong++;
  }
  t.equal(wrong, 0, "the attacker cannot make it fail");
  writeFileSync(join(root, "stop"), "");
  const found = () => readFileSync(join(root, "found"), "utf8").trim().split("\n");
  until(() => found().some((line) => line.startsWith("seen ")), "the attacker's last line", 10_000);
  removed(t, box, id);
  const after = statSync(box.host.command[0] ?? "");
  t.strictSame([after.ino, after.mtimeMs, after.size], [before.ino, before.mtimeMs, before.size], "our executable");
  t.strictSame(marker.changes(), []);
  t.comment(`| ${box.host.name}: ${found().join(", ")}`);
  // Node has no way to hide its command line, which names no secret of the caller.
  return found().filter((line) => box.host.name !== "node" || !line.startsWith("cmdline "));
}

function grant(config: TestConfig, ...names: string[]): void {
  const sets = config.process.capabilities ?? {};
  for (const set of ["bounding", "effective", "permitted"] as const)
    sets[set] = [...(sets[set] ?? []), ...names] as never;
  config.process.capabilities = sets;
}

onHosts("hostile exec: a container with the default capabilities", (t, box) => {
  t.strictSame(attack(t, box, () => undefined).slice(0, -1), []);
});

onHosts("hostile exec: a container with CAP_SYS_ADMIN", (t, box) => {
  t.strictSame(attack(t, box, (config) => grant(config, "CAP_SYS_ADMIN")).slice(0, -1), []);
});

onHosts("hostile exec: a container with all capabilities in a user namespace of its own", (t, box) => {
  const found = attack(t, box, (config) => {
    withUserNamespace(config);
    grant(config, "CAP_SYS_PTRACE", "CAP_SYS_ADMIN", "CAP_DAC_OVERRIDE");
  });
  t.strictSame(found.slice(0, -1), []);
});

// Who joins has by then the rights that it is going to have: nothing is gained by tracing it.
onHosts("hostile exec: a container with CAP_SYS_PTRACE", (t, box) => {
  const found = attack(t, box, (config) => grant(config, "CAP_SYS_PTRACE", "CAP_DAC_READ_SEARCH", "CAP_DAC_OVERRIDE"));
  t.strictSame(found.slice(0, -1), []);
});

onHosts("hostile exec: a container with CAP_SYS_PTRACE and Docker's filter, which is loaded early", (t, box) => {
  const found = attack(t, box, (config) => {
    grant(config, "CAP_SYS_PTRACE", "CAP_DAC_READ_SEARCH", "CAP_DAC_OVERRIDE");
    config.linux.seccomp = JSON.parse(readFileSync("test/fixtures/seccomp-docker.json", "utf8"));
    config.process.noNewPrivileges = false;
  });
  t.strictSame(found.slice(0, -1), []);
});

onHosts("hostile neighbour: a container that joins the pid namespace of one with CAP_SYS_PTRACE", (t, box) => {
  // Node is executed in the namespace: not hardened (NODEHOST.md).
  if (box.host.name === "node") {
    t.pass("not on Node");
    return;
  }
  const trace = (config: TestConfig) => grant(config, "CAP_SYS_PTRACE", "CAP_DAC_READ_SEARCH", "CAP_DAC_OVERRIDE");
  t.strictSame(
    attack(t, box, trace, byNeighbour).filter((line) => /^(escape|write exe|environ|cmdline)/.test(line)),
    [],
  );
});
