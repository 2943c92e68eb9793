/** The rules for config.json that a schema cannot say, in the order in which they are checked. */
import { LINUX_RULES } from "./rules-linux.ts";
import { MOUNT_RULES } from "./rules-mounts.ts";
import { PROCESS_RULES } from "./rules-process.ts";
import { type Rule, type RuleContext, refuse, show, wantShortPath } from "./rules-report.ts";
import { RESOURCE_RULES } from "./rules-resources.ts";
import { SECURITY_RULES } from "./rules-security.ts";
import type { Config, NamespaceType } from "./types.ts";

const ROOT_RULES: readonly Rule[] = [
  {
    id: "version",
    level: "MUST",
    anchor: "config.md#specification-version",
    check: ({ ociVersion }) => {
      // Each 1.x is accepted, released or not (USERS 20): 1.0.2-dev and 1.1.0+dev are in use.
      if (/^1\.[0-9]{1,9}(?:\.[0-9]{1,9})?(?:[-+][0-9A-Za-z.+-]{0,64})?$/.test(ociVersion)) return;
      refuse("/ociVersion", show(ociVersion), "a version 1.x such as 1.3.0");
    },
  },
  {
    id: "root",
    level: "MUST",
    anchor: "config.md#root",
    check: ({ root }) => {
      if (root === undefined) refuse("/root", 'missing "root"', "it to be given on Linux");
      if (root.path === "") refuse("/root/path", show(root.path), "a path, absolute or relative to the bundle");
      wantShortPath("/root/path", root.path);
    },
  },
  {
    id: "root-readonly",
    level: "MUST",
    anchor: "config.md#root",
    check: ({ root }, context) => {
      // Without a mount namespace the host's own mount would become read-only, or silently nothing at all.
      if (root?.readonly === true && !context.has("mount") && context.has("user")) {
        refuse("/root/readonly", "true without a mount namespace", "one in linux.namespaces");
      }
    },
  },
  {
    id: "annotation-key",
    level: "MUST",
    anchor: "config.md#annotations",
    check: ({ annotations }) => {
      if (Object.hasOwn(annotations ?? {}, ""))
        refuse("/annotations/", "an empty key", "a name such as com.example.key");
    },
  },
];

/** All rules, in order. Namespaces come first: what later rules ask of them must make sense. */
export const RULES: readonly Rule[] = [
  ...ROOT_RULES,
  ...LINUX_RULES,
  ...PROCESS_RULES,
  ...MOUNT_RULES,
  ...RESOURCE_RULES,
  ...SECURITY_RULES,
];

/**
 * Checks a config that fits the schema and whose 64-bit integers are exact.
 *
 * Throws the RuntimeError of the first rule that is broken; returns the warnings, one line each.
 */
export function checkRules(config: Config): string[] {
  const warnings: string[] = [];
  const context = contextOf(config, warnings);
  for (const rule of RULES) rule.check(config, context);
  return warnings;
}

function contextOf(config: Config, warnings: string[]): RuleContext {
  const namespaces = config.linux?.namespaces ?? [];
  return {
    warnings,
    has: (type: NamespaceType) => namespaces.some((namespace) => namespace.type === type),
    makes: (type: NamespaceType) => namespaces.some((namespace) => namespace.type === type && !namespace.path),
  };
}
