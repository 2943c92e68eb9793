import t from "tap";
import { RuntimeError } from "../shared/error.ts";
import { defaultConfig } from "./default.ts";
import { validate } from "./generated/validate-config.js";
import { loadConfig } from "./load.ts";
import type { LoadedConfig } from "./types.ts";

function lineOf(text: string): string {
  try {
    loadConfig(text, validate);
  } catch (thrown) {
    if (thrown instanceof RuntimeError) return thrown.message;
    throw thrown;
  }
  return "accepted";
}

/** The default config with a raw piece of JSON in the place of `"process":{` … or any other text. */
function replaced(from: string, to: string): string {
  const text = JSON.stringify(defaultConfig(false));
  if (!text.includes(from)) throw new Error(`no ${from}`);
  return text.replace(from, () => to);
}

t.test("loadConfig() accepts the default configs", (t) => {
  for (const rootless of [false, true]) {
    const config = loadConfig(JSON.stringify(defaultConfig(rootless)), validate);
    t.same(config, defaultConfig(rootless));
  }
  t.end();
});

t.test("loadConfig() words what the schema refuses", (t) => {
  const cases: [string, string, string][] = [
    ['"cwd":"/"', '"cwd":5', "number 5, want a string; config.json#/process/cwd"],
    ['"cwd":"/",', "", 'missing "cwd", want it to be given; config.json#/process/cwd'],
    ['"cwd":', '"CWD":', 'missing "cwd", want it to be given; config.json#/process/cwd; hint: "CWD" is given'],
    ['"args":["sh"]', '"args":"sh"', 'string "sh", want an array; config.json#/process/args'],
    ['"args":["sh"]', '"args":["sh",{}]', "an object, want a string; config.json#/process/args/1"],
    ['"terminal":true', '"terminal":"yes"', 'string "yes", want true or false; config.json#/process/terminal'],
    ['"uid":0', '"uid":-1', "-1, want at least 0; config.json#/process/user/uid"],
    ['"uid":0', '"uid":4294967295', "4294967295, want at most 4294967294; config.json#/process/user/uid"],
    ['"uid":0', '"uid":1e400', "number 1e400, want an integer; config.json#/process/user/uid"],
    ['"hard":1024', '"hard":1.5', "number 1.5, want an integer; config.json#/process/rlimits/0/hard"],
    [
      '"RLIMIT_NOFILE"',
      '"nofile"',
      'string "nofile", want a name such as RLIMIT_NOFILE; config.json#/process/rlimits/0/type'.replace("string ", ""),
    ],
    [
      '{"type":"pid"}',
      '{"type":"netwrok"}',
      '"netwrok", want mount, pid, network, uts, ipc, user, cgroup, time; config.json#/linux/namespaces/0/type; hint: nearest is "network"',
    ],
    [
      '"linux":{',
      '"linux":{"seccomp":{"defaultAction":"SCMP_ACT_KILL","architectures":["SCMP_ARCH_X86-64"]},',
      '"SCMP_ARCH_X86-64", want one of 23 names; config.json#/linux/seccomp/architectures/0; hint: nearest is "SCMP_ARCH_X86_64"',
    ],
    [
      '"linux":{',
      '"linux":{"seccomp":{"defaultAction":"SCMP_ACT_KILL","syscalls":[{"names":[],"action":"SCMP_ACT_LOG"}]},',
      "[], want at least 1 element; config.json#/linux/seccomp/syscalls/0/names",
    ],
    ['"linux":{', '"annotations":{"a/b~c":1},"linux":{', "number 1, want a string; config.json#/annotations/a~1b~0c"],
  ];
  for (const [from, to, want] of cases) t.equal(lineOf(replaced(from, to)), `load config.json: ${want}`);
  t.equal(lineOf("[]"), "load config.json: [], want an object; config.json#");
  t.equal(lineOf("{"), "load config.json: not JSON at line 1, column 2: end of text, want a key in double quotes");
  t.end();
});

t.test("loadConfig() refuses text that is no argument of a system call", (t) => {
  const cases: [string, string, string][] = [
    ['"sh"', '"s\\u0000h"', '"s\\u0000h" with a NUL character, want text without it; config.json#/process/args/0'],
    ['"sh"', '"\\ud800"', '"\\ud800" with half a surrogate pair, want Unicode text; config.json#/process/args/0'],
    ['"sh"', '"\ud800"', '"\\ud800" with half a surrogate pair, want Unicode text; config.json#/process/args/0'],
  ];
  for (const [from, to, want] of cases) t.equal(lineOf(replaced(from, to)), `load config.json: ${want}`);
  t.match(lineOf(replaced('"linux":{', '"annotations":{"a\\u0000":""},"linux":{')), /NUL character/, "also in keys");
  t.equal(lineOf(replaced('"sh"', '"\\ud83d\\ude00\\u00e9"')), "accepted", "a whole pair is text");
  t.end();
});

function rlimit(soft: string, hard: string): string {
  return replaced('"hard":1024,"soft":1024', `"hard":${hard},"soft":${soft}`);
}

function hardOf(text: string): unknown {
  const config: LoadedConfig = loadConfig(text, validate);
  return config.process.rlimits?.[0]?.hard;
}

t.test("loadConfig() reads 64-bit integers exactly", (t) => {
  t.equal(hardOf(rlimit("1", "18446744073709551615")), 2n ** 64n - 1n);
  t.equal(hardOf(rlimit("1", "9007199254740993")), 2n ** 53n + 1n);
  t.equal(hardOf(rlimit("1", "9007199254740991")), 2 ** 53 - 1);
  t.equal(hardOf(rlimit("1", "1.8446744073709551615e19")), 2n ** 64n - 1n);
  t.equal(hardOf(rlimit("1", "1E3")), 1000);
  t.equal(hardOf(rlimit("1", '7,"hard":18446744073709551614')), 2n ** 64n - 2n, "the last duplicate wins");
  const at = "; config.json#/process/rlimits/0/hard";
  const range = "want an integer, 0 to 18446744073709551615";
  t.equal(lineOf(rlimit("1", "18446744073709551616")), `load config.json: 18446744073709551616, ${range}${at}`);
  t.equal(lineOf(rlimit("1", "9007199254740993.5")), `load config.json: 9007199254740993.5, ${range}${at}`);
  t.equal(lineOf(rlimit("1", "-0")), `load config.json: -0, want an integer${at}`);
  t.equal(
    lineOf(rlimit("1", "18446744073709559999")),
    `load config.json: 18446744073709559999, want at most 18446744073709551615${at}`,
  );
  t.equal(
    lineOf(rlimit("9007199254740993", "9007199254740992")),
    "load config.json: 9007199254740993, want at most the hard limit 9007199254740992; config.json#/process/rlimits/0/soft",
  );
  const memory = (limit: string): string => replaced('"resources":{', `"resources":{"memory":{"limit":${limit}},`);
  t.equal(loadConfig(memory("9223372036854775807"), validate).linux?.resources?.memory?.limit, 2n ** 63n - 1n);
  t.match(lineOf(memory("9223372036854775808")), /want an integer, -9223372036854775808 to 9223372036854775807/);
  t.match(lineOf(memory("-0")), /-0, want an integer; config.json#\/linux\/resources\/memory\/limit/);
  t.match(lineOf(replaced('"cwd":"/"', '"cwd":"/","oomScoreAdj":1e20')), /1e20, want an integer below 2\^53/);
  t.end();
});

t.test("loadConfig() keeps keys that name parts of Object as data", (t) => {
  const text = replaced(
    '"linux":{',
    '"annotations":{"__proto__":"p","constructor":"c"},"__proto__":{"hooks":1},"linux":{',
  );
  const config = loadConfig(text, validate);
  t.same(Object.entries(config.annotations ?? {}), [
    ["__proto__", "p"],
    ["constructor", "c"],
  ]);
  t.equal(config.hooks, undefined);
  t.match(lineOf('{"__proto__":{"ociVersion":"1.3.0"}}'), /missing "ociVersion"/);
  const rdma = '"resources":{"rdma":{"__proto__":{"hcaHandles":-0}},';
  t.match(
    lineOf(replaced('"resources":{', rdma)),
    /-0, want an integer; config.json#\/linux\/resources\/rdma\/__proto__/,
  );
  t.end();
});

t.test("loadConfig() ignores unknown properties, also strange ones", (t) => {
  t.equal(lineOf(replaced('"linux":{', '"windows":5,"x":[1e400,-0,1.5],"linux":{"y":null,')), "accepted");
  t.end();
});

t.test("loadConfig() hands warnings on", (t) => {
  const warnings: string[] = [];
  loadConfig(replaced('"bounding":[', '"bounding":["CAP_FLY",'), validate, (line) => warnings.push(line));
  t.same(warnings, ['unknown capabilities are not granted: "CAP_FLY"; config.json#/process/capabilities']);
  t.end();
});

t.test("loadConfig() takes limits that ask for nothing", (t) => {
  const nothing = '"resources":{"blockIO":{"weight":0,"weightDevice":[]},"network":{},"rdma":{},"hugepageLimits":[],';
  t.equal(lineOf(replaced('"resources":{', nothing)), "accepted");
  t.end();
});
