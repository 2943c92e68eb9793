// Everything between a fresh clone and a running container, in order, each step only when its inputs have changed.
//     node native/setup.mjs demo|build|faults|test|vm|managers|bench|profile|conformance|check|hot-functions
// Plain Node without packages: it runs before any is installed.
import { spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import {
  closeSync,
  existsSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  renameSync,
  statSync,
  writeFileSync,
  writeSync,
} from "node:fs";
import { dirname, join } from "node:path";
import process from "node:process";
import { fileURLToPath } from "node:url";
import { fetchEngine, HOT_FUNCTIONS } from "./quickjs.mjs";

const ROOT = join(dirname(fileURLToPath(import.meta.url)), "..");
process.chdir(ROOT);
const ARCH = { x64: "x86_64", arm64: "aarch64" }[process.arch];
const QUICKJS = "build/quickjs";
const KERNEL_HEADERS = "build/kernel-headers";

/** What a step is doing, on stderr, so that stdout stays the program's. */
function say(text) {
  process.stderr.write(`· ${text}\n`);
}

function fail(text) {
  process.stderr.write(`setup: ${text}\n`);
  process.exit(1);
}

/** Runs a program; its output is shown only when it fails. */
function run(command, args, options = {}) {
  const result = spawnSync(command, args, { encoding: "utf8", maxBuffer: 1 << 28, ...options });
  if (result.error) fail(`${command}: ${result.error.message}`);
  if (result.status !== 0) fail(`${command} ${args.join(" ")}\n${result.stdout ?? ""}${result.stderr ?? ""}`);
  return result.stdout;
}

function filesBelow(path) {
  if (!existsSync(path)) return [];
  if (statSync(path).isFile()) return [path];
  return readdirSync(path)
    .filter((name) => name !== "generated" && name !== "rootfs")
    .sort()
    .flatMap((name) => filesBelow(join(path, name)));
}

/** Runs `make` unless its outputs are there and the inputs' content is what it was the last time. */
async function step(name, inputs, outputs, make) {
  const hash = createHash("sha256");
  for (const path of inputs.flatMap(filesBelow)) hash.update(path).update(readFileSync(path));
  const digest = hash.update(process.version).digest("hex");
  const stamp = `build/stamps/${name}`;
  if (outputs.every((path) => existsSync(path)) && existsSync(stamp) && readFileSync(stamp, "utf8") === digest) return;
  const started = Date.now();
  await make();
  mkdirSync(dirname(stamp), { recursive: true });
  writeFileSync(stamp, digest);
  say(`${name} (${((Date.now() - started) / 1000).toFixed(1)} s)`);
}

/** Debian's packages, for what must be there: [file that shows it, package]. */
const DEBIAN_BUILD = [
  ["/usr/bin/gcc", "gcc"],
  ["/usr/bin/g++", "g++"],
  ["/usr/bin/musl-gcc", "musl-tools"],
  ["/usr/bin/strip", "binutils"],
  ["/usr/include/linux/mount.h", "linux-libc-dev"],
  ["/bin/busybox", "busybox-static"],
];
const DEBIAN_TEST = [
  ["/usr/sbin/runc", "runc"],
  ["/usr/bin/crun", "crun"],
  [`/usr/lib/${ARCH}-linux-gnu/libseccomp.so.2`, "libseccomp2"],
  ["/usr/bin/qemu-system-x86_64", "qemu-system-x86"],
  ["/usr/bin/cpio", "cpio"],
  ["/usr/bin/strace", "strace"],
  ["/usr/bin/script", "bsdutils"],
  ["/usr/sbin/mke2fs", "e2fsprogs"],
  ["/usr/sbin/apparmor_parser", "apparmor"],
];
/** To make the newest crun and runc (bench/peers.mjs). */
const DEBIAN_BENCH = [
  ["/usr/bin/patchelf", "patchelf"],
  [`/usr/lib/${ARCH}-linux-gnu/libseccomp.a`, "libseccomp-dev"],
  [`/usr/bin/pkg-config`, "pkg-config"],
];
/** What not every Debian or Ubuntu has or can have; tests that need it say so when it is not there. */
const DEBIAN_OPTIONAL = [
  ["/usr/sbin/criu", "criu"],
  ["/usr/bin/containerd", "containerd"],
  [["/usr/sbin/dockerd", "/usr/bin/dockerd"], "docker.io"],
  ["/usr/bin/podman", "podman"],
  [["/usr/bin/catatonit", "/usr/libexec/podman/catatonit"], "catatonit"],
];

/** The names of those packages of which no file is there. */
function missingOf(wanted) {
  return wanted.filter(([files]) => ![files].flat().some((file) => existsSync(file))).map(([, name]) => name);
}

function debianPackages(wanted) {
  const missing = missingOf(wanted);
  if (missing.length === 0) return;
  const isRoot = process.getuid?.() === 0;
  if (!isRoot || !existsSync("/usr/bin/apt-get"))
    fail(`missing: ${missing.join(" ")}; install these packages, then run again`);
  say(`Debian packages: ${missing.join(" ")} (a minute or two)`);
  run("apt-get", ["update", "-qq"], { env: APT_ENV });
  run("apt-get", [...APT_INSTALL, ...missing], { env: APT_ENV });
}

const APT_ENV = { ...process.env, DEBIAN_FRONTEND: "noninteractive" };
// Another set-up on the same machine may hold the lock: wait for it.
const APT_INSTALL = ["-o", "DPkg::Lock::Timeout=300", "install", "-y", "-qq", "--no-install-recommends"];

function debianOptional(wanted) {
  const missing = missingOf(wanted);
  if (missing.length === 0 || process.getuid?.() !== 0 || !existsSync("/usr/bin/apt-get")) return;
  say(`Debian packages: ${missing.join(" ")} (a minute or two)`);
  spawnSync("apt-get", ["update", "-qq"], { env: APT_ENV, stdio: "ignore" });
  for (const name of missing) {
    const { status } = spawnSync("apt-get", [...APT_INSTALL, name], { env: APT_ENV, stdio: "ignore" });
    if (status !== 0) say(`no package ${name}: tests that need it are skipped`);
  }
}

async function npmPackages() {
  await step(
    "npm-packages",
    ["package.json", "package-lock.json"],
    ["node_modules/esbuild", "node_modules/typescript"],
    () => {
      say("npm packages (half a minute)");
      // No package needs its install script here; esbuild's only replaces a launcher.
      run("npm", ["ci", "--ignore-scripts", "--no-audit", "--no-fund"]);
    },
  );
}

async function generated() {
  await step("types-and-validators", ["schemas"], ["src/config/generated/validate-config.js"], () =>
    run("node", ["schemas/generate.mjs"]),
  );
}

/** Node's headers: beside the executable where a distribution put them, else the package. */
function nodeHeaders() {
  const beside = join(dirname(process.execPath), "..", "include", "node");
  return existsSync(join(beside, "node_api.h")) ? beside : "node_modules/node-api-headers/include";
}

async function nodeHostParts() {
  await step("node-addon", ["native/addon", "native/common"], ["build/node/addon.node"], () => {
    mkdirSync("build/node", { recursive: true });
    const include = [`-I${nodeHeaders()}`, "-Inode_modules/node-addon-api", "-Inative/common"];
    run("gcc", [
      "-O2",
      "-Wall",
      "-Wextra",
      "-Werror",
      "-fPIC",
      "-Inative/common",
      "-c",
      "native/common/raw.c",
      "-o",
      "build/node/raw.o",
    ]);
    run("g++", [
      "-O2",
      "-Wall",
      "-Wextra",
      "-std=c++17",
      "-fPIC",
      "-shared",
      "-Wl,-z,now",
      "-DNODE_GYP_MODULE_NAME=tsrunc",
      "-DNAPI_CPP_EXCEPTIONS",
      ...include,
      "native/addon/addon.cc",
      "build/node/raw.o",
      "-o",
      "build/node/addon.node",
    ]);
  });
  await step("node-program", ["src", "native/pack.mjs", "package-lock.json"], ["build/node/ts-runc.mjs"], async () => {
    const { packNode } = await import("./pack.mjs");
    await packNode("build/node", ARCH);
  });
}

/** The flags of both the compiler tool and the product: warnings are errors, and what can be hardened is. */
const C_FLAGS = [
  "-O2",
  "-Wall",
  "-Wextra",
  "-Wno-unused-parameter",
  "-Wno-sign-compare",
  "-ffunction-sections",
  "-fdata-sections",
  "-fstack-protector-strong",
  "-fno-asynchronous-unwind-tables",
];

/** What the engine is written for: signed overflow wraps. Without the padding between functions and loops it is 2 % smaller and not slower. */
const ENGINE_FLAGS = [
  "-fwrapv",
  "-fno-align-functions",
  "-fno-align-loops",
  "-fno-align-jumps",
  "-w", // its warnings are its authors'
  "-D_GNU_SOURCE",
  '-DCONFIG_VERSION="2026-06-04"',
];
const INCLUDE = [`-I${QUICKJS}`, "-Inative/common", "-Inative/engine", "-idirafter", KERNEL_HEADERS];
/** The engine's units; that of quickjs.c has what we need of its insides. */
const ENGINE_UNITS = [
  "native/engine/engine",
  ...["cutils", "dtoa", "libregexp", "libunicode"].map((unit) => `${QUICKJS}/${unit}`),
];
const engineObjects = (folder) => ENGINE_UNITS.map((unit) => `${folder}/${unit.split("/").pop()}.o`);

async function quickjsSource() {
  await step("quickjs-source", ["native/quickjs.mjs", HOT_FUNCTIONS], [`${QUICKJS}/quickjs.c`], async () => {
    say("QuickJS, from the crates registry");
    await fetchEngine(QUICKJS).catch((error) => fail(error.message));
    // musl's own folder lacks the kernel's headers; only these three may come from the host's, or glibc's would be mixed in.
    mkdirSync(KERNEL_HEADERS, { recursive: true });
    for (const [name, target] of [
      ["linux", "/usr/include/linux"],
      ["asm-generic", "/usr/include/asm-generic"],
      ["asm", `/usr/include/${ARCH}-linux-gnu/asm`],
    ])
      run("ln", ["-sfn", target, join(KERNEL_HEADERS, name)]);
  });
}

async function quickjs() {
  await quickjsSource();
  const inputs = [
    "native/quickjs.mjs",
    "native/engine/engine.c",
    "native/engine/engine.h",
    HOT_FUNCTIONS,
    "native/setup.mjs",
  ];
  await step("quickjs", inputs, engineObjects(QUICKJS), () => {
    say("compiling QuickJS (a quarter of a minute)");
    compileEngine(QUICKJS, []);
  });
}

function compileEngine(folder, flags) {
  for (const [index, object] of engineObjects(folder).entries())
    run("musl-gcc", [
      ...C_FLAGS,
      ...ENGINE_FLAGS,
      ...flags,
      ...INCLUDE,
      "-c",
      `${ENGINE_UNITS[index]}.c`,
      "-o",
      object,
    ]);
}

/** One static executable: QuickJS, the image of its heap, the bytecode of the other chunks, a few hundred lines of C. */
async function buildEngine(out, main, defines, engine = engineObjects(QUICKJS)) {
  const { packEngine } = await import("./pack.mjs");
  const folder = `build/engine/${out.split("/").pop()}`;
  mkdirSync(folder, { recursive: true });
  mkdirSync("dist", { recursive: true });
  run("musl-gcc", [
    "-O2",
    "-static",
    ...INCLUDE,
    "native/engine/compile.c",
    "native/engine/pack.c",
    "native/engine/unpack.c",
    ...engineObjects(QUICKJS),
    "-lm",
    "-o",
    "build/engine/compile",
  ]);
  const scripts = await packEngine(folder, ARCH, main);
  run("build/engine/compile", [folder, ...scripts.map(([name, path]) => `${name}=${path}`)]);
  const names = scripts.map(([name]) => name);
  writeFileSync(`${folder}/chunks.c`, chunkTable(names));
  const link = (image, chunks, target) => {
    writeFileSync(`${folder}/image.S`, imageSource(image) + chunkData(names, chunks, folder));
    run("musl-gcc", [
      ...C_FLAGS,
      ...defines,
      "-static",
      "-Wl,--gc-sections",
      "-Wl,-z,noexecstack",
      `-Wl,--section-start=.tsrimage=${IMAGE_ADDRESS}`,
      ...INCLUDE,
      "native/engine/main.c",
      "native/engine/host.c",
      "native/engine/heap.c",
      "native/engine/seal.c",
      "native/engine/unpack.c",
      "native/common/raw.c",
      ...(defines.includes("-DTSR_PROFILE") ? ["native/common/profile.c"] : []),
      `${folder}/chunks.c`,
      `${folder}/image.S`,
      ...engine,
      "-lm",
      "-o",
      target,
    ]);
  };
  // Twice: the first program makes the image of its heap (native/engine/heap.h), the second one has it. The quad is IMAGE_WANTED.
  link(".quad 0x1f7473722d6d616b\n.space 4 << 20", names, `${folder}/maker`);
  for (let time = 0; time < 2; time++)
    run(`${folder}/maker`, [`${folder}/image.bin`, `${folder}/transient`, ...IN_IMAGE]);
  const rest = names.filter((name) => !IN_IMAGE.includes(name));
  link(`.incbin "${folder}/image.bin"`, rest, `${folder}/program`);
  if (addresses(`${folder}/maker`) !== addresses(`${folder}/program`)) fail(`${out}: the two links differ in layout`);
  run("strip", [`${folder}/program`, "-o", `${folder}/stripped`]);
  writeInPieces(`${out}.new`, readFileSync(`${folder}/stripped`));
  renameSync(`${out}.new`, out);
}

/**
 * The page cache holds a file in the pieces that it was written in, and a fault may map such a piece whole: of larger ones more is mapped that
 * nobody uses, of smaller ones there are more faults.
 */
function writeInPieces(path, content) {
  const PIECE = 32 * 1024;
  const file = openSync(path, "w", 0o755);
  for (let at = 0; at < content.length; at += PIECE) writeSync(file, content, at, Math.min(PIECE, content.length - at));
  closeSync(file);
}

/** Far from everything else, so that its size moves nothing. */
const IMAGE_ADDRESS = "0x10000000";
/** What is run when the image is made, and is not in the executable in any other form. */
const IN_IMAGE = ["hot", "warm"];

function imageSource(content) {
  return `.section .tsrimage,"aw",%progbits\n.balign 4096\n.global tsr_image\ntsr_image:\n${content}\n.balign 4096\n.global tsr_image_end\ntsr_image_end:\n`;
}

/** All symbols but those that follow from the sizes of image and chunks. */
function addresses(program) {
  const lines = run("nm", ["-n", program]).split("\n");
  return lines.filter((line) => !/ (tsr_image_end|chunk_\w+|_edata|_end|__bss_start)$/.test(line)).join("\n");
}

const symbol = (name) => name.replace(/[^a-z0-9]/gi, "_");

function chunkTable(names) {
  const externs = names
    .map((name) => `extern const uint8_t chunk_${symbol(name)}[], chunk_${symbol(name)}_end[];`)
    .join("\n");
  const rows = names.map((name) => `\t{ "${name}", chunk_${symbol(name)}, chunk_${symbol(name)}_end },`).join("\n");
  return `#include "chunks.h"\n${externs}\nconst struct tsr_chunk tsr_chunks[] = {\n${rows}\n};\nconst size_t tsr_chunk_count = ${names.length};\n`;
}

/** The chunks behind the image; those that are not `present` are empty, so that the table is the same in both links. */
function chunkData(names, present, folder) {
  const parts = names.map((name) => {
    const content = present.includes(name) ? `.incbin "${folder}/${name}.bin"\n` : "";
    return `.balign 8\n.global chunk_${symbol(name)}\nchunk_${symbol(name)}:\n${content}.global chunk_${symbol(name)}_end\nchunk_${symbol(name)}_end:`;
  });
  return `${parts.join("\n")}\n.section .note.GNU-stack,"",%progbits\n`;
}

const ENGINE_INPUTS = [
  "src",
  "native/engine",
  "native/common",
  "native/pack.mjs",
  "native/quickjs.mjs",
  "native/setup.mjs",
  "package-lock.json",
];

async function engine() {
  await step("engine", ENGINE_INPUTS, ["dist/ts-runc"], () => buildEngine("dist/ts-runc", undefined, []));
}

/** The test build: the same program with the fault-injecting host in between. */
async function faultEngine() {
  await step("engine-with-faults", ENGINE_INPUTS, ["build/ts-runc-faults"], () =>
    buildEngine("build/ts-runc-faults", "src/main-engine-faults.ts", ["-DTSR_FAULTS"]),
  );
}

/** The profiling build: it writes down when each system call began and ended (native/common/profile.c). */
async function profileEngine() {
  await step("engine-with-profile", ENGINE_INPUTS, ["build/ts-runc-profile"], () =>
    buildEngine("build/ts-runc-profile", undefined, ["-DTSR_PROFILE"]),
  );
}

/** A build that counts calls of the engine's functions (bench/hot-functions.mjs). */
async function countHotFunctions() {
  const folder = "build/coverage";
  mkdirSync(folder, { recursive: true });
  // What is inlined before it is counted would be missing.
  compileEngine(folder, ["--coverage", "-fprofile-update=single", "-fno-inline"]);
  await buildEngine("build/ts-runc-coverage", undefined, ["-DTSR_COVERAGE"], [...engineObjects(folder), "-lgcov"]);
  become("node", ["bench/hot-functions.mjs", "build/ts-runc-coverage", folder, HOT_FUNCTIONS]);
}

/** The script itself sees what is missing, in a few milliseconds. */
function bundleRoots() {
  run("sh", ["bundles/rootfs.sh"]);
}

async function build() {
  if (ARCH === undefined) fail(`found the architecture ${process.arch}, want x64 or arm64`);
  debianPackages(DEBIAN_BUILD);
  await npmPackages();
  await generated();
  await nodeHostParts();
  await quickjs();
  await engine();
  bundleRoots();
}

/** Hands over to a program whose output is ours. */
function become(command, args, env = {}) {
  const result = spawnSync(command, args, { stdio: "inherit", env: { ...process.env, ...env } });
  process.exit(result.status ?? 1);
}

const verb = process.argv[2] ?? "build";
const rest = process.argv.slice(3);
await build();
if (verb === "demo") become("bash", ["bundles/demo.sh"]);
else if (verb === "test") {
  debianPackages(DEBIAN_TEST);
  debianOptional(DEBIAN_OPTIONAL);
  await faultEngine();
  become("node", ["test/run.mjs", ...rest]);
} else if (verb === "vm") {
  debianPackages(DEBIAN_TEST);
  debianOptional(DEBIAN_OPTIONAL);
  become("node", ["test/run.mjs", "--only", "conformance/vm/"], rest.length > 0 ? { TSRUNC_VM: rest.join(",") } : {});
} else if (verb === "managers") {
  debianPackages(DEBIAN_TEST);
  debianOptional(DEBIAN_OPTIONAL);
  become("node", ["test/run.mjs", "--only", "conformance/managers/"]);
} else if (verb === "bench") {
  debianPackages([...DEBIAN_TEST, ...DEBIAN_BENCH]);
  become("node", ["bench/run.mjs", ...rest]);
} else if (verb === "conformance") become("node", ["conformance/runtime-tools/run.mjs", ...rest]);
else if (verb === "profile") {
  await profileEngine();
  become("node", ["bench/profile.mjs", ...rest]);
} else if (verb === "hot-functions") await countHotFunctions();
else if (verb === "faults") await faultEngine();
else if (verb === "check") become("node", ["test/check.mjs"]);
