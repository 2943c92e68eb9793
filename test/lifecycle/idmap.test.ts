/** Idmapped mounts (runtime-spec config.md#posix-platform-mounts uidMappings, #linux-mount-options idmap, ridmap): ids seen from both sides. */
import { chmodSync, chownSync, existsSync, mkdtempSync, rmSync, statfsSync, statSync, writeFileSync } from "node:fs";
import { release, tmpdir } from "node:os";
import { join } from "node:path";
import t from "tap";
import { fails, onHosts, prints, removed, started, type Test, withUserNamespace } from "../support/life.ts";
import { folder, type Outcome, type Sandbox, type TestConfig } from "../support/sandbox.ts";

type Mount = TestConfig["mounts"][number];
type Mappings = NonNullable<Mount["uidMappings"]>;

/** Magic numbers of file systems that take a map since Linux 5.12 to 5.19, statfs(2); tmpfs does since 6.3. */
const IDMAPPABLE = [0xef53, 0x58465342, 0x9123683e, 0xf2f52010];
const TMPFS = 0x01021994;
const [major = 0, minor = 0] = release().split(".").map(Number);
const canTmpfs = major > 6 || (major === 6 && minor >= 3);
/** A folder of the host whose files can be shown with other ids; undefined on a machine that has none. */
const place = [tmpdir(), "/tmp", "/var/tmp", "/dev/shm"].filter(existsSync).find((path) => {
  const type = statfsSync(path).type;
  return IDMAPPABLE.includes(type) || (type === TMPFS && canTmpfs);
});

/** A test with a folder that can be idmapped; shown as skipped where there is none. */
function onIdmappable(name: string, check: (t: Test, box: Sandbox, source: string) => void): void {
  if (place === undefined) {
    t.test(
      name,
      { skip: "none of $TMPDIR, /tmp, /var/tmp and /dev/shm can be idmapped on this kernel" },
      () => undefined,
    );
    return;
  }
  onHosts(name, (t, box) => {
    const source = mkdtempSync(join(place, "ts-runc-idmap-"));
    // Who may enter and write is not what is tested, and the container's root may not overrule modes of others.
    chmodSync(source, 0o777);
    try {
      check(t, box, source);
    } finally {
      rmSync(source, { recursive: true });
    }
  });
}

const map = (containerID: number, hostID: number, size = 10): Mappings => [{ containerID, hostID, size }];
const OWNERS = "stat -c %u:%g /data/file; touch /data/new; stat -c %u:%g /data/new";

/** Runs a script with a bind of `source` on /data. */
function bound(box: Sandbox, source: string, mount: Partial<Mount>, change: (config: TestConfig) => void = () => {}) {
  return box.once(["sh", "-c", OWNERS], (config) => {
    config.mounts.push({ destination: "/data", source, ...mount });
    change(config);
  });
}

/** A file with an owner, and what the host says of the one that the container made. */
function fileOf(source: string, uid: number, gid: number): () => string {
  writeFileSync(join(source, "file"), "");
  chownSync(source, uid, gid);
  chownSync(join(source, "file"), uid, gid);
  return () => {
    const made = statSync(join(source, "new"));
    rmSync(join(source, "new"));
    return `${made.uid}:${made.gid}`;
  };
}

onIdmappable("idmap: maps of the mount, without a user namespace", (t, box, source) => {
  const made = fileOf(source, 1000, 2000);
  const mappings = { uidMappings: map(1000, 0), gidMappings: map(2000, 0, 5) };
  t.equal(prints(t, bound(box, source, { options: ["bind"], ...mappings })), "0:0\n0:0\n", "maps alone are enough");
  t.equal(made(), "1000:2000", "and work both ways");
  t.equal(prints(t, bound(box, source, { options: ["rbind", "idmap"], ...mappings })), "0:0\n0:0\n");
  t.equal(made(), "1000:2000");
  const unmapped = bound(box, source, { options: ["bind"], uidMappings: map(1, 0), gidMappings: map(1, 0) });
  t.match(unmapped.stdout, /^65534:65534\n/, "an id that no map has is nobody's");
  t.not(unmapped.status, 0, "whose files nobody may make");
});

onIdmappable("idmap: the container's user namespace gives the maps", (t, box, source) => {
  const made = fileOf(source, 5, 6);
  for (const option of ["idmap", "ridmap"]) {
    t.equal(prints(t, bound(box, source, { options: ["bind", option] }, withUserNamespace), option), "5:6\n0:0\n");
    t.equal(made(), "0:0", "on the disk nothing is shifted");
  }
  t.match(bound(box, source, { options: ["bind"] }, withUserNamespace).stdout, /^65534:65534\n/, "without it they are");
});

onIdmappable("idmap: a joined user namespace gives the maps", (t, box, source) => {
  const made = fileOf(source, 5, 6);
  const first = started(t, box, withUserNamespace);
  const outcome = bound(box, source, { options: ["bind", "idmap"] }, (config) => {
    config.linux.namespaces?.push({ type: "user", path: `/proc/${box.pid(first)}/ns/user` });
  });
  t.equal(prints(t, outcome), "5:6\n0:0\n");
  t.equal(made(), "0:0");
  removed(t, box, first);
});

onIdmappable("idmap: maps of the mount beside a user namespace", (t, box, source) => {
  const made = fileOf(source, 1000, 2000);
  // 1000 of the disk is 100003 of the host, which is 3 of the container.
  const mappings = { uidMappings: [...map(1000, 100_003), ...map(50, 100_000, 1)], gidMappings: map(2000, 200_000, 9) };
  t.equal(prints(t, bound(box, source, { options: ["bind", "idmap"], ...mappings }, withUserNamespace)), "3:0\n0:0\n");
  t.equal(made(), "50:2000");
});

onIdmappable("idmap: the map as crun's text", (t, box, source) => {
  const made = fileOf(source, 1000, 2000);
  const plain = "idmap=uids=1000-0-1#0-7-1;gids=2000-0-10";
  t.equal(prints(t, bound(box, source, { options: ["bind", plain] })), "0:0\n0:0\n");
  t.equal(made(), "1000:2000");
  const relative = "ridmap=gids=@2000-4-1#@0-0-1;uids=@1000-3-1#0-100000-1";
  t.equal(prints(t, bound(box, source, { options: ["bind", relative] }, withUserNamespace)), "3:4\n0:0\n");
  t.equal(made(), "0:0");
});

onIdmappable("idmap: ridmap takes the mounts below along, idmap does not", (t, box, source) => {
  const below = folder(source, "below");
  const type = statfsSync(source).type;
  // What is below must be such a file system too, or ridmap is refused as a whole.
  const make = canTmpfs
    ? `mount -t tmpfs -o uid=1000,mode=755 none ${below}`
    : `mkdir ${source}/other && chown 1000 ${source}/other && mount --bind ${source}/other ${below}`;
  const seen = (option: string, uids: Mappings): Outcome => {
    const bundle = box.bundle(["stat", "-c", "%u", "/data", "/data/below"], (config) => {
      config.mounts.push({
        destination: "/data",
        source,
        options: ["rbind", option],
        uidMappings: uids,
        gidMappings: uids,
      });
    });
    const within = ["unshare", "--mount", "--propagation", "private", "sh", "-c", `${make} && exec "$@"`, "sh"];
    const outcome = box.run(["run", "--bundle", bundle, box.id()], { within });
    rmSync(join(source, "other"), { recursive: true, force: true });
    return outcome;
  };
  const uids = [...map(0, 20, 1), ...map(1000, 30, 1)];
  t.equal(prints(t, seen("idmap", uids), `idmap on type ${type}`), "20\n1000\n");
  t.equal(prints(t, seen("ridmap", uids), `ridmap on type ${type}`), "20\n30\n");
});

onIdmappable("idmap: with other attributes, and several mounts with equal and other maps", (t, box, source) => {
  fileOf(source, 1000, 2000);
  const mount = (destination: string, id: number, ...options: string[]): Mount => ({
    destination,
    source,
    options: ["bind", ...options],
    uidMappings: map(1000, id),
    gidMappings: map(2000, id),
  });
  const outcome = box.once(["sh", "-c", "stat -c %u /a/file /b/file /c/file; touch /a/x"], (config) => {
    config.mounts.push(mount("/a", 0, "ro", "nosuid"), mount("/b", 0), mount("/c", 7, "rnoexec"));
  });
  t.equal(outcome.stdout, "0\n0\n7\n");
  t.match(outcome.stderr, /Read-only file system/);
});

onHosts("idmap: what cannot be idmapped is told, and nothing is mounted in its place", (t, box) => {
  const mappings = { uidMappings: map(0, 1), gidMappings: map(0, 1) };
  const outcome = box.once(["true"], (config) => {
    config.mounts.push({ destination: "/data", source: "/proc/sys", options: ["bind"], ...mappings });
  });
  fails(
    t,
    outcome,
    /^mount config\.json#\/mounts\/7: invalid argument: source \/proc\/sys = proc cannot be idmapped on this kernel, want a file system that can, such as ext4, xfs, btrfs or \(Linux 6\.3\) tmpfs; config\.json#\/mounts\/7 \[mounts mount_setattr\([0-9]+, "", AT_EMPTY_PATH, \{set MOUNT_ATTR_IDMAP, clear 0, 0\}\) EINVAL\]\n$/,
  );
});

onHosts("idmap: without maps and without a user namespace it is an error", (t, box) => {
  for (const option of ["idmap", "ridmap"]) {
    const outcome = box.once(["true"], (config) => {
      config.mounts.push({ destination: "/data", source: box.folder, options: ["rbind", option] });
    });
    fails(
      t,
      outcome,
      `load config.json: "${option}" without mappings, want uidMappings and gidMappings in the mount, or a user namespace; config.json#/mounts/7/options/1`,
    );
  }
});
