/** One QEMU boot of a stock Debian kernel: its package fetched, an initramfs packed, TAP read off the serial console. */
import { spawnSync } from "node:child_process";
import {
  chmodSync,
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import process from "node:process";

const FOLDER = "build/vm";
const QEMU = "qemu-system-x86_64";
const BOOT_TIMEOUT_MS = 90_000;

/** What a boot needs and has found, or why there can be none. */
export type Kernel = { image: string } | { missing: string };

/** Output of a program; undefined when it is missing or fails. */
function output(command: string, args: string[], cwd = "."): string | undefined {
  const result = spawnSync(command, args, { cwd, encoding: "utf8", timeout: 120_000 });
  return result.status === 0 ? result.stdout : undefined;
}

function isThere(command: string): boolean {
  return (process.env["PATH"] ?? "").split(":").some((folder) => existsSync(join(folder, command)));
}

/** The kernel image in a folder of packages that were unpacked before. */
function imageIn(folder: string): string | undefined {
  if (!existsSync(folder)) return undefined;
  const name = readdirSync(folder).find((entry) => entry.startsWith("vmlinuz-"));
  return name === undefined ? undefined : join(folder, name);
}

/** Package names of one series, newest last: linux-image-6.1.0-56-cloud-amd64, …-6.12.117+deb12-cloud-amd64. */
function packagesOf(series: string): string[] {
  const listed = output("apt-cache", ["pkgnames", `linux-image-${series}.`]) ?? "";
  const number = (name: string) => name.split(/[^0-9]+/).map(Number);
  return listed
    .split("\n")
    .filter((name) => name.endsWith("-cloud-amd64"))
    .sort((a, b) => {
      const [left, right] = [number(a), number(b)];
      const at = left.findIndex((value, index) => value !== right[index]);
      return at < 0 ? 0 : (left[at] ?? 0) - (right[at] ?? 0);
    });
}

/** The image of Debian's cloud kernel of a series ("6.1"), downloaded through apt once and kept in build/vm. */
export function findKernel(series: string): Kernel {
  for (const program of [QEMU, "cpio", "busybox"]) {
    if (!isThere(program)) return { missing: `${program} is not installed` };
  }
  const boot = join(FOLDER, series, "boot");
  const kept = imageIn(boot);
  if (kept !== undefined) return { image: kept };
  const found = packagesOf(series).at(-1);
  if (found === undefined) return { missing: `apt knows no linux-image-${series}*-cloud-amd64` };
  const download = join(FOLDER, series);
  mkdirSync(download, { recursive: true });
  if (output("apt-get", ["-qq", "download", found], download) === undefined)
    return { missing: `apt-get could not download ${found}` };
  const archive = readdirSync(download).find((name) => name.endsWith(".deb")) ?? "";
  // Only the image: everything that the tests need is built into this kernel.
  const unpack = 'dpkg-deb --fsys-tarfile "$1" | tar -x ./boot';
  output("sh", ["-c", unpack, "sh", archive], download);
  rmSync(join(download, archive), { force: true });
  const image = imageIn(boot);
  return image === undefined ? { missing: `${found} holds no kernel image` } : { image };
}

/** What goes into the guest: its script, and a config.json for each bundle /bundles/NAME. */
export interface Guest {
  script: string;
  bundles: Record<string, unknown>;
}

/** Packs the initramfs; plain cpio, since unpacking gzip would cost the emulated processor more than reading. */
function packInitramfs(guest: Guest, work: string): string {
  const root = join(work, "root");
  for (const folder of ["bin", "dev", "proc", "sys", "tmp", "run", "new", "etc", "bundles"])
    mkdirSync(join(root, folder), { recursive: true });
  const busybox = (output("sh", ["-c", "command -v busybox"]) ?? "").trim();
  copyFileSync(busybox, join(root, "bin/busybox"));
  for (const applet of (output(busybox, ["--list"]) ?? "")
    .split("\n")
    .filter((name) => name !== "" && name !== "busybox"))
    symlinkSync("busybox", join(root, "bin", applet));
  copyFileSync("dist/ts-runc", join(root, "bin/ts-runc"));
  chmodSync(join(root, "bin/ts-runc"), 0o755);
  for (const name of ["init", "tap.sh"]) copyFileSync(join("conformance/vm/guest", name), join(root, name));
  copyFileSync(guest.script, join(root, "test.sh"));
  chmodSync(join(root, "init"), 0o755);
  for (const [name, config] of Object.entries(guest.bundles)) {
    mkdirSync(join(root, "bundles", name));
    writeFileSync(join(root, "bundles", name, "config.json"), JSON.stringify(config));
  }
  const image = join(work, "initramfs.cpio");
  if (
    output("sh", ["-c", 'find . | cpio --quiet -o -H newc -R 0:0 > "$1"', "sh", "../initramfs.cpio"], root) ===
    undefined
  )
    throw new Error("cpio could not pack the initramfs");
  return image;
}

/** One assertion of the guest. */
export interface GuestResult {
  ok: boolean;
  name: string;
  /** Lines that the guest printed about a failure. */
  notes: string[];
}

/** All that came over the console. */
export interface BootResult {
  results: GuestResult[];
  /** Number of assertions that the guest says it made; undefined: it did not reach its end. */
  plan: number | undefined;
  console: string;
  seconds: number;
}

/** The guest's TAP: its lines begin with "TAP ", so that the kernel's own lines do not disturb. */
export function parseConsole(text: string): Pick<BootResult, "results" | "plan"> {
  const results: GuestResult[] = [];
  let plan: number | undefined;
  for (const raw of text.split("\n")) {
    const line = /TAP (.*)$/.exec(raw.replace(/\r/g, ""))?.[1];
    if (line === undefined) continue;
    const assertion = /^(not ok|ok) [0-9]+ - (.*)$/.exec(line);
    const planned = /^1\.\.([0-9]+)$/.exec(line);
    if (assertion !== null) results.push({ ok: assertion[1] === "ok", name: assertion[2] ?? "", notes: [] });
    else if (planned !== null) plan = Number(planned[1]);
    else results.at(-1)?.notes.push(line);
  }
  return { results, plan };
}

/** Boots a kernel with a guest and waits for its end, at most 90 s. */
export function boot(image: string, guest: Guest): BootResult {
  mkdirSync(FOLDER, { recursive: true });
  const work = mkdtempSync(join(FOLDER, "boot-"));
  try {
    const initramfs = packInitramfs(guest, work);
    const serial = join(work, "serial.log");
    const started = Date.now();
    spawnSync(
      QEMU,
      [
        ...["-accel", "tcg,thread=multi", "-cpu", "max", "-smp", "2", "-m", "512"],
        ...["-display", "none", "-monitor", "none", "-nic", "none", "-no-reboot", "-serial", `file:${serial}`],
        ...["-kernel", image, "-initrd", initramfs],
        ...["-append", "console=ttyS0 panic=-1 quiet mitigations=off random.trust_cpu=on cgroup_no_v1=all"],
      ],
      { timeout: BOOT_TIMEOUT_MS, killSignal: "SIGKILL", stdio: "ignore" },
    );
    const console = existsSync(serial) ? readFileSync(serial, "utf8") : "";
    return { ...parseConsole(console), console, seconds: (Date.now() - started) / 1000 };
  } finally {
    rmSync(work, { recursive: true, force: true });
  }
}
