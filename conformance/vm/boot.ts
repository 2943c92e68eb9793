/** One boot under QEMU, without KVM: results come over the second serial port, the kernel's words over the first. */
import { spawn } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, rmSync, truncateSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { Parser } from "tap-parser";
import { type Guest, packInitramfs } from "./image.ts";
import { QEMU, VM_FOLDER } from "./kernel.ts";

const BOOT_TIMEOUT_MS = 600_000;
/** Bytes of the empty disk that block I/O limits are set on. */
const BLANK_DISK = 64 << 20;

/** One assertion of the guest. */
export interface GuestResult {
  name: string;
  ok: boolean;
  /** Reason of a skipped one, or true. */
  skip: string | boolean;
  todo: string | boolean;
  /** What the guest says about a failure. */
  diag: unknown;
}

/** One program of the guest that printed TAP. */
export interface Section {
  name: string;
  results: GuestResult[];
  /** Exit status; undefined: the guest did not reach its end. */
  status: number | undefined;
  /** Seconds of the guest's clock. */
  seconds: number;
}

/** All that came out of a guest. */
export interface BootResult {
  sections: Section[];
  /** The guest powered off by itself. */
  finished: boolean;
  console: string;
  seconds: number;
}

/** Assertions of a TAP text, those of subtests under the subtest's name. */
export function parseTap(text: string): GuestResult[] {
  const results: GuestResult[] = [];
  const parser = new Parser();
  const watch = (tap: Parser, prefix: string, subtests: Set<string>) => {
    tap.on("child", (inner: Parser) => {
      subtests.add(inner.name);
      watch(inner, `${prefix}${inner.name} > `, new Set());
    });
    tap.on("assert", ({ name, ok, skip, todo, diag }) => {
      // A subtest's own line says nothing that its lines have not said, unless there are none.
      if (subtests.has(name) && !skip && !todo) return;
      results.push({ name: `${prefix}${name}`, ok, skip, todo, diag });
    });
  };
  watch(parser, "", new Set());
  parser.end(text);
  return results;
}

/** Cuts the second port's text at its `@@ begin NAME` and `@@ end STATUS from UPTIME to UPTIME` lines. */
export function parseSections(text: string): Section[] {
  return text
    .replaceAll("\r", "")
    .split(/^@@ begin /m)
    .slice(1)
    .map((part) => {
      const line = part.indexOf("\n");
      const end = /^@@ end ([0-9]+) from ([0-9.]+) to ([0-9.]+)$/m.exec(part);
      const tap = part.slice(line + 1, end?.index);
      return {
        name: part.slice(0, line),
        results: parseTap(tap),
        status: end === null ? undefined : Number(end[1]),
        seconds: end === null ? 0 : Number(end[3]) - Number(end[2]),
      };
    });
}

/** Boots a kernel with a guest and waits for its end, at most seven minutes: one takes two and a half on an idle machine. The disk is read only: what the guest writes to it is dropped. */
export async function boot(image: string, guest: Guest, disk: string): Promise<BootResult> {
  const work = mkdtempSync(join(VM_FOLDER, "boot-"));
  try {
    const initramfs = packInitramfs(guest, work);
    const [console, results, blank] = ["console", "results", "blank"].map((name) => join(work, name)) as [
      string,
      string,
      string,
    ];
    writeFileSync(blank, "");
    truncateSync(blank, BLANK_DISK);
    const started = Date.now();
    const arguments_ = [
      // One thread for both processors: with one each, QEMU may run an instruction that the other has just patched (a static key, which
      // every first cpuset switches), and the kernel dies of a stray int3. Two boots side by side keep two real processors busy all the same.
      // Two memory nodes with a processor each, so that cpuset.mems has a choice.
      ...["-accel", "tcg,thread=single", "-cpu", "max,la57=off", "-smp", "2", "-m", "1024"],
      ...["-object", "memory-backend-ram,id=m0,size=512M", "-object", "memory-backend-ram,id=m1,size=512M"],
      ...["-numa", "node,cpus=0,memdev=m0", "-numa", "node,cpus=1,memdev=m1"],
      ...["-display", "none", "-monitor", "none", "-nic", "none", "-no-reboot"],
      ...["-serial", `file:${console}`, "-serial", `file:${results}`],
      // NVMe and ext4 are built into the cloud kernels: the disks need no module.
      ...["-drive", `file=${disk},if=none,id=d0,format=raw,snapshot=on`, "-device", "nvme,drive=d0,serial=d0"],
      ...["-drive", `file=${blank},if=none,id=d1,format=raw`, "-device", "nvme,drive=d1,serial=d1"],
      ...["-kernel", image, "-initrd", initramfs, "-append", commandLine(guest)],
    ];
    await new Promise<void>((resolve, reject) => {
      const child = spawn(QEMU, arguments_, { stdio: "ignore" });
      const timer = setTimeout(() => child.kill("SIGKILL"), BOOT_TIMEOUT_MS);
      child.on("error", reject);
      child.on("close", () => {
        clearTimeout(timer);
        resolve();
      });
    });
    const read = (path: string) => (existsSync(path) ? readFileSync(path, "utf8") : "");
    const text = read(results);
    return {
      sections: parseSections(text),
      finished: /^@@ done\r?$/m.test(text),
      console: read(console),
      seconds: (Date.now() - started) / 1000,
    };
  } finally {
    rmSync(work, { recursive: true, force: true });
  }
}

function commandLine(guest: Guest): string {
  const words = "console=ttyS0 panic=-1 quiet mitigations=off random.trust_cpu=on apparmor=1 security=apparmor";
  const pages = "hugepagesz=2M hugepages=8";
  return guest.layout === "v2" ? `${words} ${pages} cgroup_no_v1=all` : `${words} ${pages}`;
}
