/** linux.uidMappings and gidMappings (runtime-spec config-linux.md#user-namespace-mappings). */
import { chownSync, statSync } from "node:fs";
import { join } from "node:path";
import { fails, onHosts, prints, withUserNamespace } from "../support/life.ts";
import { folder } from "../support/sandbox.ts";

onHosts("userns: maps, and ids seen from both sides", (t, box) => {
  const shared = folder(box.folder, "shared");
  chownSync(shared, 100_000, 200_000);
  const script =
    "cat /proc/self/uid_map /proc/self/gid_map; id -u; id -g; touch /data/root; stat -c %u:%g /data /data/root";
  const text = prints(
    t,
    box.once(["sh", "-c", script], (config) => {
      withUserNamespace(config);
      config.mounts.push({ destination: "/data", source: shared, options: ["bind"] });
    }),
  );
  const rows = text
    .trim()
    .split("\n")
    .map((line) => line.trim().split(/\s+/).join(" "));
  t.strictSame(rows, ["0 100000 65536", "0 200000 65536", "0", "0", "0:0", "0:0"]);
  const made = statSync(join(shared, "root"));
  t.strictSame([made.uid, made.gid], [100_000, 200_000], "on the host it belongs to the mapped ids");
});

onHosts("userns: several ranges, another user of them, groups", (t, box) => {
  const shared = folder(box.folder, "shared");
  chownSync(shared, 3_005, 4_007);
  const text = prints(
    t,
    box.once(
      ["sh", "-c", "touch /data/file; grep -E '^(Uid|Gid|Groups)' /proc/self/status; cat /proc/self/setgroups"],
      (config) => {
        withUserNamespace(config);
        config.linux.uidMappings = [
          { containerID: 0, hostID: 100_000, size: 1 },
          { containerID: 1, hostID: 3_001, size: 100 },
        ];
        config.linux.gidMappings = [
          { containerID: 0, hostID: 200_000, size: 1 },
          { containerID: 1, hostID: 4_001, size: 100 },
        ];
        config.process.user = { uid: 5, gid: 7, additionalGids: [9, 50] };
        config.mounts.push({ destination: "/data", source: shared, options: ["bind"] });
      },
    ),
  );
  t.equal(text.replace(/[ \t]+/g, " "), "Uid: 5 5 5 5\nGid: 7 7 7 7\nGroups: 9 50 \nallow\n");
  const made = statSync(join(shared, "file"));
  t.strictSame([made.uid, made.gid], [3_005, 4_007]);
});

onHosts("userns: the host's devices are bound, and usable", (t, box) => {
  const script =
    "stat -c '%F %t:%T' /dev/null /dev/zero /dev/full /dev/random /dev/urandom /dev/tty; echo x > /dev/null;" +
    " head -c 4 /dev/zero | od -An -tx1; head -c 8 /dev/urandom | wc -c; grep -c ' /dev/null ' /proc/self/mountinfo";
  const rows = prints(t, box.once(["sh", "-c", script], withUserNamespace))
    .trim()
    .split("\n");
  const numbers = ["1:3", "1:5", "1:7", "1:8", "1:9", "5:0"];
  t.strictSame(
    rows.slice(0, 6),
    numbers.map((number) => `character special file ${number}`),
  );
  t.strictSame(
    rows.slice(6).map((row) => row.trim()),
    ["00 00 00 00", "8", "1"],
  );
});

onHosts("userns: what belongs to nobody in it cannot be changed", (t, box) => {
  const outcome = box.once(["sh", "-c", "stat -c %u /etc; touch /etc/x"], withUserNamespace);
  t.equal(outcome.stdout, "65534\n", "the root's files are the host's root's");
  t.match(outcome, { status: 1, stderr: /Permission denied/ });
});

onHosts("userns: a device that the host lacks, and ids that no map has", (t, box) => {
  const device = box.once(["true"], (config) => {
    withUserNamespace(config);
    config.linux.devices = [{ path: "/dev/ts-runc-none", type: "c", major: 1, minor: 3 }];
  });
  fails(
    t,
    device,
    "make device /dev/ts-runc-none: found nothing at that path of the host, want c 1:3 to bind in the user namespace; config.json#/linux/devices/0",
  );
  const user = box.once(["true"], (config) => {
    withUserNamespace(config);
    config.process.user = { uid: 70_000, gid: 0 };
  });
  fails(t, user, "load config.json: 70000, want an id that linux.uidMappings maps; config.json#/process/user/uid");
});
