// The best there is to compare with: runc's newest from the Go module registry (bench/peers/go.mod), crun's newest from Debian's unstable suite
// with its own libraries. Both are made once, below build/bench; where they cannot be made, a line says why and the others are compared.
import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import process from "node:process";

const FOLDER = "build/bench/peers";

function run(command, args, options = {}) {
  const ran = spawnSync(command, args, { encoding: "utf8", timeout: 10 * 60_000, ...options });
  if (ran.status !== 0) throw new Error(`${command} ${args.join(" ")}: ${ran.error?.message ?? ran.stderr}`);
  return ran.stdout;
}

/** Static, with seccomp as distributions build it. */
function buildRunc(to) {
  const env = { ...process.env, GOTOOLCHAIN: "local", GOFLAGS: "-mod=readonly" };
  const flags = ["-tags", "seccomp netgo osusergo", "-trimpath", "-ldflags", "-s -w -extldflags -static"];
  run("go", ["build", ...flags, "-o", resolve(`${to}.new`), "tool"], { cwd: "bench/peers", env });
  renameSync(`${to}.new`, to);
}

/** apt with lists and a cache of its own, as if nothing were installed; the machine's packages stay as they are. */
function aptOptions(folder) {
  const at = (name) => resolve(join(folder, name));
  for (const name of ["lists/partial", "cache/archives/partial"]) mkdirSync(at(name), { recursive: true });
  const keys = "/usr/share/keyrings/debian-archive-keyring.gpg";
  writeFileSync(at("sources.list"), `deb [signed-by=${keys}] http://deb.debian.org/debian unstable main\n`);
  writeFileSync(at("status"), "");
  const settings = {
    "Dir::Etc::sourcelist": at("sources.list"),
    "Dir::Etc::sourceparts": "/dev/null",
    "Dir::State::lists": at("lists"),
    "Dir::State::status": at("status"),
    "Dir::Cache": at("cache"),
    "APT::Sandbox::User": "root",
  };
  return Object.entries(settings).flatMap(([name, value]) => ["-o", `${name}=${value}`]);
}

/** Unpacked beside its libraries, which its interpreter and search path are set to: the machine's are too old for it. */
function unpackCrun(to) {
  const folder = join(FOLDER, "unstable");
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  const options = aptOptions(folder);
  run("apt-get", [...options, "update", "-qq"]);
  run("apt-get", [...options, "install", "-y", "-qq", "--download-only", "--no-install-recommends", "crun"]);
  const archives = join(folder, "cache/archives");
  for (const name of readdirSync(archives).filter((entry) => entry.endsWith(".deb")))
    run("dpkg", ["-x", join(archives, name), join(folder, "root")]);
  const libraries = resolve(join(folder, "root/usr/lib/x86_64-linux-gnu"));
  const program = join(folder, "root/usr/bin/crun");
  run("patchelf", ["--set-interpreter", join(libraries, "ld-linux-x86-64.so.2"), "--set-rpath", libraries, program]);
  writeFileSync(`${to}.new`, readFileSync(program), { mode: 0o755 });
  renameSync(`${to}.new`, to);
}

/** [name, program] of the newest crun and runc that can be had. */
export function newestPeers() {
  mkdirSync(FOLDER, { recursive: true });
  return [
    ["crun", unpackCrun],
    ["runc", buildRunc],
  ].flatMap(([name, make]) => {
    const program = resolve(join(FOLDER, name));
    try {
      if (!existsSync(program)) {
        process.stderr.write(`· the newest ${name} (half a minute)\n`);
        make(program);
      }
      return [[name, program]];
    } catch (error) {
      process.stderr.write(`bench: the newest ${name} cannot be made here: ${error.message.split("\n")[0]}\n`);
      return [];
    }
  });
}
