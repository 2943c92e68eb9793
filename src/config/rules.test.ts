import t from "tap";
import { RULES } from "./rules.ts";
import {
  type BadDocument,
  bare,
  base,
  map,
  testAllMet,
  testBadDocuments,
  withConfig,
  withLinux,
  withMount,
  without,
} from "./rules-fixture.ts";
import { sysctlPath } from "./rules-linux.ts";
import { PROCESS_RULES } from "./rules-process.ts";
import { RESOURCE_RULES } from "./rules-resources.ts";
import { SECURITY_RULES } from "./rules-security.ts";

/** Tested in rules-limits.test.ts. */
const LIMITS = [...PROCESS_RULES, ...RESOURCE_RULES, ...SECURITY_RULES];

const MAPPED = { uidMappings: [map], gidMappings: [map] };

const BAD: BadDocument[] = [
  [
    "version",
    withConfig({ ociVersion: "2.0.0" }),
    '"2.0.0", want a version 1.x such as 1.3.0; config.json#/ociVersion',
  ],
  [
    "version",
    withConfig({ ociVersion: "1.3.0\n" }),
    '"1.3.0\\n", want a version 1.x such as 1.3.0; config.json#/ociVersion',
  ],
  ["root", without(base, "root"), 'missing "root", want it to be given on Linux; config.json#/root'],
  [
    "root",
    withConfig({ root: { path: "" } }),
    '"", want a path, absolute or relative to the bundle; config.json#/root/path',
  ],
  [
    "root",
    withConfig({ root: { path: "é".repeat(2048) } }),
    `"${"é".repeat(50)}"… (2048 characters), want a path of at most 4095 bytes; config.json#/root/path`,
  ],
  [
    "root-readonly",
    bare(["user"], { root: { path: "r", readonly: true }, linux: MAPPED }),
    "true without a mount namespace, want one in linux.namespaces; config.json#/root/readonly",
  ],
  [
    "annotation-key",
    withConfig({ annotations: { "": "x" } }),
    "an empty key, want a name such as com.example.key; config.json#/annotations/",
  ],
  [
    "namespaces",
    bare([], { linux: { namespaces: [{ type: "pid" }, { type: "pid" }] } }),
    '"pid" a second time, want each kind once; config.json#/linux/namespaces/1/type',
  ],
  [
    "namespaces",
    bare([], { linux: { namespaces: [{ type: "pid", path: "ns" }] } }),
    '"ns", want an absolute path; config.json#/linux/namespaces/0/path',
  ],
  [
    "id-mappings",
    bare(["user"]),
    "no mapping for a new user namespace, want at least one; config.json#/linux/uidMappings",
  ],
  [
    "id-mappings",
    bare([], { linux: { uidMappings: [map] } }),
    "mappings without a user namespace, want one in linux.namespaces; config.json#/linux/uidMappings",
  ],
  [
    "id-mappings",
    bare([], { linux: { namespaces: [{ type: "user" }], uidMappings: [map], gidMappings: [{ ...map, size: 0 }] } }),
    "0, want at least 1; config.json#/linux/gidMappings/0/size",
  ],
  [
    "id-mappings",
    bare([], {
      linux: { namespaces: [{ type: "user" }], uidMappings: [{ ...map, size: 4294967295 }], gidMappings: [map] },
    }),
    "4294967295, want a range that ends at 4294967294 or before; config.json#/linux/uidMappings/0/size",
  ],
  [
    "hostname",
    bare(["mount"], { hostname: "h" }),
    '"h" without a uts namespace, want one in linux.namespaces; config.json#/hostname',
  ],
  ["hostname", withConfig({ hostname: "a\nb" }), '"a\\nb", want text without a line break; config.json#/hostname'],
  [
    "domainname",
    withConfig({ domainname: "d".repeat(65) }),
    `"${"d".repeat(50)}"… (65 characters), want at most 64 bytes; config.json#/domainname`,
  ],
  [
    "time-offsets",
    withLinux({ timeOffsets: { monotonic: { secs: 1 } } }),
    'an offset without a new time namespace, want one of type "time" without path in linux.namespaces; config.json#/linux/timeOffsets/monotonic',
  ],
  [
    "time-offsets",
    withLinux({ timeOffsets: { realtime: {} } as object }),
    '"realtime", want monotonic or boottime; config.json#/linux/timeOffsets/realtime',
  ],
  [
    "time-offsets",
    withLinux({ timeOffsets: { boottime: { nanosecs: 1e9 } } }),
    "1000000000, want 0 to 999999999; config.json#/linux/timeOffsets/boottime/nanosecs",
  ],
  [
    "devices",
    withLinux({ devices: [{ type: "c", path: "dev/x", major: 1, minor: 3 }] }),
    '"dev/x", want an absolute path; config.json#/linux/devices/0/path',
  ],
  [
    "devices",
    withLinux({ devices: [{ type: "c", path: "/dev/x", major: 1 }] }),
    'missing "minor", want it to be given for type "c"; config.json#/linux/devices/0/minor',
  ],
  [
    "devices",
    withLinux({ devices: [{ type: "b", path: "/dev/x", major: 4096, minor: 0 }] }),
    "4096, want 0 to 4095; config.json#/linux/devices/0/major",
  ],
  [
    "devices",
    withLinux({
      devices: [
        { type: "p", path: "/dev/x" },
        { type: "u", path: "/dev/x", major: 1, minor: 3 },
      ],
    }),
    '"/dev/x" as c 1:3, before as p, want one device a path; config.json#/linux/devices/1/path',
  ],
  [
    "net-devices",
    withLinux({ netDevices: { eth0: { name: "a/b" } } }),
    '"a/b", want an interface name of at most 15 bytes; config.json#/linux/netDevices/eth0/name',
  ],
  [
    "net-devices",
    bare([], { linux: { netDevices: { eth0: {} } } }),
    "a device without a network namespace, want one in linux.namespaces; config.json#/linux/netDevices/eth0",
  ],
  [
    "sysctl",
    withLinux({ sysctl: { "vm.swappiness": "1" } }),
    '"vm.swappiness", which belongs to the host, want one that a namespace has; config.json#/linux/sysctl/vm.swappiness',
  ],
  [
    "sysctl",
    withLinux({ sysctl: { "kernel/../../sysrq-trigger": "b" } }),
    '"kernel/../../sysrq-trigger", want a name such as net.ipv4.ip_forward; config.json#/linux/sysctl/kernel~1..~1..~1sysrq-trigger',
  ],
  [
    "sysctl",
    withLinux({ sysctl: { "net/../kernel/core_pattern": "x" } }),
    '"net/../kernel/core_pattern", want a name such as net.ipv4.ip_forward; config.json#/linux/sysctl/net~1..~1kernel~1core_pattern',
  ],
  [
    "sysctl",
    withLinux({ sysctl: { "net..kernel": "x" } }),
    '"net..kernel", want a name such as net.ipv4.ip_forward; config.json#/linux/sysctl/net..kernel',
  ],
  [
    "sysctl",
    withLinux({ sysctl: { "kernel.hostname": "x" } }),
    '"kernel.hostname", want the field hostname instead; config.json#/linux/sysctl/kernel.hostname',
  ],
  [
    "sysctl",
    bare(["mount"], { linux: { sysctl: { "kernel.sem": "1" } } }),
    '"kernel.sem" without an ipc namespace, want one in linux.namespaces; config.json#/linux/sysctl/kernel.sem',
  ],
  [
    "sysctl",
    bare(["mount"], { linux: { sysctl: { "net/x": "1" } } }),
    '"net/x" without a network namespace, want one in linux.namespaces; config.json#/linux/sysctl/net~1x',
  ],
  [
    "sysctl",
    withLinux({ sysctl: { "net.x": "1\n2" } }),
    '"1\\n2", want text without a line break; config.json#/linux/sysctl/net.x',
  ],
  [
    "mounts",
    bare(["user"], { mounts: [{ destination: "/x" }], linux: MAPPED }),
    "1 mounts without a mount namespace, want one in linux.namespaces; config.json#/mounts",
  ],
  [
    "mounts",
    withConfig({ mounts: Array.from({ length: 10_001 }, () => ({ destination: "/x" })) }),
    "10001 mounts, want at most 10000; config.json#/mounts",
  ],
  ["mounts", withMount({ destination: "" }), '"", want an absolute path; config.json#/mounts/0/destination'],
  [
    "mounts",
    withMount({ destination: "/a/.././" }),
    '"/a/.././" = the root itself, want a path below /; config.json#/mounts/0/destination',
  ],
  [
    "mounts",
    withMount({ destination: "/x", source: "s".repeat(4096) }),
    `"${"s".repeat(50)}"… (4096 characters), want a path of at most 4095 bytes; config.json#/mounts/0/source`,
  ],
  [
    "mounts",
    withMount({ destination: "/x", options: ["a\nb"] }),
    '"a\\nb", want text without a line break; config.json#/mounts/0/options/0',
  ],
  [
    "mounts",
    withMount({ destination: "/x", options: ["rbind"] }),
    'missing "source", want a file or directory to bind; config.json#/mounts/0/source',
  ],
  [
    "mounts",
    withMount({ destination: "/x", source: "/s", options: ["bind"], uidMappings: [map] }),
    "only one of the two mappings, want both or none; config.json#/mounts/0/gidMappings",
  ],
  [
    "mounts",
    withMount({ destination: "/x", uidMappings: [map], gidMappings: [map] }),
    "mappings without bind, want the option bind or rbind; config.json#/mounts/0/uidMappings",
  ],
  [
    "masked-paths",
    withLinux({ maskedPaths: ["proc/kcore"] }),
    '"proc/kcore", want an absolute path; config.json#/linux/maskedPaths/0',
  ],
  [
    "masked-paths",
    bare(["user"], { linux: { ...MAPPED, maskedPaths: ["/x"] } }),
    "1 paths without a mount namespace, want one in linux.namespaces; config.json#/linux/maskedPaths",
  ],
  [
    "readonly-paths",
    withLinux({ readonlyPaths: [""] }),
    '"", want an absolute path; config.json#/linux/readonlyPaths/0',
  ],
  [
    "rootfs-propagation",
    bare([], { linux: { rootfsPropagation: "rslave" } }),
    "it without a mount namespace, want one in linux.namespaces; config.json#/linux/rootfsPropagation",
  ],
];

testBadDocuments(BAD);
testAllMet(
  BAD,
  RULES.filter((rule) => !LIMITS.includes(rule)),
);

t.test("ids are unique", (t) => {
  t.equal(new Set(RULES.map((rule) => rule.id)).size, RULES.length);
  t.end();
});

t.test("sysctlPath() follows sysctl.d(5)", (t) => {
  t.same(sysctlPath("net.ipv4.conf.eth0/1.forwarding"), ["net", "ipv4", "conf", "eth0.1", "forwarding"]);
  t.same(sysctlPath("net.ipv4.ip_forward"), ["net", "ipv4", "ip_forward"]);
  t.same(sysctlPath("single"), ["single"]);
  t.same(sysctlPath("net/ipv4/conf/eth0.1/forwarding"), ["net", "ipv4", "conf", "eth0.1", "forwarding"]);
  t.same(sysctlPath("net.//kernel"), ["net", "..kernel"], "a name with dots, not a way up");
  t.same(sysctlPath("net./.x"), undefined);
  t.same(sysctlPath(""), undefined);
  t.same(sysctlPath("/net"), undefined);
  t.end();
});
