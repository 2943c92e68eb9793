/** Configs written by hand, one idea each; generate.ts adds others. */
import { readFileSync } from "node:fs";
import process from "node:process";
import type { TestConfig } from "../support/sandbox.ts";
import type { Surroundings } from "./options.ts";
import type { PeerName } from "./peers.ts";

/** One compared config. */
export interface SameConfig {
  name: string;
  change: (config: TestConfig, surroundings: Surroundings) => void;
  /** Names of the options that it was put together from. */
  options?: readonly string[];
  /** Peers that know all of its fields; every one when left out. */
  peers?: readonly PeerName[];
  /** The process has a terminal. */
  terminal?: boolean;
  /** Sent to the probe's standard input. */
  input?: string;
  /** Run in the foreground instead of create, start and delete. */
  foreground?: boolean;
}

type NamespaceKind = TestConfig["linux"]["namespaces"] extends (infer One)[] | undefined ? One : never;

function namespaces(config: TestConfig): NamespaceKind[] {
  return config.linux.namespaces ?? [];
}

function withoutNamespace(config: TestConfig, type: string): void {
  config.linux.namespaces = namespaces(config).filter((namespace) => namespace.type !== type);
}

function capabilities(config: TestConfig, names: string[], ambient: string[] = []): void {
  config.process.capabilities = {
    bounding: names,
    effective: names,
    permitted: names,
    inheritable: ambient,
    ambient,
  };
}

export const CONFIGS: readonly SameConfig[] = [
  { name: "default", change: () => undefined },
  {
    name: "read-only root as spec writes it",
    change: (config) => {
      config.root.readonly = true;
    },
  },
  {
    name: "uid 1000 with capabilities",
    change: (config) => {
      config.process.user = { uid: 1000, gid: 1001 };
      capabilities(config, ["CAP_NET_RAW", "CAP_KILL", "CAP_NET_BIND_SERVICE"], ["CAP_NET_BIND_SERVICE"]);
    },
  },
  {
    name: "uid 1000 with permitted capabilities only",
    change: (config) => {
      config.process.user = { uid: 1000, gid: 1000 };
      config.process.noNewPrivileges = false;
    },
  },
  {
    name: "no capabilities object",
    change: (config) => {
      delete config.process.capabilities;
    },
  },
  {
    name: "cgroup namespace",
    change: (config) => {
      namespaces(config).push({ type: "cgroup" });
    },
  },
  {
    name: "user namespace",
    change: (config) => {
      namespaces(config).push({ type: "user" });
      config.linux.uidMappings = [{ containerID: 0, hostID: 0, size: 65536 }];
      config.linux.gidMappings = [{ containerID: 0, hostID: 0, size: 65536 }];
    },
  },
  {
    name: "read-only root, bind volumes",
    change: (config, { volume }) => {
      config.root.readonly = true;
      config.mounts.push(
        { destination: "/data", type: "bind", source: volume, options: ["bind", "rw", "nosuid"] },
        { destination: "/made/deep", type: "bind", source: volume, options: ["rbind", "ro", "nodev", "noexec"] },
        { destination: "/etc/hosts", type: "bind", source: "/etc/hosts", options: ["bind", "ro"] },
      );
    },
  },
  {
    name: "masked and read-only paths",
    change: (config) => {
      config.linux.maskedPaths = ["/proc/kcore", "/proc/keys", "/sys/firmware", "/etc", "/not/there"];
      config.linux.readonlyPaths = ["/proc/sys", "/tmp", "/root", "/not/there/either"];
    },
  },
  {
    name: "nothing masked",
    change: (config) => {
      delete config.linux.maskedPaths;
      delete config.linux.readonlyPaths;
    },
  },
  {
    name: "host name and sysctls",
    change: (config) => {
      config.hostname = "some.host.example";
      config.linux.sysctl = {
        "net.ipv4.ip_forward": "1",
        "kernel.shm_rmid_forced": "1",
        "fs.mqueue.msg_max": "12",
        "kernel.domainname": "example.org",
      };
    },
  },
  {
    name: "no pid namespace",
    change: (config) => withoutNamespace(config, "pid"),
  },
  {
    name: "no network namespace",
    change: (config) => withoutNamespace(config, "network"),
  },
  {
    name: "no ipc and uts namespaces",
    change: (config) => {
      withoutNamespace(config, "ipc");
      withoutNamespace(config, "uts");
      delete config.hostname;
    },
  },
  {
    name: "Docker's seccomp profile",
    change: (config) => {
      config.linux.seccomp = JSON.parse(readFileSync("test/fixtures/seccomp-docker.json", "utf8"));
    },
  },
  {
    name: "Docker's seccomp profile without no_new_privs, uid 1000",
    change: (config) => {
      config.process.noNewPrivileges = false;
      config.process.user = { uid: 1000, gid: 1000 };
      config.linux.seccomp = JSON.parse(readFileSync("test/fixtures/seccomp-docker.json", "utf8"));
    },
  },
  {
    name: "resource limits of the process",
    change: (config) => {
      config.process.rlimits = [
        { type: "RLIMIT_NOFILE", soft: 64, hard: 128 },
        { type: "RLIMIT_CORE", soft: 0, hard: 0 },
        { type: "RLIMIT_NPROC", soft: 1000, hard: 2000 },
        { type: "RLIMIT_STACK", soft: 1 << 20, hard: 1 << 22 },
        { type: "RLIMIT_FSIZE", soft: 12345678901, hard: 12345678902 },
        { type: "RLIMIT_MSGQUEUE", soft: 1000, hard: 1000 },
      ];
    },
  },
  {
    name: "tmpfs options",
    change: (config) => {
      config.mounts.push(
        {
          destination: "/data",
          type: "tmpfs",
          source: "tmpfs",
          options: ["nosuid", "size=1m", "mode=1750", "uid=7", "gid=8"],
        },
        { destination: "/made/deep", type: "tmpfs", source: "word", options: ["ro", "noatime", "nr_inodes=12"] },
        {
          destination: "/root",
          type: "tmpfs",
          source: "tmpfs",
          options: ["nodiratime", "noexec", "strictatime", "sync"],
        },
      );
    },
  },
  {
    name: "propagation of root and volumes",
    change: (config, { volume }) => {
      config.linux.rootfsPropagation = "slave";
      config.mounts.push(
        { destination: "/data", type: "bind", source: volume, options: ["rbind", "rslave"] },
        { destination: "/made/deep", type: "bind", source: volume, options: ["bind", "private"] },
      );
    },
  },
  {
    name: "extra devices",
    change: (config) => {
      config.linux.devices = [
        { path: "/dev/fuse", type: "c", major: 10, minor: 229, fileMode: 0o640, uid: 12, gid: 34 },
        { path: "/dev/sub/loop", type: "b", major: 7, minor: 3, fileMode: 0o600 },
        { path: "/dev/pipe", type: "p", fileMode: 0o622 },
        { path: "/dev/mode", type: "c", major: 1, minor: 7 },
        // Named by no rule: the node is made, and opening it is refused.
        { path: "/dev/denied", type: "c", major: 1, minor: 1 },
      ];
      config.linux.resources = {
        devices: [
          { allow: false, access: "rwm" },
          { allow: true, type: "c", major: 10, minor: 229, access: "rw" },
          { allow: true, type: "b", major: 7, access: "rwm" },
        ],
      };
    },
  },
  {
    name: "groups, umask, cwd, environment",
    change: (config) => {
      config.process.user = { uid: 1000, gid: 1000, additionalGids: [5, 27, 100000, 2147483647], umask: 0o77 };
      config.process.cwd = "/tmp";
      config.process.env = ["PATH=/bin", "EMPTY=", "TWICE=1", "TWICE=2", "WITH SPACE=a=b", "ÜML=ß\t", "HOME=/given"];
    },
  },
  {
    name: "missing cwd, home of a user without entry",
    change: (config) => {
      config.process.user = { uid: 4242, gid: 4242 };
      config.process.cwd = "/made/deep/../deep/";
    },
  },
  {
    name: "memory, cpu and pids limits",
    change: (config) => {
      config.linux.resources = {
        ...config.linux.resources,
        memory: { limit: 64 << 20, reservation: 32 << 20, swappiness: 10 },
        cpu: { shares: 512, quota: 20000, period: 100000, cpus: "0" },
        pids: { limit: 40 },
      };
      config.process.oomScoreAdj = 500;
    },
  },
  {
    name: "cgroupsPath of its own",
    change: (config) => {
      config.linux.cgroupsPath = `/ts-runc-same-${process.pid}`;
    },
  },
  {
    name: "standard input",
    change: () => undefined,
    input: "first line\nsecond line without an end",
  },
  {
    name: "run in the foreground",
    change: () => undefined,
    input: "of the foreground",
    foreground: true,
  },
  {
    name: "bare /dev, no /sys",
    change: (config) => {
      config.mounts = config.mounts.filter((mount) => mount.destination === "/proc");
    },
  },
];
