/** Files and descriptors: what our codecs read, against what Node reads of the same file. */
import fs from "node:fs";
import { join } from "node:path";
import t from "tap";
import { errnoOf, inFolder, kernel, scripted, withFd } from "../../test/support/kernel.ts";
import { AT_CWD, errnoName, type Fd } from "./call.ts";
import {
  EAGAIN,
  LOCK_EX,
  LOCK_NB,
  LOCK_SH,
  LOCK_UN,
  O_CREAT,
  O_DIRECTORY,
  O_NONBLOCK,
  O_PATH,
  O_RDONLY,
  O_RDWR,
  O_WRONLY,
  POLLHUP,
  POLLIN,
  POLLOUT,
  PROC_SUPER_MAGIC,
  RESOLVE_BENEATH,
  RESOLVE_IN_ROOT,
  RESOLVE_NO_MAGICLINKS,
  RESOLVE_NO_SYMLINKS,
  RESOLVE_NO_XDEV,
  SYS_openat2,
  SYS_write,
} from "./constants.ts";
import * as file from "./file.ts";

t.test("stat() agrees with fs.statSync for files, links, directories and devices", (t) => {
  inFolder((folder) => {
    fs.writeFileSync(join(folder, "file"), "x".repeat(12345), { mode: 0o640 });
    fs.truncateSync(join(folder, "file"), 5 * 2 ** 32 + 7);
    fs.symlinkSync("file", join(folder, "link"));
    for (const path of [folder, join(folder, "file"), join(folder, "link"), "/dev/null", "/dev/tty", "/proc"]) {
      for (const follow of [false, true]) {
        const want = follow ? fs.statSync(path) : fs.lstatSync(path);
        const found = file.stat(kernel, AT_CWD, path, follow);
        t.equal(found.mode, want.mode, `${path} mode`);
        t.equal(found.ino, want.ino, `${path} inode`);
        t.equal(found.size, want.size, `${path} size`);
        t.strictSame([found.uid, found.gid], [want.uid, want.gid], `${path} owner`);
        t.equal(file.makeDevice(found.rdevMajor, found.rdevMinor), want.rdev, `${path} rdev`);
        const [major = -1, minor = -1] = found.device.split(":").map(Number);
        t.equal(file.makeDevice(major, minor), want.dev, `${path} dev`);
        t.equal(file.isDirectory(found), want.isDirectory(), `${path} directory`);
      }
    }
    const byFd = withFd(join(folder, "file"), O_PATH, (fd) => file.stat(kernel, fd));
    t.equal(byFd.ino, fs.statSync(join(folder, "file")).ino, "of a descriptor");
    t.equal(file.statIfPresent(kernel, AT_CWD, join(folder, "missing")), undefined);
    t.equal(
      errnoOf(() => file.statIfPresent(kernel, AT_CWD, join(folder, "file/x"))),
      "ENOTDIR",
    );
  });
  t.end();
});

t.test("fileSystemOf() agrees with fs.statfsSync; mountId with fdinfo", (t) => {
  for (const path of ["/", "/proc", "/dev", "/sys"]) {
    withFd(path, O_PATH, (fd) => {
      t.equal(file.fileSystemOf(kernel, fd).type, fs.statfsSync(path).type >>> 0, path);
      const info = fs.readFileSync(`/proc/self/fdinfo/${fd}`, "utf8");
      t.equal(file.stat(kernel, fd).mountId, Number(/^mnt_id:\s*([0-9]+)/m.exec(info)?.[1]), `${path} mount`);
    });
  }
  t.equal(
    withFd("/proc", O_PATH, (fd) => file.fileSystemOf(kernel, fd).type),
    PROC_SUPER_MAGIC,
  );
  t.end();
});

t.test("listDirectory() agrees with readdir, over many buffers and odd names", (t) => {
  inFolder((folder) => {
    for (let index = 0; index < 700; index++) fs.writeFileSync(join(folder, `${index}-${"n".repeat(index % 250)}`), "");
    for (const name of ["d", "é€😀", "a\nb", " ", "..x"]) fs.mkdirSync(join(folder, name));
    fs.symlinkSync("d", join(folder, "to-d"));
    const all = withFd(folder, O_RDONLY | O_DIRECTORY, (fd) => file.listDirectory(kernel, fd));
    t.strictSame(all.sort(), fs.readdirSync(folder).sort());
    const directories = withFd(folder, O_RDONLY | O_DIRECTORY, (fd) => file.listDirectory(kernel, fd, true));
    t.strictSame(directories.sort(), ["d", "é€😀", "a\nb", " ", "..x"].sort(), "no links to directories");
  });
  t.end();
});

t.test("makeDevice() keeps 12 bits of major and 20 of minor apart", (t) => {
  t.equal(file.makeDevice(1, 3), 0x103);
  t.equal(file.makeDevice(136, 300), 0x10882c);
  t.equal(file.makeDevice(4095, 1048575), 0xffffffff);
  t.end();
});

t.test("pipes: poll says what can be done, read and write move bytes", (t) => {
  const [out, into] = file.pipe(kernel);
  const both = [
    { fd: out, events: POLLIN },
    { fd: into, events: POLLOUT },
  ];
  t.strictSame(file.poll(kernel, both, 0), [0, POLLOUT]);
  file.writeAll(kernel, into, "grüße");
  t.strictSame(file.poll(kernel, both, undefined), [POLLIN, POLLOUT]);
  t.strictSame(Buffer.from(file.read(kernel, out, 3)), Buffer.from("gr\xc3", "latin1"));
  t.equal(Buffer.from(file.read(kernel, out, 100)).toString("latin1"), "\xbc\xc3\x9fe");
  for (const fd of [out, into])
    t.match(fs.readFileSync(`/proc/self/fdinfo/${fd}`, "utf8"), /flags:\s*02\d{6}/, "cloexec");
  file.close(kernel, into);
  t.equal((file.poll(kernel, [{ fd: out, events: POLLIN }], 1000)[0] ?? 0) & POLLHUP, POLLHUP);
  t.equal(file.read(kernel, out, 10).length, 0, "the end");
  t.equal(file.isOpen(kernel, out), true);
  file.close(kernel, out);
  t.equal(file.isOpen(kernel, out), false);
  t.end();
});

t.test("poll() waits as long as it is told", (t) => {
  const started = process.hrtime.bigint();
  t.strictSame(file.poll(kernel, [], 60), []);
  const took = Number(process.hrtime.bigint() - started) / 1e6;
  t.ok(took >= 59 && took < 30_000, `${took.toFixed(1)} ms for 60`);
  t.end();
});

t.test("a short write is an error of writeOnce and continued by writeAll", (t) => {
  const [out, into] = file.pipe(kernel, O_NONBLOCK);
  t.throws(() => file.writeOnce(kernel, into, new Uint8Array(1 << 20)), /write of 1048576 bytes wrote 65536/);
  for (const fd of [out, into]) file.close(kernel, fd);
  const written: number[][] = [];
  const { kernel: slow, host } = scripted(
    new Map([
      [
        SYS_write,
        (_fd, data, count) => {
          const bytes = typeof data === "string" ? Buffer.from(data) : (data as Uint8Array);
          written.push([...bytes.subarray(0, Math.min(2, Number(count)))]);
          return Math.min(2, Number(count));
        },
      ],
    ]),
  );
  for (const text of ["abcde", "aé😀"]) {
    written.length = 0;
    file.writeAll(slow, 5 as Fd, text);
    t.strictSame(Buffer.from(written.flat()), Buffer.from(text));
  }
  t.equal(host.callsOf(SYS_write).length, 3 + 4);
  t.end();
});

t.test("readAll() gives all up to the limit, and undefined beyond it", (t) => {
  inFolder((folder) => {
    const path = join(folder, "data");
    for (const size of [0, 1, 8191, 8192, 8193, 100_000]) {
      const data = Buffer.alloc(size, "0123456789");
      fs.writeFileSync(path, data);
      const read = (limit: number) => withFd(path, O_RDONLY, (fd) => file.readAll(kernel, fd, limit));
      t.ok(data.equals(read(size) ?? new Uint8Array(1)), `${size} bytes, limit ${size}`);
      t.ok(data.equals(read(size + 1) ?? new Uint8Array(1)), `${size} bytes, limit one more`);
      if (size > 0) t.equal(read(size - 1), undefined, `${size} bytes, limit one less`);
    }
    fs.writeFileSync(path, "é\n");
    t.equal(
      withFd(folder, O_PATH, (fd) => file.readText(kernel, fd, "data")),
      "é\n",
    );
  });
  t.end();
});

t.test("flock: one holder, many readers, released with the descriptor", (t) => {
  inFolder((folder) => {
    const open = () => file.openAt(kernel, AT_CWD, folder, O_RDONLY | O_DIRECTORY);
    const [a, b] = [open(), open()];
    t.equal(file.flock(kernel, a, LOCK_EX | LOCK_NB), 0);
    t.equal(file.flock(kernel, b, LOCK_EX | LOCK_NB), -EAGAIN);
    t.equal(file.flock(kernel, a, LOCK_UN), 0);
    t.equal(file.flock(kernel, a, LOCK_SH | LOCK_NB), 0);
    t.equal(file.flock(kernel, b, LOCK_SH | LOCK_NB), 0);
    t.equal(file.flock(kernel, b, LOCK_EX | LOCK_NB), -EAGAIN);
    file.close(kernel, a);
    t.equal(file.flock(kernel, b, LOCK_EX | LOCK_NB), 0);
    file.close(kernel, b);
  });
  t.end();
});

t.test("openat2 on a tree of hostile links", (t) => {
  inFolder((folder) => {
    const root = join(folder, "root");
    fs.mkdirSync(join(root, "etc"), { recursive: true });
    fs.writeFileSync(join(root, "etc/passwd"), "inside");
    fs.writeFileSync(join(folder, "outside"), "outside");
    const links: [string, string][] = [
      ["absolute", "/etc/passwd"],
      ["up", "../outside"],
      ["far-up", "../../../../../../../etc/passwd"],
      ["fine", "etc/passwd"],
      ["loop", "loop"],
      ["magic", "/proc/self/root/etc/passwd"],
      ["etc/back", "../etc/passwd"],
    ];
    for (const [name, target] of links) fs.symlinkSync(target, join(root, name));
    withFd(root, O_PATH | O_DIRECTORY, (fd) => {
      const look = (path: string, resolve: number) => {
        const result = file.attemptOpen2(kernel, fd, path, O_RDONLY, resolve);
        if (result < 0) return errnoName(-result);
        const text = Buffer.from(file.readAll(kernel, result as Fd, 100) ?? []).toString();
        file.close(kernel, result as Fd);
        return text;
      };
      for (const path of [
        "absolute",
        "far-up",
        "fine",
        "etc/back",
        "../../etc/passwd",
        "/etc/passwd",
        "etc/../etc/passwd",
      ])
        t.equal(look(path, RESOLVE_IN_ROOT), "inside", `${path} in the root`);
      t.equal(look("up", RESOLVE_IN_ROOT), "ENOENT", "nothing outside of the root");
      t.equal(look("magic", RESOLVE_IN_ROOT), "ENOENT");
      t.equal(look("loop", RESOLVE_IN_ROOT), "ELOOP");
      for (const path of ["absolute", "up", "far-up", "magic", "../outside", "/etc/passwd"])
        t.equal(look(path, RESOLVE_BENEATH), "EXDEV", `${path} is not beneath`);
      for (const path of ["fine", "etc/back", "etc/../etc/passwd"])
        t.equal(look(path, RESOLVE_BENEATH), "inside", path);
      for (const path of ["fine", "etc/back", "loop"]) t.equal(look(path, RESOLVE_NO_SYMLINKS), "ELOOP", path);
      t.equal(look("magic", RESOLVE_NO_MAGICLINKS), "ELOOP", "/proc/self/root is a magic link");
    });
    withFd("/", O_PATH | O_DIRECTORY, (fd) => {
      t.equal(
        errnoOf(() => file.open2(kernel, fd, "proc/version", O_RDONLY, RESOLVE_NO_XDEV)),
        "EXDEV",
      );
    });
    t.match(
      file.open2Failure(kernel, -18, AT_CWD, "x", O_PATH, RESOLVE_IN_ROOT).message,
      /^openat2\(AT_FDCWD, "x", \{.*O_PATH.*, RESOLVE_IN_ROOT\}\): EXDEV$/,
    );
  });
  t.end();
});

t.test("openat2 is tried again while somebody renames, but not for ever", (t) => {
  const busy = scripted(new Map([[SYS_openat2, -EAGAIN]]));
  t.equal(file.attemptOpen2(busy.kernel, AT_CWD, "x", O_PATH, RESOLVE_IN_ROOT), -EAGAIN);
  t.equal(busy.host.calls.length, 128);
  const once = scripted(new Map([[SYS_openat2, [-EAGAIN, 7]]]));
  t.equal(file.attemptOpen2(once.kernel, AT_CWD, "x", O_PATH, RESOLVE_IN_ROOT), 7);
  t.end();
});

t.test("makes, renames, links, owners and modes", (t) => {
  inFolder((folder) => {
    withFd(folder, O_RDONLY | O_DIRECTORY, (fd) => {
      file.mkdirAt(kernel, fd, "d", 0o700);
      file.symlinkAt(kernel, "nowhere/é", fd, "l");
      t.equal(file.readLinkAt(kernel, fd, "l"), "nowhere/é");
      t.equal(file.readLinkAt(kernel, fd, "d"), undefined);
      t.equal(
        errnoOf(() => file.createFile(kernel, fd, "l", 0o600)),
        "EEXIST",
        "a dangling link is not followed",
      );
      const created = file.createFile(kernel, fd, "f", 0o600);
      file.fchmod(kernel, created, 0o4751);
      file.close(kernel, created);
      t.equal(fs.statSync(join(folder, "f")).mode & 0o7777, 0o4751);
      file.renameAt(kernel, fd, "f", "g");
      file.writeFile(kernel, fd, "g", "text");
      t.equal(fs.readFileSync(join(folder, "g"), "utf8"), "text");
      t.equal(
        errnoOf(() => file.unlinkAt(kernel, fd, "d")),
        "EISDIR",
      );
      file.unlinkAt(kernel, fd, "d", true);
      for (const name of ["g", "l"]) file.unlinkAt(kernel, fd, name);
      t.strictSame(fs.readdirSync(folder), []);
      t.equal(file.openIfPresent(kernel, fd, "g", O_RDONLY), undefined);
      t.equal(
        errnoOf(() => file.openIfPresent(kernel, fd, "a/../..", O_WRONLY)),
        "no error",
        "missing",
      );
    });
  });
  t.end();
});

t.test("descriptors are copied, placed and closed in ranges", (t) => {
  const [a, b] = file.pipe(kernel);
  const high = file.dupAbove(kernel, a, 300);
  t.ok(high >= 300);
  const flags = (fd: number) => /flags:\s*([0-7]+)/.exec(fs.readFileSync(`/proc/self/fdinfo/${fd}`, "utf8"))?.[1] ?? "";
  const isCloexec = (fd: number) => (Number.parseInt(flags(fd), 8) & 0o2000000) !== 0;
  t.equal(isCloexec(high), true);
  t.equal(file.dup(kernel, b, 400, false), 400 as Fd);
  t.equal(isCloexec(400), false);
  file.dup(kernel, 400 as Fd, 400, true);
  t.equal(isCloexec(400), true);
  file.closeRange(kernel, 300, 400, 0);
  t.strictSame(
    [high, 400].map((fd) => file.isOpen(kernel, fd)),
    [false, false],
  );
  for (const fd of [a, b]) file.close(kernel, fd);
  t.equal(file.getCwd(kernel), process.cwd());
  inFolder((folder) => {
    const path = join(folder, "new");
    withFd(path, O_RDWR | O_CREAT, (fd) => t.equal(isCloexec(fd), true, "every open"));
  });
  t.end();
});
