/** All demands, and all fields of config.json: what docs/spec-coverage.md accounts for. */
import type { Elsewhere, Must } from "./must.ts";
import { CGROUPS } from "./musts-cgroups.ts";
import { CONFIG, IDMAP_OWN } from "./musts-config.ts";
import { HOOKS } from "./musts-hooks.ts";
import { LINUX, NET_NAMES, RDT_MONITOR, RDT_NAMED, RDT_PREPARED, RDT_SCHEMATA } from "./musts-linux.ts";
import { RUNTIME } from "./musts-runtime.ts";
import { AGENT, METADATA, SECCOMP } from "./musts-seccomp.ts";

export const MUSTS: readonly Must[] = [...RUNTIME, ...CONFIG, ...HOOKS, ...LINUX, ...CGROUPS, ...SECCOMP];

const V1 = "test/lifecycle/cgroup-v1-limits.test.ts";
const V2 = "test/lifecycle/cgroup-v2-limits.test.ts";
const PAGES_AND_NET: Elsewhere = [V1, "cgroup: network marks and huge pages, in hierarchies of their own"];
const WRITES = "src/cgroup/resources.test.ts";
const BFQ: Elsewhere = [WRITES, "blockIO: v1 by blkio's files or BFQ's, v2 by BFQ's or io.weight"];
const CHECKED: Elsewhere = [
  "src/cgroup/limits.test.ts",
  "checkBeforeUpdate refuses a limit at or below what is in use",
];

/**
 * Tests outside of conformance/spec that prove a field where none in it can, or on cgroup v2, in the machines that conformance/vm boots. Each
 * pointer stands for all fields below it.
 */
export const FIELD_TESTS: readonly (readonly [pointer: string, ...tests: Elsewhere[]])[] = [
  ["/mounts/*/uidMappings", IDMAP_OWN],
  ["/mounts/*/gidMappings", IDMAP_OWN],
  ["/linux/netDevices", NET_NAMES],
  ["/linux/seccomp/listenerPath", AGENT],
  ["/linux/seccomp/listenerMetadata", AGENT, METADATA],
  ["/linux/resources/devices", ["test/lifecycle/cgroup-v2.test.ts", "cgroup v2: devices allowed and denied in fact"]],
  ["/linux/resources/memory", [V2, "cgroup v2: memory"]],
  ["/linux/resources/memory/checkBeforeUpdate", CHECKED],
  ["/linux/resources/cpu", [V2, "cgroup v2: cpu and cpuset"]],
  ["/linux/resources/pids", ["test/lifecycle/cgroup-v2.test.ts", "cgroup v2: a pids limit is in force"]],
  ["/linux/resources/blockIO", [V2, "cgroup v2: block I/O"]],
  ["/linux/resources/blockIO/weight", BFQ],
  ["/linux/resources/blockIO/weightDevice/*/weight", BFQ],
  ["/linux/resources/hugepageLimits", PAGES_AND_NET, [V2, "cgroup v2: huge pages"]],
  ["/linux/resources/network", PAGES_AND_NET],
  ["/linux/resources/rdma", [WRITES, "huge pages, RDMA, network"]],
  ["/linux/resources/unified", [V2, "cgroup v2: memory"], [V2, "cgroup v2: what is not there is told"]],
  ["/linux/intelRdt/closID", RDT_PREPARED, RDT_NAMED],
  ["/linux/intelRdt/schemata", RDT_PREPARED],
  ["/linux/intelRdt/l3CacheSchema", RDT_PREPARED, RDT_SCHEMATA],
  ["/linux/intelRdt/memBwSchema", RDT_SCHEMATA],
  ["/linux/intelRdt/enableMonitoring", RDT_MONITOR],
];

/** Fields that are refused, with all below them: pointer → what the error says. There is none. */
export const REFUSED_FIELDS: ReadonlyMap<string, string> = new Map();

const NO_BFQ = "without the bfq scheduler the kernel has no file for it, which is an error";

/** What is to be known of a field that is tested. */
export const FIELD_NOTES: ReadonlyMap<string, string> = new Map([
  ["/process/execCPUAffinity/initial", "it is about exec, and leaves the container's first process alone"],
  ["/process/execCPUAffinity/final", "it is about exec, and leaves the container's first process alone"],
  ["/process/apparmorProfile", "where AppArmor is off, any profile is an error"],
  ["/process/selinuxLabel", "where SELinux is off, as on every machine that runs the tests, any label is an error"],
  ["/linux/mountLabel", "where SELinux is off, as on every machine that runs the tests, any label is an error"],
  ["/linux/resources/memory/kernel", "Linux from 5.16 on has no such limit, which is an error"],
  ["/linux/resources/blockIO/weight", NO_BFQ],
  ["/linux/resources/blockIO/leafWeight", "Linux from 5.0 on has no such file, which is an error"],
  ["/linux/resources/blockIO/weightDevice/*/weight", NO_BFQ],
  ["/linux/resources/blockIO/weightDevice/*/leafWeight", "Linux from 5.0 on has no such file, which is an error"],
]);

/** What this module reads of a JSON Schema. */
export interface Schema {
  $ref?: string;
  description?: string;
  properties?: { [name: string]: Schema };
  items?: Schema;
  additionalProperties?: Schema | boolean;
  definitions?: { [name: string]: Schema };
}

/** A field of config.json that holds a value: its pointer, with `*` for an index or a free key, and what it is. */
export interface Field {
  pointer: string;
  text: string;
}

/** Every field of the schema of config.json that has no fields of its own, in the schema's order. */
export function fieldsOf(schema: Schema): Field[] {
  const fields: Field[] = [];
  const visit = (node: Schema, pointer: string, text: string): void => {
    const target = node.$ref === undefined ? node : schema.definitions?.[node.$ref.slice("#/definitions/".length)];
    if (target === undefined) throw new Error(`${pointer}: ${node.$ref} is not defined`);
    const inner = target.items ?? (typeof target.additionalProperties === "object" && target.additionalProperties);
    if (target.properties !== undefined) {
      for (const [name, child] of Object.entries(target.properties)) {
        visit(child, `${pointer}/${name}`, child.description ?? "");
      }
    } else if (inner !== undefined && inner !== false && leads(schema, inner)) visit(inner, `${pointer}/*`, text);
    else fields.push({ pointer, text });
  };
  visit(schema, "", "");
  return fields;
}

/** Whether a node has fields of its own below it. */
function leads(schema: Schema, node: Schema): boolean {
  const target = node.$ref === undefined ? node : schema.definitions?.[node.$ref.slice("#/definitions/".length)];
  return target?.properties !== undefined;
}
