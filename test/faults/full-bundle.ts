/** One bundle that uses everything, and the probe by which a run of it is judged. */
import { chmodSync, existsSync, mkdirSync, readFileSync, readlinkSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Sandbox, TestConfig } from "../support/sandbox.ts";

const NAMESPACES = ["cgroup", "ipc", "mnt", "net", "pid", "uts"] as const;

/**
 * What the process prints of itself: every restriction of the config shows in it. It has its name only once it is whole, so that a process
 * that was killed meanwhile is not taken for one whose restrictions were missing.
 */
export function probe(): string {
  const spaces = NAMESPACES.map(
    (name) => `[ "$(readlink /proc/self/ns/${name})" = "${readlinkSync(`/proc/self/ns/${name}`)}" ]; echo ${name} $?`,
  );
  return `{
grep -E "^(Uid|Gid|Groups|Cap|NoNewPrivs|Seccomp:|Umask|SigIgn|SigBlk)" /proc/self/status
cut -d" " -f4- /proc/self/mountinfo | sed "s/master:[0-9]*//"
grep -E "open files|core" /proc/self/limits
cat /proc/self/oom_score_adj /proc/sys/net/ipv4/ip_forward; hostname; pwd; env | sort
uname -m; ionice; cut -d" " -f19 /proc/self/stat
${spaces.join("\n")}
for file in memory/memory.limit_in_bytes pids/pids.max devices/devices.list memory.max pids.max; do
  [ -e /sys/fs/cgroup/$file ] && cat /sys/fs/cgroup/$file
done
wc -c < /proc/keys; ls /proc/acpi 2>/dev/null | wc -l; ls -la /dev | wc -l
touch /ro/x 2>&1; touch /x 2>&1; mkdir /tmp/refused 2>&1; echo 0 2>&1 > /proc/sys/kernel/panic
ls /proc/self/fd | wc -l
} > /out/probe.part 2>/dev/null; mv /out/probe.part /out/probe`;
}

/**
 * `plain`: no user namespace; `user`: a new one; `join`: the IPC namespace is joined, so that there is a stage between parent and init; `pids`: that of pids
 * is, so that the stage builds the tree and makes init last.
 */
export type Variant = "plain" | "user" | "join" | "pids";

/** A bundle with a writable /out that the host can read. */
export class FullBundle {
  readonly folder: string;
  readonly #out: string;
  readonly #hookLog: string;

  constructor(box: Sandbox, variant: Variant, args = ["sh", "-c", probe()]) {
    this.folder = box.bundle(args);
    this.#out = join(this.folder, "out");
    this.#hookLog = join(this.folder, "hooks.log");
    mkdirSync(this.#out);
    // The process is another user; chmod, as the umask counts for mkdir.
    chmodSync(this.#out, 0o777);
    chmodSync(this.folder, 0o755);
    mkdirSync(join(this.folder, "ro"));
    // A user namespace's root may make nothing in the host's folders: mount points are there, and the way to them is open.
    chmodSync(box.folder, 0o755);
    for (const name of ["out", "ro", "tmp"]) mkdirSync(join(this.folder, "rootfs", name), { recursive: true });
    const path = join(this.folder, "config.json");
    const config = JSON.parse(readFileSync(path, "utf8")) as TestConfig;
    configure(config, variant);
    const hook = (name: string) => ({
      path: "/bin/sh",
      args: ["sh", "-c", `cat >/dev/null; echo ${name} >> ${this.#hookLog}`],
      env: ["PATH=/bin:/usr/bin"],
    });
    config.hooks = {
      prestart: [hook("prestart")],
      createRuntime: [hook("createRuntime")],
      createContainer: [hook("createContainer")],
      startContainer: [{ path: "/bin/true" }],
      poststart: [hook("poststart")],
      poststop: [hook("poststop")],
    };
    writeFileSync(path, JSON.stringify(config));
  }

  /** The probe's text without this bundle's own path; undefined when the process did not come so far. */
  readProbe(): string | undefined {
    const path = join(this.#out, "probe");
    return existsSync(path) ? readFileSync(path, "utf8").replaceAll(this.folder, "BUNDLE") : undefined;
  }

  /** Names of the hooks that ran, in order. */
  hooksRun(): string {
    return existsSync(this.#hookLog) ? readFileSync(this.#hookLog, "utf8") : "";
  }

  /** Removes what a run wrote. The hooks' log is there for any user: createContainer hooks run in the container's user namespace. */
  clear(): void {
    for (const path of [join(this.#out, "probe"), join(this.#out, "probe.part")]) rmSync(path, { force: true });
    writeFileSync(this.#hookLog, "");
    chmodSync(this.#hookLog, 0o666);
  }
}

function configure(config: TestConfig, variant: Variant): void {
  config.mounts.push(
    { destination: "/out", type: "bind", source: "out", options: ["rbind", "rw"] },
    { destination: "/ro", type: "bind", source: "ro", options: ["bind", "ro", "nosuid"] },
    { destination: "/tmp", type: "tmpfs", source: "tmpfs", options: ["nosuid", "size=1m", "mode=1777"] },
  );
  config.hostname = "full";
  config.domainname = "sweep";
  config.root.readonly = true;
  config.process.user = { uid: 1000, gid: 1000, additionalGids: [7, 8], umask: 0o027 };
  config.process.cwd = "/tmp";
  config.process.noNewPrivileges = true;
  config.process.scheduler = { policy: "SCHED_BATCH", nice: 3 };
  config.process.ioPriority = { class: "IOPRIO_CLASS_BE", priority: 6 };
  config.linux.personality = { domain: "LINUX32" };
  config.process.oomScoreAdj = 100;
  config.process.rlimits = [{ type: "RLIMIT_NOFILE", soft: 64, hard: 64 }];
  config.linux.namespaces?.push({ type: "cgroup" });
  config.linux.sysctl = { "net.ipv4.ip_forward": "1" };
  config.linux.resources = { ...config.linux.resources, memory: { limit: 64 << 20 }, pids: { limit: 32 } };
  config.linux.seccomp = {
    defaultAction: "SCMP_ACT_ALLOW",
    syscalls: [{ names: ["mkdir", "mkdirat"], action: "SCMP_ACT_ERRNO", errnoRet: 1 }],
  };
  // Our own: any will do, and it outlives the container.
  const joined = { join: "ipc", pids: "pid", plain: "", user: "" }[variant];
  for (const space of config.linux.namespaces ?? []) if (space.type === joined) space.path = `/proc/self/ns/${joined}`;
  if (variant !== "user") return;
  const map = [{ containerID: 0, hostID: 100000, size: 65536 }];
  config.linux.namespaces?.push({ type: "user" });
  config.linux.uidMappings = map;
  config.linux.gidMappings = map;
}
