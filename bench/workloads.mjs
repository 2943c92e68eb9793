// What is measured: bundles, and what one runtime does with them in one round. A step is [figure, command]; the figure `-` is done and not kept.
import { spawnSync } from "node:child_process";
import { cpSync, mkdirSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";

/** Bind mounts of the bundle that stands for what Docker and Kubernetes send. */
const BINDS = 30;

/** Docker's default capabilities. */
const DOCKER_CAPABILITIES = [
  "CHOWN",
  "DAC_OVERRIDE",
  "FSETID",
  "FOWNER",
  "MKNOD",
  "NET_RAW",
  "SETGID",
  "SETUID",
  "SETFCAP",
  "SETPCAP",
  "NET_BIND_SERVICE",
  "SYS_CHROOT",
  "KILL",
  "AUDIT_WRITE",
].map((name) => `CAP_${name}`);

/** runc's default spec with another program, changed as asked. */
function makeBundle(program, folder, args, change = () => {}) {
  mkdirSync(folder);
  const made = spawnSync(program, ["spec", "--bundle", folder], { encoding: "utf8" });
  if (made.status !== 0) throw new Error(`spec: ${made.stderr}`);
  const path = join(folder, "config.json");
  const config = JSON.parse(readFileSync(path, "utf8"));
  config.ociVersion = "1.0.2"; // the newest that crun takes
  config.process.terminal = false;
  config.process.args = args;
  config.root.path = resolve("bundles/.rootfs");
  change(config);
  writeFileSync(path, JSON.stringify(config, undefined, 2));
  return folder;
}

/** Docker's default seccomp profile and capabilities, and bind mounts of a folder each. */
function likeDocker(folder) {
  return (config) => {
    config.linux.seccomp = JSON.parse(readFileSync("test/fixtures/seccomp-docker.json", "utf8"));
    const { bounding, effective, permitted } = Object.fromEntries(
      ["bounding", "effective", "permitted"].map((set) => [set, DOCKER_CAPABILITIES]),
    );
    config.process.capabilities = { bounding, effective, permitted };
    // Without it the filter is loaded while there are privileges left, as Docker has it.
    config.process.noNewPrivileges = false;
    // The root is read-only: where they are bound must be a place that can be made.
    config.mounts.push({ destination: "/tmp", type: "tmpfs", source: "tmpfs", options: ["nosuid", "nodev"] });
    for (let index = 0; index < BINDS; index++) {
      const source = join(folder, `volume${index}`);
      mkdirSync(source, { recursive: true });
      const options = index % 3 === 0 ? ["rbind", "ro"] : ["rbind", "rw", "rprivate"];
      config.mounts.push({ destination: `/tmp/volume${index}`, type: "bind", source, options });
    }
  };
}

/** All bundles, below a folder. */
export function makeBundles(program, folder) {
  const sleep = ["/bin/sleep", "1000"];
  return {
    true: makeBundle(program, join(folder, "true"), ["/bin/true"]),
    sleep: makeBundle(program, join(folder, "sleep"), sleep),
    docker: makeBundle(program, join(folder, "docker"), ["/bin/true"], likeDocker(join(folder, "volumes"))),
    folder,
    program,
  };
}

/** A bundle with a limit, for the search of the smallest (limits.mjs). */
export function limitedBundle(bundles, name, resources) {
  const folder = join(bundles.folder, name);
  rmSync(folder, { recursive: true, force: true });
  return makeBundle(bundles.program, folder, ["/bin/true"], (config) => {
    Object.assign(config.linux.resources, resources);
  });
}

/** `create`, `start`, the wait for its end and `delete`, each under the name of a workload. */
function lifecycle(at, bundle, id, name) {
  return [
    [`${name}create`, at("create", "--bundle", bundle, id)],
    [`${name}start`, at("start", id)],
    ["-", ["reap"]],
    [`${name}delete`, at("delete", id)],
  ];
}

/** The workloads by name: what a runtime does in one round. `at` makes a command of the runtime, `id` a new id. */
export const WORKLOADS = {
  lifecycle: ({ at, id, bundles }) => lifecycle(at, bundles.true, id(), ""),
  docker: ({ at, id, bundles }) => lifecycle(at, bundles.docker, id(), "docker "),
  run: ({ at, id, bundles }) => [["run", at("run", "--bundle", bundles.true, id())]],
  others: ({ at, id, bundles, program, lists }) => {
    const own = id();
    return [
      ["--version", [program, "--version"]],
      ["-", at("create", "--bundle", bundles.sleep, own)],
      ["-", at("start", own)],
      ["state", at("state", own)],
      ["exec", at("exec", own, "/bin/true")],
      ["kill", at("kill", own, "KILL")],
      ["-", ["reap"]],
      ["-", at("delete", own)],
      ...lists.map(({ count, root }) => [`list ${count}`, [program, "--root", root, "list"]]),
    ];
  },
};

/** Figures whose sum is one more. */
export const SUMS = {
  "create+start+delete": ["create", "start", "delete"],
  "docker create+start+delete": ["docker create", "docker start", "docker delete"],
};

/**
 * State directories with many stopped containers: one is made, and copied under other ids, as to make a thousand takes a runtime longer than
 * all else. What `list` reads is the same.
 */
export function fillLists(name, program, bundles, folder, counts) {
  return counts.map((count) => {
    const root = join(folder, `list-${name}-${count}`);
    const first = `${name}-0000`;
    for (const words of [
      ["create", "--bundle", bundles.true, first],
      ["start", first],
    ]) {
      // No pipe: the container holds its streams open, and its end would be waited for.
      const ran = spawnSync(program, ["--root", root, ...words], { stdio: "ignore" });
      if (ran.status !== 0) throw new Error(`${name} ${words[0]}: status ${ran.status}`);
    }
    // The next list's first container has the same id, and so the same cgroup, in which nothing may be alive.
    waitUntilStopped(program, root, first);
    for (let index = 1; index < count; index++) copyContainer(root, first, `${name}-${String(index).padStart(4, "0")}`);
    return { count, root };
  });
}

/** Until a container has ended. @throws Error when it does not within five seconds. */
export function waitUntilStopped(program, root, id) {
  for (const end = Date.now() + 5000; Date.now() < end; ) {
    const { stdout } = spawnSync(program, ["--root", root, "state", id], { encoding: "utf8" });
    if (JSON.parse(stdout).status === "stopped") return;
  }
  throw new Error(`${program}: ${id} does not end`);
}

function copyContainer(root, from, to) {
  cpSync(join(root, from), join(root, to), { recursive: true, filter: (path) => !statSync(path).isFIFO() });
  for (const entry of readdirSync(join(root, to), { withFileTypes: true })) {
    const path = join(root, to, entry.name);
    if (entry.isFile()) writeFileSync(path, readFileSync(path, "utf8").replaceAll(from, to));
  }
}

/** Takes away what fillLists has made: the copies are folders and nothing else. */
export function emptyLists(name, program, lists) {
  for (const { root } of lists) {
    for (const id of readdirSync(root).filter((entry) => /-[0-9]{4}$/.test(entry) && !entry.endsWith("-0000")))
      rmSync(join(root, id), { recursive: true });
    spawnSync(program, ["--root", root, "delete", "--force", `${name}-0000`]);
    rmSync(root, { recursive: true, force: true });
  }
}
