/** Ids and other numbers at the edges (SECURITY user.5, ts.2): the process gets exactly what the config says, or create fails. */
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import t from "tap";
import { HOSTS, Sandbox, type TestConfig } from "../support/sandbox.ts";

/** Stands for a number as it is written in the document. */
const RAW = "raw number";

/** What no id may be: 2^32 is 0 = root when cut, 2^32-1 means "unchanged". */
const BAD_IDS = [
  "4294967295",
  "4294967296",
  "4294967297",
  "18446744073709551615",
  "18446744073709551616",
  "-1",
  "-2147483648",
  "1.5",
  "1e400",
  "1e-1",
  '"0"',
  "null",
  "true",
  "[]",
];

/** Fields that hold an id: a config with RAW in its place. */
const FIELDS: readonly { name: string; set: (config: TestConfig, value: number) => void; more?: string[] }[] = [
  {
    name: "/process/user/uid",
    set: (config, value) => {
      config.process.user = { uid: value, gid: 0 };
    },
  },
  {
    name: "/process/user/gid",
    set: (config, value) => {
      config.process.user = { uid: 0, gid: value };
    },
  },
  {
    name: "/process/user/additionalGids",
    set: (config, value) => {
      config.process.user = { uid: 0, gid: 0, additionalGids: [1, value] };
    },
  },
  {
    name: "/linux/uidMappings",
    set: (config, value) => {
      userNamespace(config, { containerID: 0, hostID: value, size: 1 });
    },
  },
  {
    name: "/linux/uidMappings",
    set: (config, value) => {
      userNamespace(config, { containerID: value, hostID: 0, size: 1 });
    },
  },
  {
    name: "/linux/uidMappings",
    set: (config, value) => {
      userNamespace(config, { containerID: 0, hostID: 0, size: value });
    },
    more: ["0"],
  },
  {
    name: "/process/user/umask",
    set: (config, value) => {
      config.process.user = { uid: 0, gid: 0, umask: value };
    },
  },
  {
    name: "/process/oomScoreAdj",
    set: (config, value) => {
      config.process.oomScoreAdj = value;
    },
    more: ["1001", "-1001"],
  },
  {
    name: "/linux/devices",
    set: (config, value) => {
      config.linux.devices = [{ path: "/dev/x", type: "c", major: 1, minor: 3, uid: value, gid: 0 }];
    },
  },
  {
    name: "/linux/devices",
    set: (config, value) => {
      config.linux.devices = [{ path: "/dev/x", type: "c", major: value, minor: 3 }];
    },
    more: ["4096", "1048576"],
  },
];

/** Place of the mapping's size in FIELDS. */
const SIZE = 5;

function userNamespace(config: TestConfig, mapping: { containerID: number; hostID: number; size: number }): void {
  config.linux.namespaces = [...(config.linux.namespaces ?? []), { type: "user" }];
  config.linux.uidMappings = [mapping];
  config.linux.gidMappings = [{ containerID: 0, hostID: 0, size: 1 }];
}

/** Writes `text` where RAW stands in the bundle's config. */
function fill(bundle: string, text: string): void {
  const path = join(bundle, "config.json");
  writeFileSync(path, readFileSync(path, "utf8").replace(JSON.stringify(RAW), text));
}

for (const host of HOSTS) {
  t.test(`${host.name}: numbers that are no id are refused with their field`, (t) => {
    const box = new Sandbox(host);
    FIELDS.forEach((field, index) => {
      const bad = [...BAD_IDS, ...(field.more ?? [])];
      // The Node host boots V8 for each: a part of them, another one for each field.
      const values = host.name === "engine" ? bad : bad.filter((_, place) => (place + index) % 4 === 0);
      for (const text of values) {
        // A range of 2^32-1 ids is allowed: from 0 to the largest that there is.
        if (index === SIZE && text === "4294967295") continue;
        // oomScoreAdj may be negative, and a device number of -1 is tested as a rule elsewhere.
        if (text === "-1" && field.name === "/process/oomScoreAdj") continue;
        const bundle = box.bundle(["id"], (config) => field.set(config, RAW as unknown as number));
        fill(bundle, text);
        const { status, stdout, stderr } = box.run(["run", "--bundle", bundle, box.id()]);
        t.equal(status, 1, `${field.name} ${text}: fails`, { stdout });
        t.ok(stderr.includes(field.name), `${field.name} ${text}: names the field`, { stderr });
        t.equal(stderr.trimEnd().split("\n").length, 1, `${field.name} ${text}: one line`);
      }
    });
    t.strictSame(box.close(), []);
    t.end();
  });

  t.test(`${host.name}: the largest ids arrive exactly`, (t) => {
    const box = new Sandbox(host);
    const { status, stdout, stderr } = box.once(
      ["sh", "-c", "grep -E '^(Uid|Gid|Groups)' /proc/self/status"],
      (config) => {
        config.process.user = { uid: 4294967294, gid: 4294967293, additionalGids: [4294967294, 65536] };
      },
    );
    t.equal(status, 0, stderr);
    t.match(stdout, /Uid:(\t4294967294){4}/);
    t.match(stdout, /Gid:(\t4294967293){4}/);
    t.match(stdout, /Groups:\t65536 4294967294/);
    t.strictSame(box.close(), []);
    t.end();
  });

  t.test(`${host.name}: 1E3 is 1000, as JSON says`, (t) => {
    const box = new Sandbox(host);
    const bundle = box.bundle(["id", "-u"], (config) => {
      config.process.user = { uid: RAW as unknown as number, gid: 0 };
    });
    fill(bundle, "1E3");
    const outcome = box.run(["run", "--bundle", bundle, box.id()]);
    // Accepted as the integer it is, or refused: never another user.
    if (outcome.status === 0) t.equal(outcome.stdout, "1000\n");
    else t.match(outcome.stderr, /\/process\/user\/uid/);
    t.strictSame(box.close(), []);
    t.end();
  });
}
