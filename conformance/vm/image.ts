/** What a guest boots with: a small initramfs of static programs, and a disk with Node and the compiled life-cycle tests. */
import {
  chmodSync,
  copyFileSync,
  cpSync,
  existsSync,
  mkdirSync,
  readdirSync,
  realpathSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { basename, dirname, join } from "node:path";
import process from "node:process";
import { build } from "esbuild";
import { output, programPath, VM_FOLDER } from "./kernel.ts";

/** The cgroup file systems of a guest, as systemd mounts them. */
export type Layout = "v1" | "hybrid" | "v2";

/** What goes into one guest. */
export interface Guest {
  layout: Layout;
  /** Shell scripts of conformance/vm/guest, in order: "v2" is v2.sh. */
  scripts: string[];
  /** Tests that run on the disk's Node, in order: "test/lifecycle/basic" is test/lifecycle/basic.test.ts. */
  suite: string[];
  /** A config.json for each bundle /bundles/NAME. */
  bundles: Record<string, unknown>;
  /** Kernel modules, loaded in order. */
  modules: string[];
  /** Other files: path in the guest, path here. */
  files: Record<string, string>;
}

const GUEST_FOLDER = "conformance/vm/guest";

/** Runs a program that must succeed. */
function must(command: string, args: string[], cwd = "."): string {
  const text = output(command, args, cwd);
  if (text === undefined) throw new Error(`failed: ${command} ${args.join(" ")}`);
  return text;
}

function folders(root: string, ...names: string[]): void {
  for (const name of names) mkdirSync(join(root, name), { recursive: true });
}

/** The static test program, compiled once a run. */
function probe(): string {
  const program = join(VM_FOLDER, "probe");
  must("musl-gcc", ["-O1", "-Wall", "-Wextra", "-Werror", "-static", "-o", program, join(GUEST_FOLDER, "probe.c")]);
  return program;
}

/** Compiles the guests' AppArmor profile for the kernel features that the parser's package names; undefined without the parser. */
export function compileProfile(): string | undefined {
  const parser = programPath("apparmor_parser");
  if (parser === undefined) return undefined;
  const binary = join(VM_FOLDER, "apparmor.bin");
  rmSync(binary, { force: true });
  must(parser, ["-Q", "-K", "-q", "-o", binary, join(GUEST_FOLDER, "apparmor.profile")]);
  return binary;
}

/** Packs the initramfs; plain cpio, since unpacking gzip would cost the emulated processor more than reading. */
export function packInitramfs(guest: Guest, work: string): string {
  const root = join(work, "root");
  folders(root, "bin", "dev", "proc", "sys", "tmp", "run", "new", "etc", "bundles", "modules", "suite", "files");
  const busybox = programPath("busybox") ?? "";
  copyFileSync(busybox, join(root, "bin/busybox"));
  for (const applet of must(busybox, ["--list"])
    .split("\n")
    .filter((name) => name !== "" && name !== "busybox"))
    symlinkSync("busybox", join(root, "bin", applet));
  for (const [program, name] of [
    ["dist/ts-runc", "ts-runc"],
    [join(VM_FOLDER, "probe"), "probe"],
  ] as const) {
    copyFileSync(program, join(root, "bin", name));
    chmodSync(join(root, "bin", name), 0o755);
  }
  for (const name of ["init", "tap.sh", "common.sh", "cgroups.sh", ...guest.scripts.map((script) => `${script}.sh`)])
    copyFileSync(join(GUEST_FOLDER, name), join(root, name));
  chmodSync(join(root, "init"), 0o755);
  for (const path of guest.modules) copyFileSync(path, join(root, "modules", basename(path)));
  for (const [name, path] of Object.entries(guest.files)) copyFileSync(path, join(root, "files", name));
  const plan = [
    `LAYOUT=${guest.layout}`,
    `SCRIPTS="${guest.scripts.join(" ")}"`,
    `SUITE="${guest.suite.join(" ")}"`,
    `MODULES="${guest.modules.map((path) => basename(path)).join(" ")}"`,
  ];
  writeFileSync(join(root, "plan"), `${plan.join("\n")}\n`);
  for (const [name, config] of Object.entries(guest.bundles)) {
    mkdirSync(join(root, "bundles", name));
    writeFileSync(join(root, "bundles", name, "config.json"), JSON.stringify(config));
  }
  must("sh", ["-c", 'find . | cpio --quiet -o -H newc -R 0:0 > "$1"', "sh", "../initramfs.cpio"], root);
  return join(work, "initramfs.cpio");
}

/** Copies the shared libraries that a program or a library names to their places below a root. */
function packLibraries(root: string, path: string): void {
  for (const [library] of (output("ldd", [path]) ?? "").matchAll(/\/[^ )]+/g)) {
    if (!existsSync(library) || existsSync(join(root, library))) continue;
    mkdirSync(dirname(join(root, library)), { recursive: true });
    copyFileSync(realpathSync(library), join(root, library));
    chmodSync(join(root, library), 0o755);
  }
}

/** Copies a program, with its libraries. */
function packProgram(root: string, path: string, place: string): void {
  const target = join(root, place);
  mkdirSync(dirname(target), { recursive: true });
  // Node is 10 MB smaller without its symbols.
  if (output("strip", ["-o", target, realpathSync(path)]) === undefined) copyFileSync(path, target);
  chmodSync(target, 0o755);
  packLibraries(root, path);
}

/**
 * Programs that the life-cycle tests start and busybox lacks or has with fewer options; criu, with ip and tar that it runs, and crun, which limits.sh
 * compares us with, only where they are installed.
 */
const PROGRAMS = ["mount", "umount", "script", "prlimit", "criu", "ip", "tar", "crun"];
/** Another crun than the machine's, such as bench's newest: TSRUNC_VM_CRUN=build/bench/peers/crun. */
const otherCrun = process.env["TSRUNC_VM_CRUN"];

/** Compiles tests with all they import, so that the guest needs no node_modules but what is native. */
async function compileSuite(paths: readonly string[], outdir: string): Promise<void> {
  await build({
    entryPoints: paths.map((path) => `${path}.test.ts`),
    outdir,
    outbase: ".",
    outExtension: { ".js": ".mjs" },
    splitting: true,
    bundle: true,
    external: ["ffi-rs"],
    platform: "node",
    format: "esm",
    target: "node20",
    logLevel: "warning",
    banner: {
      js: 'import { createRequire as bannerRequire } from "node:module"; const require = bannerRequire(import.meta.url);',
    },
    plugins: [
      {
        name: "without React",
        setup: (on) => {
          // tap's comparison asks for it by a require that esbuild does not follow.
          on.onLoad({ filter: /react-element-to-jsx-string\.js$/ }, () => ({ contents: "export default undefined" }));
        },
      },
    ],
  });
}

/** Makes the disk that all guests share: Node, its libraries, and a checkout with what the tests of the suite read. */
export async function packDisk(suite: readonly string[]): Promise<string> {
  const root = join(VM_FOLDER, "disk");
  const image = join(VM_FOLDER, "disk.img");
  rmSync(root, { recursive: true, force: true });
  rmSync(image, { force: true });
  folders(root, "work/dist", "work/build/test", "work/build/node", "work/node_modules", "tmp");
  packProgram(root, process.execPath, "usr/bin/node");
  for (const name of PROGRAMS) {
    const path = name === "crun" && otherCrun !== undefined ? otherCrun : programPath(name);
    if (path !== undefined) packProgram(root, path, join("usr/bin", name));
  }
  const work = join(root, "work");
  copyFileSync("dist/ts-runc", join(work, "dist/ts-runc"));
  chmodSync(join(work, "dist/ts-runc"), 0o755);
  // With its hard links: all bundles share one busybox.
  must("cp", ["-a", "bundles", work]);
  for (const name of ["addon.node", "index.mjs", "ts-runc.mjs"])
    copyFileSync(join("build/node", name), join(work, "build/node", name));
  for (const name of ["ffi-rs", "@yuuang"])
    cpSync(join("node_modules", name), join(work, "node_modules", name), { recursive: true });
  for (const path of (output("find", ["node_modules/@yuuang", "-name", "*.node"]) ?? "").trim().split("\n"))
    packLibraries(root, path);
  cpSync("test/fixtures", join(work, "test/fixtures"), { recursive: true });
  copyFileSync("README.md", join(work, "README.md"));
  // The guest has no compiler; the tests that need these programs take them as they find them.
  for (const name of readdirSync("test/support").flatMap((file) => /^(.*)\.c$/.exec(file)?.[1] ?? [])) {
    const source = `test/support/${name}.c`;
    must("gcc", ["-O1", "-Wall", "-Wextra", "-static", "-o", join(work, "build/test", name), source]);
  }
  await compileSuite(suite, join(work, "build/test"));
  probe();
  const kilobytes = Number(/^[0-9]+/.exec(must("du", ["-sk", root]))?.[0] ?? 0);
  must(programPath("mke2fs") ?? "mke2fs", [
    ...["-q", "-t", "ext4", "-O", "^has_journal", "-m", "0", "-d", root],
    ...[image, `${Math.ceil(kilobytes / 1024) + 128}M`],
  ]);
  rmSync(root, { recursive: true, force: true });
  return image;
}

/** The kernel's words on a failure: the last lines of a console. */
export function lastLines(text: string): string {
  return text.replaceAll("\r", "").split("\n").slice(-40).join("\n");
}
