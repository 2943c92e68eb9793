import t from "tap";
import { encode } from "../shared/text.ts";
import { parseHead, parseRecord, recordText } from "./record.ts";

const WHOLE = {
  version: 1,
  ociVersion: "1.3.0",
  id: "a",
  bundle: "/b",
  rootfs: "/b/rootfs",
  created: "2026-01-01T00:00:00Z",
  annotations: [["key", "value"]],
  pid: 12,
  startTime: 34,
  bootId: "x",
  creating: false,
  initExecuted: false,
  ownPids: true,
  cgroup: { version: 1, places: [{ mountPoint: "/sys/fs/cgroup/pids", path: "up/a", made: 1, controllers: ["pids"] }] },
  poststart: [],
  poststop: [{ path: "/h", args: ["h"], env: [], timeout: 0, where: "config.json#/hooks/poststop/0" }],
};

t.test("parseRecord() takes what create wrote", (t) => {
  t.strictSame(parseRecord(JSON.stringify(WHOLE), "here"), WHOLE);
  t.end();
});

t.test("parseRecord() refuses a cgroup path that could name another's processes", (t) => {
  for (const path of ["", ".", "/", "./a", "a/.", "a/..", "../a", "a//b", "/a", "a/", 7, null]) {
    const places = [{ ...WHOLE.cgroup.places[0], path }];
    const text = JSON.stringify({ ...WHOLE, cgroup: { version: 1, places } });
    t.throws(() => parseRecord(text, "here"), { message: /mistyped field/ }, JSON.stringify(path));
  }
  t.end();
});

t.test("parseRecord() refuses mistyped elements of its lists", (t) => {
  const bad = [
    { annotations: [null] },
    { annotations: [["key"]] },
    { annotations: [["key", 1]] },
    { poststop: [null] },
    { poststop: [{ path: "/h" }] },
    { poststart: [{ path: 1, args: [], env: [] }] },
    { cgroup: { version: 1, places: [null] } },
    { resctrl: { mountPoint: "/r", group: "..", shared: false, made: true, monitor: "", monitorMade: false } },
    { resctrl: null },
    { cgroup: { version: 3, places: [] } },
    { pid: 1 },
    { pid: -1 },
    { pid: 1.5 },
    { version: "1" },
  ];
  for (const change of bad)
    t.throws(() => parseRecord(JSON.stringify({ ...WHOLE, ...change }), "here"), /read state/, JSON.stringify(change));
  t.end();
});

t.test("recordText() is one JSON object, of which parseHead() reads the first line only", (t) => {
  const record = parseRecord(JSON.stringify(WHOLE), "here");
  const text = recordText({ ...record, bundle: "/b,\n{}", annotations: [["a\nb", "c,\n"]] });
  t.equal(text.split("\n").length, 2);
  t.strictSame(JSON.parse(text), { ...WHOLE, bundle: "/b,\n{}", annotations: [["a\nb", "c,\n"]] });
  const head = parseHead(encode(text), "here");
  t.strictSame(Object.keys(head), Object.keys(JSON.parse(`${text.slice(0, text.indexOf("\n") - 1)}}`)));
  t.match(head, { version: 1, id: "a", bundle: "/b,\n{}", pid: 12, startTime: 34, creating: false });
  t.end();
});

t.test("parseHead() reads a record without a line of its own for the head, and says what is wrong", (t) => {
  t.match(parseHead(encode(JSON.stringify(WHOLE)), "here"), { id: "a", pid: 12 });
  const text = recordText(parseRecord(JSON.stringify(WHOLE), "here"));
  const bad: [string, RegExp][] = [
    ["", /no JSON/],
    [text.slice(0, -1), /no JSON/],
    [text.slice(0, text.indexOf("\n")), /no JSON/],
    [text.replace('"pid":12', '"pid":1'), /mistyped field/],
    [text.replace('"pid":12', '"pid":"12"'), /mistyped field/],
    [text.replace('"creating":false', '"creating":0'), /mistyped field/],
    [text.replace('"bootId":"x"', '"bootId":null'), /mistyped field/],
    [text.replace('"version":1', '"version":99'), /found version 99/],
    [`[],\n${text.slice(text.indexOf("\n") + 1)}`, /no JSON/],
    ["null", /no object/],
  ];
  for (const [damaged, message] of bad) t.throws(() => parseHead(encode(damaged), "here"), { message });
  t.end();
});
