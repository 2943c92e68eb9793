/** criu's command line, and what is read in its log. */
import t from "tap";
import { causeInLog, dumpArguments, restoreArguments } from "./criu-args.ts";

const FLAGS = { images: "/i", work: undefined, cgroups: "soft", switches: [] };

t.test("a checkpoint", (t) => {
  const dump = { ...FLAGS, pid: 7, root: "/r", mounts: [], masked: [], namespaces: [], freezer: undefined };
  t.strictSame(
    dumpArguments({ ...dump, parent: undefined, preDump: false }),
    ["dump", "--tree", "7", "--images-dir", "/i", "--log-file", "dump.log", "-v4", "--manage-cgroups=soft"].concat([
      "--root",
      "/r",
    ]),
  );
  t.strictSame(
    dumpArguments({
      ...dump,
      work: "/w",
      cgroups: "full",
      switches: ["leave-running", "empty-ns=net"],
      mounts: [{ target: "/data", source: "/host/data" }],
      masked: ["/proc/kcore"],
      namespaces: [
        { kind: "net", path: "/run/n", number: 99 },
        { kind: "ipc", path: "/run/i", number: 98 },
      ],
      freezer: "/sys/fs/cgroup/x",
      parent: "../first",
      preDump: false,
    }).slice(8),
    [
      ...["--manage-cgroups=full", "--work-dir", "/w", "--leave-running", "--empty-ns=net", "--root", "/r"],
      ...["--freeze-cgroup", "/sys/fs/cgroup/x", "--prev-images-dir", "../first", "--track-mem"],
      // The ipc namespace is saved as if it were the container's own, and joined on restore.
      ...["--external", "net[99]:extRootNetNS", "--external", "mnt[/data]:/data"],
      ...["--external", "mnt[/proc/kcore]:/dev/null"],
    ],
  );
  const pre = dumpArguments({ ...dump, parent: undefined, preDump: true });
  t.equal(pre[0], "pre-dump");
  t.ok(pre.includes("--track-mem"));
  t.end();
});

t.test("a restore", (t) => {
  t.strictSame(
    restoreArguments({
      ...FLAGS,
      root: "/r",
      mounts: [{ target: "/data", source: "/host/data" }],
      masks: true,
      namespaces: [
        { kind: "pid", path: "/run/p", number: 20 },
        { kind: "ipc", path: "/run/i", number: 21 },
      ],
      streams: [{ key: "pipe:[5]", fd: 22 }],
      cgroupRoots: [
        ["", "/x"],
        ["cpu,cpuacct", "/y"],
      ],
      pidFile: "/s/criu.pid",
      lsmProfile: "apparmor:p",
      lsmMountContext: undefined,
    }),
    [
      ...["restore", "--images-dir", "/i", "--log-file", "restore.log", "-v4", "--manage-cgroups=soft"],
      ...["--restore-detached", "--restore-sibling", "--evasive-devices", "--root", "/r", "--pidfile", "/s/criu.pid"],
      ...["--cgroup-root", "/x", "--cgroup-root", "cpu,cpuacct:/y"],
      ...["--inherit-fd", "fd[20]:extRootPidNS", "--join-ns", "ipc:/run/i", "--inherit-fd", "fd[22]:pipe:[5]"],
      ...["--external", "mnt[/data]:/host/data", "--external", "mnt[/dev/null]:/dev/null"],
      ...["--lsm-profile", "apparmor:p"],
    ],
  );
  t.end();
});

t.test("the cause in a log", (t) => {
  const log = `(00.000001) Version: 3.17.1
Error (criu/util.c:627): execvp("iptables-restore", ...) failed: No such file or directory
(00.563058) Error (criu/util.c:642): exited, status=1
(00.563352) Error (criu/net.c:3071): Locking network failed
(00.563353) Error (criu/net.c:1): second
(00.573058) Error (criu/cr-dump.c:2053): Dumping FAILED.
`;
  t.equal(causeInLog(log), "Error (criu/net.c:3071): Locking network failed | Error (criu/net.c:1): second");
  t.equal(causeInLog("(00.1) Error (criu/x.c:1): Dumping FAILED.\n"), "Error (criu/x.c:1): Dumping FAILED.");
  t.equal(causeInLog("a\nlast words\n"), "last words");
  t.equal(causeInLog(""), "");
  t.end();
});
