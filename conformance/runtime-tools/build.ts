/** Builds what the runs need, once: the executables of OCI runtime-tools from the Go module registry, and a root file system for their bundles. */
import { spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import process from "node:process";

const MODULE = "conformance/runtime-tools";
const FOLDER = "build/runtime-tools";
const STAMP = join(FOLDER, "stamp");
/** `tool` lines of go.mod, and the pattern that builds them all, are of Go 1.24. */
const GO_MINOR = 24;
const BUILD_TIMEOUT_MS = 10 * 60_000;
/** Links are what a build spends most memory on; two at once suit a small machine. */
const PARALLEL = 2;
/** What runs inside the containers; not a test of its own. */
const INSIDE = "runtimetest";

/** What a run needs. */
export interface Tools {
  /** Absolute folder of the executables; `runtimetest` is among them. */
  readonly folder: string;
  /** Absolute path of the tar with the bundles' root file system. */
  readonly rootfs: string;
  /** The name under which an executable looks for that tar in its working directory. */
  readonly rootfsName: string;
  /** Names of the executables that are tests, sorted. */
  readonly tests: readonly string[];
}

/** The Go to build with; undefined when there is none that is new enough. */
function findGo(): { go: string; version: string } | undefined {
  for (const go of ["go", "/usr/local/go/bin/go"]) {
    // local: never to fetch another toolchain because a module asks for it.
    const asked = spawnSync(go, ["env", "GOVERSION"], { encoding: "utf8", env: goEnvironment() });
    const version = (asked.stdout ?? "").trim();
    const [, major, minor] = /^go(\d+)\.(\d+)/.exec(version) ?? [];
    if (Number(major) > 1 || (Number(major) === 1 && Number(minor) >= GO_MINOR)) return { go, version };
  }
  return undefined;
}

function goEnvironment(): NodeJS.ProcessEnv {
  // Without cgo the executables are static, as runtimetest must be: it runs where there is no libc.
  return { ...process.env, GOTOOLCHAIN: "local", GOFLAGS: "-mod=readonly", CGO_ENABLED: "0" };
}

function digest(...parts: string[]): string {
  const hash = createHash("sha256");
  for (const part of parts) hash.update(part).update("\0");
  return hash.digest("hex");
}

/** Builds all tools of go.mod unless they are there for the same go.mod, go.sum and Go. Throws with Go's output. */
function buildExecutables(go: string, version: string): string {
  const bin = join(FOLDER, "bin");
  const wanted = digest(version, readFileSync(`${MODULE}/go.mod`, "utf8"), readFileSync(`${MODULE}/go.sum`, "utf8"));
  if (existsSync(STAMP) && readFileSync(STAMP, "utf8") === wanted) return bin;
  process.stderr.write("· runtime-tools (Go modules and 59 executables: half a minute)\n");
  rmSync(FOLDER, { recursive: true, force: true });
  mkdirSync(bin, { recursive: true });
  const args = ["build", "-p", String(PARALLEL), "-trimpath", "-ldflags", "-s -w", "-o", `${resolve(bin)}/`, "tool"];
  const built = spawnSync(go, args, {
    cwd: MODULE,
    env: goEnvironment(),
    encoding: "utf8",
    timeout: BUILD_TIMEOUT_MS,
  });
  if (built.status !== 0) {
    throw new Error(
      `go build of ${MODULE}: ended with ${built.status ?? built.signal}\n${built.stdout}${built.stderr}`,
    );
  }
  writeFileSync(STAMP, wanted);
  return bin;
}

/** Packs the root file system that the ready bundles have too: a static busybox with its links (bundles/rootfs.sh). */
function packRootfs(): string {
  const source = "bundles/.rootfs";
  const path = join(FOLDER, "rootfs.tar.gz");
  const made = spawnSync("sh", ["bundles/rootfs.sh"], { encoding: "utf8" });
  if (made.status !== 0) throw new Error(`bundles/rootfs.sh: ${made.stderr}`);
  const stamp = `${source}.stamp`;
  if (existsSync(path) && statSync(path).mtimeMs > statSync(stamp).mtimeMs) return path;
  mkdirSync(FOLDER, { recursive: true });
  const packed = spawnSync("tar", ["-C", source, "--owner=0", "--group=0", "-czf", `${path}.new`, "."]);
  if (packed.status !== 0) throw new Error(`tar of ${source}: ${String(packed.stderr)}`);
  renameSync(`${path}.new`, path);
  return path;
}

/**
 * Makes everything that a run needs, or says in a line why it cannot be made here. RUNTIME_TOOLS names a folder of executables that
 * were built elsewhere. Throws when Go is there and the build fails.
 */
export function makeTools(): Tools | { missing: string } {
  const given = process.env["RUNTIME_TOOLS"];
  const found = given === undefined ? findGo() : undefined;
  if (given === undefined && found === undefined) {
    return {
      missing: `Go 1.${GO_MINOR} or newer is not installed, and RUNTIME_TOOLS names no folder of built executables`,
    };
  }
  const folder = resolve(found === undefined ? (given ?? "") : buildExecutables(found.go, found.version));
  if (!existsSync(join(folder, INSIDE))) throw new Error(`${folder}: no ${INSIDE} there, want the built executables`);
  const architecture = process.arch === "x64" ? "amd64" : process.arch;
  return {
    folder,
    rootfs: resolve(packRootfs()),
    rootfsName: `rootfs-${architecture}.tar.gz`,
    tests: readdirSync(folder)
      .filter((name) => name !== INSIDE && /^[a-z_]+$/.test(name))
      .sort(),
  };
}
