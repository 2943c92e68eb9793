/** The runtimes that we are compared with. */
import { existsSync, readFileSync } from "node:fs";
import { ENGINE, HOSTS, type HostUnderTest, RUNC } from "../support/sandbox.ts";

export type PeerName = "runc" | "crun";

/** A runtime, and those of ours that are compared with it. */
export interface Peer {
  name: PeerName;
  host: HostUnderTest;
  ours: readonly HostUnderTest[];
}

const CRUN = "/usr/bin/crun";

/** Mount points of a cgroup2 hierarchy beside v1 ones: crun 1.8 does not run where it sees one. */
const unified = readFileSync("/proc/self/mountinfo", "utf8")
  .split("\n")
  .filter((line) => / - cgroup2 /.test(line))
  .map((line) => line.split(" ")[4] ?? "")
  .filter((path) => path !== "/sys/fs/cgroup");

/**
 * A runtime in a mount namespace of its own, in which an empty tmpfs hides that hierarchy. Propagation of all else stays what it is, as
 * containers show it.
 */
function withoutUnified(host: HostUnderTest): HostUnderTest {
  if (unified.length === 0) return host;
  const script =
    'mount --make-rprivate /sys/fs/cgroup; for path in $1; do umount -l "$path"; mount -t tmpfs tmpfs "$path"; done; shift; exec "$@"';
  const unshare = ["unshare", "-m", "--propagation", "unchanged", "sh", "-ec", script, "sh", unified.join(" ")];
  return { name: host.name, command: [...unshare, ...host.command] };
}

/**
 * runc sees the machine as it is, and both our hosts are compared with it. crun sees it without the hybrid hierarchy, and so does ours then.
 */
export const PEERS: readonly Peer[] = [
  { name: "runc", host: RUNC, ours: HOSTS },
  {
    name: "crun",
    host: withoutUnified({ name: "crun", command: [CRUN] }),
    ours: HOSTS.filter((host) => host === ENGINE).map(withoutUnified),
  },
];

/** Why a peer cannot be asked; undefined: it can. */
export function absence(name: PeerName): string | undefined {
  const program = name === "crun" ? CRUN : (RUNC.command[0] ?? "");
  return existsSync(program) ? undefined : `${program} is not installed: nothing to compare with`;
}
