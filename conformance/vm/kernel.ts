/** Debian's stock cloud kernels: the newest package of a series, fetched through apt once and kept in build/vm. */
import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { basename, join } from "node:path";
import process from "node:process";

/** Everything that is fetched or made for virtual machines; ignored by git. */
export const VM_FOLDER = "build/vm";
export const QEMU = "qemu-system-x86_64";

/** What a boot needs and has found, or why there can be none. Modules are plain .ko files in the order in which they load. */
export type Kernel = { image: string; release: string; modules: string[] } | { missing: string };

/** Modules of the cloud kernels that the guests use, and why. */
const MODULES = [
  "bfq", // an I/O scheduler with a weight file of its own
  "overlay", // image layers
  ...["veth", "dummy", "tun"], // network devices to move, to make; criu wants tun and veth too
  ...["unix_diag", "tcp_diag", "udp_diag", "raw_diag", "netlink_diag", "af_packet_diag"], // criu asks for sockets through them
  ...["nf_tables", "nf_conntrack_netlink"], // criu locks connections with the one, and asks for them through the other
];

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
find lib/modules -name '*.ko.xz' | while read -r path; do busybox xzcat "$path" >"\${path%.xz}" && rm "$path"; done
rm -f "$1"`;

/** Modules with those that they depend on, each after these; a name that the kernel has no module of is built in. */
function withDependencies(names: readonly string[], paths: ReadonlyMap<string, string>): string[] {
  const ordered: string[] = [];
  const add = (name: string): void => {
    const path = paths.get(name);
    if (path === undefined || ordered.includes(path)) return;
    // .modinfo holds `depends=a,b`, with a NUL on both sides.
    const depends = /\0depends=([^\0]*)\0/.exec(readFileSync(path, "latin1"))?.[1] ?? "";
    for (const other of depends.split(",")) add(moduleName(other));
    ordered.push(path);
  };
  for (const name of names) add(name);
  return ordered;
}

/** Files have dashes where the kernel's names have underscores. */
const moduleName = (file: string) => file.replace(/\.ko$/, "").replaceAll("-", "_");

/** What was unpacked before, undefined when nothing was. */
function unpacked(folder: string): Kernel | undefined {
  if (!existsSync(join(folder, "boot"))) return undefined;
  const image = readdirSync(join(folder, "boot")).find((entry) => entry.startsWith("vmlinuz-"));
  if (image === undefined) return undefined;
  const modules = (output("find", [join(folder, "lib/modules"), "-name", "*.ko"]) ?? "").trim().split("\n");
  const paths = new Map(modules.map((path) => [moduleName(basename(path)), path]));
  return {
    image: join(folder, "boot", image),
    release: image.slice("vmlinuz-".length),
    modules: withDependencies(MODULES, paths),
  };
}

/** The kernel of a series ("6.1", "6.12"), or what is missing: a program, the package, the network. */
export function findKernel(series: string): Kernel {
  for (const program of [QEMU, "cpio", "busybox", "mke2fs"])
    if (programPath(program) === undefined) return { missing: `${program} is not installed` };
  const folder = join(VM_FOLDER, series);
  const kept = unpacked(folder);
  if (kept !== undefined) return kept;
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
