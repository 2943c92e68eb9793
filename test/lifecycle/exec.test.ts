/** Programs that cannot be executed: told by create where that is certain, else by start, in one line that names the cause. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { fails, onHosts, prints, put, removed } from "../support/life.ts";
import type { Outcome, Sandbox, TestConfig } from "../support/sandbox.ts";

/** A bundle whose root has one more file. */
function bundleWith(
  box: Sandbox,
  path: string,
  content: string | Uint8Array,
  mode: number,
  change: (config: TestConfig) => void = () => undefined,
): string {
  const bundle = box.bundle([path], change);
  put(join(bundle, "rootfs", path), content, mode);
  return bundle;
}

/** What run says, and what start says of a container that create has made; the two lines must be equal. */
function startFails(t: Parameters<typeof fails>[0], box: Sandbox, bundle: string): Outcome {
  const id = box.id();
  prints(t, box.run(["create", "--bundle", bundle, id]), "create");
  const start = box.run(["start", id]);
  t.equal(start.status, 1, "start fails");
  removed(t, box, id);
  const run = box.run(["run", "--bundle", bundle, box.id()]);
  t.strictSame(run, start, "run says the same");
  return run;
}

const WHERE = "config.json#/process/args/0";
const call = (path: string, errno: string) => `[exec execve(${JSON.stringify(path)}) ${errno}]`;

onHosts("exec: an interpreter that is missing, Windows line ends, a broken line", (t, box) => {
  const path = "/data/script";
  const missing = startFails(t, box, bundleWith(box, path, "#!/bin/bash -e\n", 0o755));
  const noFile = `exec "${path}": no such file or directory: the file is present, its interpreter`;
  fails(t, missing, `${noFile} "/bin/bash" is missing; ${WHERE} ${call(path, "ENOENT")}`);
  const windows = startFails(t, box, bundleWith(box, path, "#!/bin/sh\r\necho\r\n", 0o755));
  fails(
    t,
    windows,
    `${noFile} "/bin/sh\\r" is missing (Windows line ends); ${WHERE}; hint: dos2unix ${call(path, "ENOENT")}`,
  );
});

onHosts("exec: formats that the kernel does not know", (t, box) => {
  const path = "/data/app";
  const said = (content: string | Uint8Array) => startFails(t, box, bundleWith(box, path, content, 0o755));
  const other = readFileSync("bundles/.rootfs/bin/busybox").subarray(0, 4096);
  const mine = other.readUInt16LE(18) === 62 ? "x86_64" : "aarch64";
  other.writeUInt16LE(mine === "x86_64" ? 183 : 62, 18);
  const format = `exec "${path}": exec format error: `;
  const end = call(path, "ENOEXEC");
  fails(
    t,
    said(other),
    `${format}ELF for ${mine === "x86_64" ? "aarch64" : "x86_64"}, want ${mine}, no binfmt_misc handler; ${WHERE} ${end}`,
  );
  fails(t, said(""), `${format}the file is empty, want a program; ${WHERE} ${end}`);
  fails(
    t,
    said("echo no interpreter line\n"),
    `${format}neither ELF nor #!, want one of them; ${WHERE}; hint: a script begins with a line like #!/bin/sh ${end}`,
  );
  fails(t, said("#!\n"), `${format}its interpreter line is broken, want #!/path; ${WHERE} ${end}`);
});

onHosts("exec: an ELF file whose loader is missing", (t, box) => {
  const path = "/data/dynamic";
  const bundle = bundleWith(box, path, readFileSync("/proc/self/exe").subarray(0, 1 << 20), 0o755);
  fails(
    t,
    startFails(t, box, bundle),
    /^exec "\/data\/dynamic": no such file or directory: the file is present, its loader "\/[^"]*" is missing; config\.json#\/process\/args\/0; hint: the image lacks that libc .* ENOENT\]\n$/,
  );
});

onHosts("exec: no x bit, a folder, not there: create says so", (t, box) => {
  const path = "/data/script";
  const create = (bundle: string) => box.run(["create", "--bundle", bundle, box.id()]);
  const user = (config: TestConfig) => {
    config.process.user = { uid: 1000, gid: 1000 };
  };
  fails(
    t,
    create(bundleWith(box, path, "#!/bin/sh\n", 0o644, user)),
    `exec "${path}": permission denied: mode 0644 owner 0:0, want x for uid 1000; ${WHERE}`,
  );
  const folder = box.bundle(["/data"]);
  fails(t, create(folder), `exec "/data": permission denied: it is a folder, want a program; ${WHERE}`);
  const none = box.bundle(["/no/such"]);
  fails(t, create(none), `exec "/no/such": no such file or directory: it is missing in the root; ${WHERE}`);
});

onHosts("exec: a file that only another user may run, a mount with noexec", (t, box) => {
  const path = "/data/script";
  const bundle = bundleWith(box, path, "#!/bin/sh\n", 0o700, (config) => {
    config.process.user = { uid: 1000, gid: 1000 };
  });
  fails(
    t,
    startFails(t, box, bundle),
    `exec "${path}": permission denied: mode 0700 owner 0:0, want x for uid 1000 on the file and on the folders above it; ${WHERE} ${call(path, "EACCES")}`,
  );
  const source = join(box.folder, "volume");
  put(join(source, "script"), "#!/bin/sh\n", 0o755);
  const noexec = box.bundle([path], (config) => {
    config.mounts.push({ destination: "/data", source, options: ["bind", "noexec"] });
  });
  fails(
    t,
    startFails(t, box, noexec),
    `exec "${path}": permission denied: it lies on a mount with noexec, want one without; ${WHERE}; hint: remove noexec from its mount ${call(path, "EACCES")}`,
  );
});

onHosts("exec: names that are looked up in $PATH", (t, box) => {
  const named = (args: string[], env: string[]) =>
    box.once(args, (config) => {
      config.process.env = env;
    });
  const notFound = "executable file not found in $PATH: searched";
  fails(
    t,
    named(["bash"], ["PATH=/usr/bin:/bin"]),
    `exec "bash": ${notFound} /usr/bin:/bin; ${WHERE}; hint: /bin/sh is present`,
  );
  fails(
    t,
    named(["echo hello"], ["PATH=/bin"]),
    `exec "echo hello": ${notFound} /bin; ${WHERE}; hint: one word per args entry`,
  );
  fails(
    t,
    named(["echo"], []),
    `exec "echo": ${notFound} nothing; ${WHERE}; hint: config.json#/process/env has no PATH`,
  );
  t.equal(prints(t, named(["echo", "found"], ["PATH=relative::/no/such:/bin/"])), "found\n");
  const relative = box.once(["bin/echo", "relative"], (config) => {
    config.process.cwd = "/";
  });
  t.equal(prints(t, relative), "relative\n", "a name with a slash counts from cwd");
});

onHosts("exec: a folder and a file without x in $PATH are passed over", (t, box) => {
  const bundle = box.bundle(["tool"], (config) => {
    config.process.env = ["PATH=/data/a:/data/b:/data/c"];
  });
  put(join(bundle, "rootfs/data/a/tool/inner"), "");
  put(join(bundle, "rootfs/data/b/tool"), "#!/bin/sh\nexit 1\n", 0o644);
  put(join(bundle, "rootfs/data/c/tool"), "#!/bin/sh\necho c\n", 0o755);
  t.equal(prints(t, box.run(["run", "--bundle", bundle, box.id()])), "c\n");
});
