/** The mount option tmpcopyup (runtime-spec config.md#linux-mount-options): a tmpfs that begins with what it covers. */
import { execFileSync } from "node:child_process";
import { existsSync, mkdirSync, readdirSync, rmdirSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { SYS_setxattr } from "../../src/kernel/constants.ts";
import { kernel } from "../support/kernel.ts";
import { fails, onHosts, prints, put, type Test, withUserNamespace } from "../support/life.ts";
import { folder, type Outcome, type Sandbox, type TestConfig } from "../support/sandbox.ts";

type Mount = TestConfig["mounts"][number];

/** Runs a script with a tmpfs on /data that is copied up; `fill` puts files into the image's /data. */
function copied(
  box: Sandbox,
  script: string,
  fill: (data: string) => void,
  mount: Partial<Mount> = {},
  change: (config: TestConfig) => void = () => undefined,
): { outcome: Outcome; data: string } {
  const bundle = box.bundle(["sh", "-c", script], (config) => {
    config.mounts.push({ destination: "/data", type: "tmpfs", source: "tmpfs", options: ["tmpcopyup"], ...mount });
    change(config);
  });
  const data = folder(bundle, "rootfs/data");
  fill(data);
  return { outcome: box.run(["run", "--bundle", bundle, box.id()]), data };
}

const call = (program: string, ...args: string[]) =>
  execFileSync(program, args, { stdio: ["ignore", "pipe", "inherit"] });

/** A tree with one of everything. */
function everything(data: string): void {
  put(join(data, "dir/plain"), "content\n", 0o640);
  put(join(data, "setuid"), "x");
  put(join(data, "empty"), "");
  put(join(data, "\u{1f40b} name"), "whale");
  symlinkSync("/etc/passwd", join(data, "link"));
  symlinkSync("../../../../etc", join(data, "dir/up"));
  call("ln", join(data, "dir/plain"), join(data, "hard"));
  call("mkfifo", "-m", "620", join(data, "fifo"));
  call("mknod", "-m", "604", join(data, "null"), "c", "1", "3");
  call("chown", "5:6", join(data, "setuid"), join(data, "fifo"), join(data, "dir"));
  call("chown", "-h", "7:8", join(data, "link"));
  call("chmod", "6755", join(data, "setuid"));
  call("chmod", "1755", join(data, "dir"));
  call("chmod", "710", data);
}

/** What the image shows of its /data, in the words of the container. */
const LIST = "cd /data; find . ! -name . | sort | while read f; do stat -c '%F %a %u:%g %h %s %t:%T %N' \"$f\"; done";

onHosts("tmpcopyup: contents, modes, owners, links of both kinds, devices", (t, box) => {
  const script = `stat -f -c %T /data; stat -c '%a %u:%g' /data; ${LIST}; cat /data/dir/plain; echo more >> hard; cat dir/plain; rm -r hard setuid`;
  const { outcome, data } = copied(box, script, everything);
  const rows = prints(t, outcome).split("\n");
  const wanted = call("busybox", "sh", "-c", LIST.replace("/data", data)).toString();
  t.strictSame(rows.splice(0, 2), ["tmpfs", "710 0:0"], "a tmpfs, with the mode of the folder that it covers");
  // A directory's size and links are the file system's own.
  const comparable = (lines: string[]) =>
    lines.map((line) => (line.startsWith("directory") ? line.replace(/ [0-9]+ [0-9]+ 0:0 /, " ") : line));
  const have = rows.splice(0, wanted.trimEnd().split("\n").length);
  t.strictSame(comparable(have), comparable(wanted.trimEnd().split("\n")));
  t.strictSame(rows, ["content", "content", "more", ""], "two names are one file");
  t.ok(existsSync(join(data, "setuid")), "the image is as it was");
});

onHosts("tmpcopyup: holes stay holes, large files arrive whole", (t, box) => {
  const script = "md5sum < /data/big; stat -c '%s %b' /data/sparse; tail -c 3 /data/sparse; stat -c '%s %b' /data/hole";
  const { outcome, data } = copied(box, script, (data) => {
    call("dd", "if=/dev/urandom", `of=${join(data, "big")}`, "bs=1M", "count=5", "status=none");
    // 8 GiB: an ext4 with small blocks takes no more than 16.
    call("truncate", "-s", "8G", join(data, "sparse"), join(data, "hole"));
    execFileSync("sh", ["-c", 'printf end >> "$0"', join(data, "sparse")]);
  });
  const [sum, sparse, hole] = prints(t, outcome).split("\n");
  t.equal(
    sum,
    execFileSync("sh", ["-c", 'md5sum < "$0"', join(data, "big")])
      .toString()
      .trimEnd(),
  );
  t.match(sparse, /^8589934595 [0-9]{1,2}$/);
  t.equal(hole, "end8589934592 0");
});

onHosts("tmpcopyup: extended attributes", (t, box) => {
  // cap_net_raw=ep: what makes ping run without set-user-ID.
  const capability = "0100000200200000000000000000000000000000";
  const { outcome } = copied(
    box,
    "cp /bin/busybox /tmp/x; /data/sh -c 'grep CapEff /proc/self/status'",
    (data) => {
      call("cp", join(data, "../bin/busybox"), join(data, "sh"));
      const value = Buffer.from(capability, "hex");
      kernel.call(SYS_setxattr, join(data, "sh"), "security.capability", value, value.length, 0);
    },
    {},
    (config) => {
      config.process.user = { uid: 5, gid: 5 };
      config.process.noNewPrivileges = false;
      config.process.capabilities = { bounding: ["CAP_NET_RAW"] };
      config.mounts.push({ destination: "/tmp", type: "tmpfs", source: "tmpfs" });
    },
  );
  t.match(prints(t, outcome), /CapEff:\s+0*2000$/m, "a file's capability is carried over");
});

onHosts("tmpcopyup: read-only, a folder that is missing, long options, and size", (t, box) => {
  const list = "ls /data; touch /data/new && echo writable";
  const one = (data: string) => writeFileSync(join(data, "one"), "");
  const readOnly = copied(box, list, one, { options: ["tmpcopyup", "ro"] }).outcome;
  t.equal(readOnly.stdout, "one\n");
  t.match(readOnly.stderr, /Read-only file system/);
  t.equal(prints(t, copied(box, "ls -a /no/such", one, { destination: "/no/such" }).outcome), ".\n..\n");
  const mode = prints(t, copied(box, "stat -c %a /data", one, { options: ["mode=1703", "tmpcopyup"] }).outcome);
  t.equal(mode, "1703\n");
  // iversion is what only mount(2) by path knows.
  t.equal(prints(t, copied(box, "ls /data", one, { options: ["tmpcopyup", "iversion"] }).outcome), "one\n");
  const small = copied(box, "true", (data) => writeFileSync(join(data, "big"), Buffer.alloc(100_000)), {
    options: ["tmpcopyup", "size=16k"],
  });
  fails(
    t,
    small.outcome,
    /^mount config\.json#\/mounts\/7: ENOSPC: the kernel refused to copy "big" into the tmpfs; config\.json#\/mounts\/7; hint: a larger size= in the options \[mounts sendfile\(.*\) ENOSPC\]\n$/,
  );
});

onHosts("tmpcopyup: in a user namespace", (t, box) => {
  const fill = (data: string) => {
    put(join(data, "mine"), "");
    put(join(data, "foreign"), "readable", 0o644);
    call("chown", "100005:200006", join(data, "mine"));
  };
  const { outcome } = copied(box, "stat -c '%n %u:%g' /data/*; cat /data/foreign", fill, {}, withUserNamespace);
  t.equal(prints(t, outcome), "/data/foreign 65534:65534\n/data/mine 5:6\nreadable", "what is unmapped is nobody's");
});

onHosts("tmpcopyup: links of the image lead nowhere else", (t, box) => {
  const secret = put(join(box.folder, "secret/file"), "secret");
  // As the destination itself: resolved inside the root, where it leads to nothing.
  const within = (t: Test, link: string) => {
    const bundle = box.bundle(["sh", "-c", "ls -A /data/"], (config) => {
      config.mounts.push({ destination: "/data", type: "tmpfs", source: "tmpfs", options: ["tmpcopyup"] });
    });
    rmdirSync(join(bundle, "rootfs/data"));
    symlinkSync(link, join(bundle, "rootfs/data"));
    t.equal(prints(t, box.run(["run", "--bundle", bundle, box.id()])), "", link);
  };
  within(t, join(box.folder, "secret"));
  within(t, "../../../../../../../../..".concat(box.folder, "/secret"));
  const { outcome } = copied(box, "cat /data/a /data/b/file; echo; ls -l /data | wc -l", (data) => {
    symlinkSync(secret, join(data, "a"));
    symlinkSync(join(box.folder, "secret"), join(data, "b"));
  });
  t.notMatch(outcome.stdout, /secret/);
  t.match(outcome.stdout, /\n3\n$/, "they are links still");
  t.strictSame(readdirSync(join(box.folder, "secret")), ["file"]);
});

onHosts("tmpcopyup: a tree deeper than a process can hold open is an error, not a crash", (t, box) => {
  const { outcome } = copied(box, "true", (data) => void mkdirSync(join(data, "d/".repeat(300)), { recursive: true }));
  fails(
    t,
    outcome,
    "mount config.json#/mounts/7: found more than 256 folders within each other to copy up, want fewer; config.json#/mounts/7",
  );
  const most = copied(
    box,
    "test -d /data/dd",
    (data) => void mkdirSync(join(data, `d${"d/".repeat(256)}`), { recursive: true }),
  );
  prints(t, most.outcome);
});
