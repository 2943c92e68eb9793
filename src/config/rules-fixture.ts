/** What the tests of the rules share: documents that differ from the default config in one place. */
import t from "tap";
import { RuntimeError } from "../shared/error.ts";
import { defaultConfig } from "./default.ts";
import { checkRules, RULES } from "./rules.ts";
import type { Config, Linux, Mount, Process, Resources, Seccomp } from "./types.ts";

export function lineOf(config: Config): string {
  try {
    checkRules(config);
  } catch (thrown) {
    if (thrown instanceof RuntimeError) return thrown.message;
    throw thrown;
  }
  return "accepted";
}

export const base = defaultConfig(false);
export const withConfig = (part: Partial<Config>): Config => ({ ...base, ...part });
export const withProcess = (part: Partial<Process>): Config =>
  withConfig({ process: { cwd: "/", args: ["sh"], ...base.process, ...part } });
export const withLinux = (part: Partial<Linux>): Config => withConfig({ linux: { ...base.linux, ...part } });
export const withResources = (part: Resources): Config => withLinux({ resources: part });
export const withMount = (mount: Mount): Config => withConfig({ mounts: [mount] });
export const withSeccomp = (seccomp: Seccomp): Config => withLinux({ seccomp });
/** A config with these kinds of namespaces only, and nothing that needs another. */
export const bare = (types: ("mount" | "user" | "uts")[], part: Partial<Config> = {}): Config => ({
  ociVersion: "1.3.0",
  process: { cwd: "/", args: ["sh"] },
  root: { path: "rootfs" },
  ...part,
  linux: { namespaces: types.map((type) => ({ type })), ...part.linux },
});
export const map = { containerID: 0, hostID: 1000, size: 1 };
export const without = (config: Config, name: "process" | "root"): Config => {
  const copy = { ...config };
  delete copy[name];
  return copy;
};

/** A rule's id, a document that it refuses, and the line after `load config.json: `. */
export type BadDocument = [id: string, config: Config, want: string];

/** Checks each line, and that the rules with these ids have no quarrel with the default config. */
export function testBadDocuments(documents: readonly BadDocument[]): void {
  for (const [id, config, want] of documents) {
    t.equal(lineOf(config), `load config.json: ${want}`, id);
    const rule = RULES.find((candidate) => candidate.id === id);
    const context = { warnings: [], has: () => true, makes: () => false };
    t.doesNotThrow(() => rule?.check(base, context), `${id} accepts the default config`);
  }
}

/** Checks that the documents meet each of the rules of these ids, and no others. */
export function testAllMet(documents: readonly BadDocument[], rules: readonly { readonly id: string }[]): void {
  const met = new Set(documents.map(([id]) => id));
  // "capabilities" only warns.
  const ids = rules.map((rule) => rule.id).filter((id) => id !== "capabilities");
  t.same([...met].sort(), ids.sort(), "each rule has a bad document");
}
