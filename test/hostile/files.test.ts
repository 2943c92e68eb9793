/** Log, pid file, messages and cgroup paths (SECURITY input, cgroup.1): nothing is followed, nothing is injected. */
import { existsSync, lstatSync, readFileSync, symlinkSync } from "node:fs";
import { join } from "node:path";
import t from "tap";
import { exits } from "../support/life.ts";
import { Marker } from "../support/marker.ts";
import { HOSTS, Sandbox, type TestConfig } from "../support/sandbox.ts";

const EVIL = '\nlevel=error msg="injected"\u001b[31m\u2028\r\u0007';

/** Configs whose error quotes what the tenant wrote. */
const QUOTED: readonly { name: string; change: (config: TestConfig) => void }[] = [
  {
    name: "args[0]",
    change: (config) => {
      config.process.args = [`/no${EVIL}`];
    },
  },
  {
    name: "cwd",
    change: (config) => {
      config.process.cwd = `/bin/sh/${EVIL}`;
    },
  },
  {
    name: "hostname",
    change: (config) => {
      config.hostname = `h${EVIL}`;
    },
  },
  {
    name: "mount source",
    change: (config) => {
      config.mounts.push({ destination: "/data", type: "bind", source: `/no${EVIL}`, options: ["bind"] });
    },
  },
  {
    name: "mount destination",
    change: (config) => {
      config.mounts.push({ destination: `/bin/sh/${EVIL}`, type: "tmpfs", source: "tmpfs" });
    },
  },
  {
    name: "hook path",
    change: (config) => {
      config.hooks = { createRuntime: [{ path: `/no${EVIL}` }] };
    },
  },
  {
    name: "sysctl",
    change: (config) => {
      config.linux.sysctl = { [`net.ipv4.${EVIL}`]: "1" };
    },
  },
  {
    name: "capability and label",
    change: (config) => {
      config.process.capabilities = { bounding: [`CAP${EVIL}`] };
      config.process.args = [`/no${EVIL}`];
    },
  },
];

for (const host of HOSTS) {
  for (const format of ["text", "json"]) {
    t.test(`${host.name}: no line of a ${format} log can be injected`, (t) => {
      const box = new Sandbox(host);
      for (const { name, change } of QUOTED) {
        const log = join(box.folder, `log-${name.replaceAll(" ", "-")}`);
        const bundle = box.bundle(["true"], change);
        const { status, stderr } = box.run(["create", "--bundle", bundle, box.id()], {
          global: ["--log", log, "--log-format", format],
        });
        t.equal(status, 1, name);
        const lines = readFileSync(log, "utf8").trimEnd().split("\n");
        t.equal(lines.length, 1, `${name}: one line in the log`);
        if (format === "json") t.equal((JSON.parse(lines[0] ?? "") as { level: string }).level, "error", name);
        const said = stderr.trimEnd().split("\n");
        // What went before as a warning is a line of its own.
        t.ok(
          said.slice(0, -1).every((line) => line.startsWith("warning: ")),
          `${name}: one error on stderr`,
        );
        for (const text of [...lines, ...said]) {
          const raw = [...text].filter(
            (character) => character < " " || character === "\u007f" || character === "\u2028",
          );
          t.strictSame(raw, [], `${name}: no control character`);
        }
      }
      t.strictSame(box.close(), []);
      t.end();
    });
  }

  t.test(`${host.name}: pid file and log through a link`, (t) => {
    const box = new Sandbox(host);
    const marker = new Marker(box.folder);
    const bundle = box.bundle(["true"]);
    const pidFile = join(box.folder, "pid");
    symlinkSync(marker.file, pidFile);
    const id = box.id();
    exits(t, box.run(["create", "--bundle", bundle, "--pid-file", pidFile, id]), 0);
    t.ok(lstatSync(pidFile).isFile(), "the link was replaced");
    t.equal(readFileSync(pidFile, "utf8"), String(box.pid(id)));
    exits(t, box.run(["delete", "--force", id]), 0);
    const log = join(box.folder, "log");
    symlinkSync(marker.file, log);
    const refused = box.run(["create", "--bundle", "/nowhere", box.id()], { global: ["--log", log] });
    t.match(refused, { status: 1, stderr: /open log: ELOOP/ });
    t.strictSame(marker.changes(), []);
    t.strictSame(box.close(), []);
    t.end();
  });

  t.test(`${host.name}: cgroupsPath cannot leave the hierarchy`, (t) => {
    const box = new Sandbox(host);
    const marker = new Marker(box.folder);
    const climbing = [
      `/../../../..${marker.path}/cg`,
      `../../../..${marker.path}/cg`,
      `/a/../../../..${marker.path}/cg`,
    ];
    for (const path of climbing) {
      const bundle = box.bundle(["cat", "/proc/self/cgroup"], (config) => {
        config.linux.cgroupsPath = path;
      });
      const { status, stdout, stderr } = box.run(["run", "--bundle", bundle, box.id()]);
      if (status === 0) t.notMatch(stdout, /\.\./, `cleaned: ${path}`);
      else t.match(stderr, /cgroupsPath/, path);
      t.notOk(existsSync(join(marker.path, "cg")));
      t.notOk(existsSync(`/sys/fs/cgroup/pids${marker.path}`), "what was made is removed, with its parents");
      t.strictSame(marker.changes(), []);
    }
    for (const path of ["/a\nb", "/a\u0000b", `/${"a".repeat(5000)}`, "/", "/..", "."]) {
      const bundle = box.bundle(["true"], (config) => {
        config.linux.cgroupsPath = path;
      });
      const { status, stderr } = box.run(["run", "--bundle", bundle, box.id()]);
      t.equal(status, 1, JSON.stringify(path).slice(0, 20));
      t.equal(stderr.trimEnd().split("\n").length, 1, "one line");
      t.match(stderr, /cgroup/, JSON.stringify(path).slice(0, 20));
    }
    t.strictSame(box.close(), []);
    t.end();
  });
}
