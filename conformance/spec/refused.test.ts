/**
 * Fields that this version does not apply: each is refused with its pointer, so that none is without effect unseen.
 * What is implemented moves from here to the tests of its section.
 */
import type { Sandbox, TestConfig } from "../../test/support/sandbox.ts";
import { done, spec } from "./prove.ts";

/** Runs `true` with a config that is changed. */
function with_(box: Sandbox, change: (config: TestConfig) => void) {
  return box.once(["true"], change);
}

const section = (name: string, ...numbers: (number | string)[]) =>
  numbers.map((number) => `config-linux.md#${name}/${number}`);
const numbers = (last: number) => Array.from({ length: last }, (_, index) => index + 1);

/** Ids, what is asked for, and what the line says. */
const REFUSED: [ids: string[], change: (config: TestConfig) => void, line: RegExp][] = [
  [
    [
      ...["uid", "gid"].flatMap((kind) =>
        ["containerID", "hostID", "size"].map((name) => `/mounts/*/${kind}Mappings/*/${name}`),
      ),
      ...["idmap/1", "idmap/2"].map((name) => `config.md#linux-mount-options/${name}`),
    ],
    (config) => {
      const map = [{ containerID: 0, hostID: 1000, size: 1 }];
      const ids = { uidMappings: map, gidMappings: map };
      config.mounts.push({ destination: "/data", source: "/tmp", options: ["bind", "idmap"], ...ids });
    },
    /an idmapped mount is not supported by this version .*config\.json#\/mounts\/7\/uidMappings\n/,
  ],
  [
    ["config.md#linux-mount-options/idmap/3"],
    (config) => config.mounts.push({ destination: "/data", source: "/tmp", options: ["bind", "idmap"] }),
    /an idmapped mount is not supported by this version; config\.json#\/mounts\/7\/options\/1\n/,
  ],
  [
    ["1", "2", "3"].map((name) => `config.md#linux-mount-options/ridmap/${name}`),
    (config) => config.mounts.push({ destination: "/data", source: "/tmp", options: ["rbind", "ridmap"] }),
    /an idmapped mount is not supported by this version; config\.json#\/mounts\/7\/options\/1\n/,
  ],
  [
    [
      "/linux/netDevices/*/name",
      ...section("network-devices", ...numbers(6)),
      ...section("namespace-lifecycle-and-container-termination", 2),
    ],
    (config) => (config.linux.netDevices = { lo: { name: "x" } }),
    /the moving of network devices is not supported by this version; config\.json#\/linux\/netDevices\n/,
  ],
  [
    [
      "/linux/seccomp/listenerPath",
      "/linux/seccomp/listenerMetadata",
      ...section("seccomp", 3, 4, 5, 6, 7, 8),
      ...section("the-container-process-state", ...numbers(6)),
    ],
    (config) => {
      config.linux.seccomp = {
        defaultAction: "SCMP_ACT_ALLOW",
        listenerPath: "/run/x.sock",
        listenerMetadata: "x",
        syscalls: [{ names: ["mkdir"], action: "SCMP_ACT_NOTIFY" }],
      };
    },
    /seccomp notification is not supported by this version .*config\.json#\/linux\/seccomp\/listenerPath\n/,
  ],
];

for (const [ids, change, line] of REFUSED) {
  spec(`refused: ${ids[0]}`, (proves, box) => {
    proves(...ids).fails(with_(box, change), line);
  });
}

done("refused");
