/** All demands, and all fields of config.json: what docs/spec-coverage.md accounts for. */
import type { Elsewhere, Must } from "./must.ts";
import { CGROUPS } from "./musts-cgroups.ts";
import { CONFIG } from "./musts-config.ts";
import { HOOKS } from "./musts-hooks.ts";
import { LINUX } from "./musts-linux.ts";
import { RUNTIME } from "./musts-runtime.ts";
import { SECCOMP } from "./musts-seccomp.ts";

export const MUSTS: readonly Must[] = [...RUNTIME, ...CONFIG, ...HOOKS, ...LINUX, ...CGROUPS, ...SECCOMP];

/** Tests outside of conformance/spec that prove a field where none in it can. */
export const FIELD_TESTS: ReadonlyMap<string, readonly Elsewhere[]> = new Map([
  ["/linux/resources/unified", [["conformance/vm/guest/v2.sh", "unified"]]],
]);

const NOT_YET = "not supported by this version";

/** Fields that are refused, with all below them: pointer → what the error says. */
export const REFUSED_FIELDS: ReadonlyMap<string, string> = new Map([
  ["/process/scheduler", NOT_YET],
  ["/process/ioPriority", NOT_YET],
  ["/process/execCPUAffinity", NOT_YET],
  ["/process/apparmorProfile", NOT_YET],
  ["/process/selinuxLabel", NOT_YET],
  ["/mounts/*/uidMappings", NOT_YET],
  ["/mounts/*/gidMappings", NOT_YET],
  ["/linux/netDevices", NOT_YET],
  ["/linux/resources/blockIO", NOT_YET],
  ["/linux/resources/hugepageLimits", NOT_YET],
  ["/linux/resources/network", NOT_YET],
  ["/linux/resources/rdma", NOT_YET],
  ["/linux/seccomp/listenerPath", NOT_YET],
  ["/linux/seccomp/listenerMetadata", NOT_YET],
  ["/linux/mountLabel", NOT_YET],
  ["/linux/intelRdt", NOT_YET],
  ["/linux/memoryPolicy", NOT_YET],
  ["/linux/personality", NOT_YET],
]);

/** What is to be known of a field that is tested. */
export const FIELD_NOTES: ReadonlyMap<string, string> = new Map([
  [
    "/linux/resources/memory/kernel",
    "the value is written; Linux 5.16 to 6.4 refuse it, which is an error, later ones take it without effect",
  ],
  ["/linux/resources/memory/checkBeforeUpdate", "there is no update yet, and a new container uses nothing"],
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
