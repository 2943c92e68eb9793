/** process.cwd and process.env (runtime-spec config.md#process). */
import { chmodSync, mkdirSync, symlinkSync } from "node:fs";
import { join } from "node:path";
import { fails, onHosts, prints, put, withUserNamespace } from "../support/life.ts";

onHosts("environment: cwd is entered, made when missing, followed inside the root", (t, box) => {
  const at = (cwd: string) =>
    box.once(["sh", "-c", "/bin/pwd -P; stat -c '%a %u' ."], (config) => {
      config.process.cwd = cwd;
    });
  t.equal(prints(t, at("/etc")), "/etc\n755 0\n");
  t.equal(prints(t, at("/made/by/runtime")), "/made/by/runtime\n755 0\n");
  const bundle = box.bundle(["/bin/pwd", "-P"], (config) => {
    config.process.cwd = "/link/sub";
  });
  symlinkSync("../../../data", join(bundle, "rootfs/link"));
  t.equal(prints(t, box.run(["run", "--bundle", bundle, box.id()])), "/data/sub\n");
});

onHosts("environment: cwd that is a file, of another user, a loop, relative", (t, box) => {
  const at = (cwd: string, uid = 0, prepare: (rootfs: string) => void = () => undefined) => {
    const bundle = box.bundle(["pwd"], (config) => {
      config.process.cwd = cwd;
      config.process.user = { uid, gid: uid };
      config.process.capabilities = {};
    });
    prepare(join(bundle, "rootfs"));
    return box.run(["run", "--bundle", bundle, box.id()]);
  };
  const file = at("/data/file", 0, (rootfs) => put(join(rootfs, "data/file"), ""));
  fails(t, file, 'chdir "/data/file": not a directory: found a file, want a folder; config.json#/process/cwd');
  const loop = at("/loop", 0, (rootfs) => symlinkSync("loop", join(rootfs, "loop")));
  fails(
    t,
    loop,
    /^chdir "\/loop": too many symbolic links; config\.json#\/process\/cwd \[cwd openat2\(.*\) ELOOP\]\n$/,
  );
  fails(t, at("data"), /^load config\.json: .*config\.json#\/process\/cwd/);
  const closed = at("/data/closed/deep", 1000, (rootfs) => {
    mkdirSync(join(rootfs, "data/closed/deep"), { recursive: true });
    chmodSync(join(rootfs, "data/closed"), 0o700);
  });
  // The runtime, still root, may enter it: so it does, as runc does.
  t.match(closed, { status: 0, stdout: "/data/closed/deep\n" });
  // In a user namespace root is not the owner of the host's folders: nobody may.
  const bundle = box.bundle(["pwd"], (config) => {
    withUserNamespace(config);
    config.process.cwd = "/data";
  });
  chmodSync(join(bundle, "rootfs/data"), 0o700);
  fails(
    t,
    box.run(["run", "--bundle", bundle, box.id()]),
    'chdir "/data": permission denied: mode 0700 owner 65534:65534, we are 0; config.json#/process/cwd',
  );
});

onHosts("environment: exactly what is asked for, the last of two, HOME", (t, box) => {
  const of = (env: string[], uid = 0, passwd = "") => {
    const bundle = box.bundle(["/bin/env"], (config) => {
      config.process.env = env;
      config.process.user = { uid, gid: 0 };
    });
    if (passwd !== "") put(join(bundle, "rootfs/etc/passwd"), passwd);
    return prints(t, box.run(["run", "--bundle", bundle, box.id()], { env: { SECRET: "of the caller" } }));
  };
  t.equal(of(["A=1", "B=2", "A=3=4", "EMPTY=", "HOME=/h"]), "A=3=4\nB=2\nEMPTY=\nHOME=/h\n");
  const passwd = "root:x:0:0::/root:/bin/sh\nuser:x:1000:1000::/home/user:/bin/sh\n";
  t.equal(of(["A=1"], 0, passwd), "A=1\nHOME=/root\n");
  t.equal(of(["A=1"], 1000, passwd), "A=1\nHOME=/home/user\n", "by number");
  t.equal(of(["HOME="], 1001, passwd), "HOME=/\n", "whom nobody knows");
  t.equal(
    of(["TEXT=a b\tc\nd é \u{1f600}", "HOME=/"]),
    "TEXT=a b\tc\nd é \u{1f600}\nHOME=/\n",
    "text arrives as it is",
  );
});

onHosts("environment: a passwd file that is no file does not hang", (t, box) => {
  const bundle = box.bundle(["/bin/env"], (config) => {
    config.process.env = [];
    config.mounts.push({ destination: "/etc", type: "tmpfs", source: "x" });
    config.linux.devices = [{ path: "/etc/passwd", type: "p" }];
  });
  t.equal(prints(t, box.run(["run", "--bundle", bundle, box.id()])), "HOME=/\n");
});

onHosts("environment: entries without a name are refused", (t, box) => {
  for (const entry of ["NAME", "=value"]) {
    const outcome = box.once(["env"], (config) => {
      config.process.env = ["A=1", entry];
    });
    fails(t, outcome, /^load config\.json: .*config\.json#\/process\/env\/1/);
  }
});
