/** Debian's stock cloud kernels: the newest package of a series, fetched through apt once and kept in build/vm. */
import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync, readdirSync, rmSync } from "node:fs";
import { basename, join } from "node:path";
import process from "node:process";

/** Everything that is fetched or made for virtual machines; ignored by git. */
export const VM_FOLDER = "build/vm";
export const QEMU = "qemu-system-x86_64";

/** What a boot needs and has found, or why there can be none. Modules are plain .ko files in the order in which they load. */
export type Kernel = { image: string; release: string; modules: string[] } | { missing: string };

/** Modules of the cloud kernels that the guests use: the BFQ scheduler has a weight file of its own. */
const MODULES = ["kernel/block/bfq.ko", "kernel/fs/overlayfs/overlay.ko"];

/** Output of a program; undefined when it is missing or fails. */
export function output(command: string, args: string[], cwd = "."): string | undefined {
  const result = spawnSync(command, args, { cwd, encoding: "utf8", timeout: 120_000 });
  return result.status === 0 ? result.stdout : undefined;
}

/** Full path of a program that PATH has, undefined when it has none. */
export function programPath(command: string): string | undefined {
  const folders = [...(process.env["PATH"] ?? "").split(":"), "/usr/sbin", "/sbin"];
  return folders.map((folder) => join(folder, command)).find((path) => existsSync(path));
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

/** Unpacks the image and the modules. 6.12's modules are compressed; the guest's insmod wants them plain. */
const UNPACK = `
dpkg-deb --fsys-tarfile "$1" | tar -x ./boot ./lib/modules
find lib/modules -name '*.ko.xz' | while read -r path; do busybox xzcat "$path" >"\${path%.xz}"; done
rm -f "$1"`;

/** What was unpacked before, undefined when nothing was. */
function unpacked(folder: string): Kernel | undefined {
  if (!existsSync(join(folder, "boot"))) return undefined;
  const image = readdirSync(join(folder, "boot")).find((entry) => entry.startsWith("vmlinuz-"));
  if (image === undefined) return undefined;
  const release = image.slice("vmlinuz-".length);
  const modules = MODULES.map((path) => join(folder, "lib/modules", release, path));
  const lost = modules.find((path) => !existsSync(path));
  if (lost !== undefined) return { missing: `the kernel ${release} has no module ${basename(lost)}` };
  return { image: join(folder, "boot", image), release, modules };
}

/** The kernel of a series ("6.1", "6.12"), or what is missing: a program, the package, the network. */
export function findKernel(series: string): Kernel {
  for (const program of [QEMU, "cpio", "busybox", "mke2fs"])
    if (programPath(program) === undefined) return { missing: `${program} is not installed` };
  const folder = join(VM_FOLDER, series);
  const kept = unpacked(folder);
  if (kept !== undefined && !("missing" in kept)) return kept;
  const found = packagesOf(series).at(-1);
  if (found === undefined) return { missing: `apt knows no linux-image-${series}*-cloud-amd64` };
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  if (output("apt-get", ["-qq", "download", found], folder) === undefined)
    return { missing: `apt-get could not download ${found}` };
  const archive = readdirSync(folder).find((name) => name.endsWith(".deb")) ?? "";
  output("sh", ["-ec", UNPACK, "sh", archive], folder);
  return unpacked(folder) ?? { missing: `${found} holds no kernel image` };
}
