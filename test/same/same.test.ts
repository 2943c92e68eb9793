/** The process sees the same as under runc: each field of each config, but for the committed list of differences. */
import { spawnSync } from "node:child_process";
import { appendFileSync, closeSync, existsSync, mkdtempSync, openSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import process from "node:process";
import t from "tap";
import { HOSTS, type HostUnderTest, RUNC, Sandbox, until } from "../support/sandbox.ts";
import { CONFIGS, type SameConfig } from "./configs.ts";
import { configsOf, DIFFERENCES, type Difference } from "./differences.ts";
import { PROBE, parseProbe } from "./probe.ts";

/** Runs the probe with files as its three streams, so that both runtimes are given the same. Returns its output. */
function runProbe(box: Sandbox, bundle: string, id: string, config: SameConfig): string {
  const input = join(bundle, "input");
  const output = join(bundle, "output");
  writeFileSync(input, config.input ?? "");
  const streams = [openSync(input, "r"), openSync(output, "a"), openSync(join(bundle, "errors"), "a")];
  const pidFile = join(bundle, "pid");
  const command = (args: string[]) => {
    const [program = "", ...rest] = box.host.command;
    const result = spawnSync(program, [...rest, "--root", box.state, ...args], { stdio: streams, timeout: 10_000 });
    if (result.status !== 0) {
      const said = readFileSync(join(bundle, "errors"), "utf8");
      throw new Error(`${box.host.name} ${args[0]}: ${result.status ?? result.signal} ${said}`);
    }
  };
  try {
    if (config.foreground === true) command(["run", "--bundle", bundle, id]);
    else {
      command(["create", "--bundle", bundle, "--pid-file", pidFile, id]);
      const pid = readFileSync(pidFile, "utf8");
      command(["start", id]);
      until(() => hasEnded(pid), `end of the probe in "${config.name}"`);
      command(["delete", id]);
    }
  } finally {
    for (const fd of streams) closeSync(fd);
  }
  return readFileSync(output, "utf8");
}

function hasEnded(pid: string): boolean {
  try {
    return /\) [ZX]/.test(readFileSync(`/proc/${pid}/stat`, "utf8"));
  } catch {
    return true;
  }
}

/** What the probe says in one config; a failing runtime is an error. */
function probe(box: Sandbox, config: SameConfig): Map<string, string> {
  const volume = mkdtempSync(join(box.folder, "volume-"));
  writeFileSync(join(volume, "file"), "from the host\n");
  const bundle = box.bundle(["sh", "-c", PROBE], (value) => config.change(value, { volume }));
  const id = box.id();
  const output = runProbe(box, bundle, id, config);
  return parseProbe(output.replaceAll(volume, "VOLUME"), { id, bundle });
}

const names = CONFIGS.map((config) => config.name);

const covers = (entry: Difference, host: string, config: string, field: string): boolean =>
  (entry.host === undefined || entry.host === host) &&
  entry.field === field &&
  configsOf(entry, names).includes(config);

const fits = (pattern: RegExp | undefined, value: string | undefined): boolean =>
  pattern === undefined || value === undefined ? pattern === value : pattern.test(value);

/** The differences of one config that no entry explains; entries that hold are counted in `met`. */
function unexplained(
  host: string,
  config: string,
  theirs: Map<string, string>,
  ours: Map<string, string>,
  met: Set<string>,
): string[] {
  const found: string[] = [];
  for (const field of new Set([...theirs.keys(), ...ours.keys()])) {
    const [runc, mine] = [theirs.get(field), ours.get(field)];
    if (runc === mine) continue;
    const entry = DIFFERENCES.find(
      (one) => covers(one, host, config, field) && fits(one.runc, runc) && fits(one.ours, mine),
    );
    if (entry !== undefined) met.add(`${DIFFERENCES.indexOf(entry)} ${host} ${config}`);
    else {
      report({ field, runc, mine, host, config });
      found.push(`${field}\n  runc: ${runc ?? "(nothing)"}\n  ours: ${mine ?? "(nothing)"}`);
    }
  }
  return found;
}

/** TSRUNC_SAME=FILE collects what is unexplained, one JSON object a line: for whoever changes the list. */
function report(difference: Record<string, string | undefined>): void {
  const file = process.env["TSRUNC_SAME"];
  if (file !== undefined) appendFileSync(file, `${JSON.stringify(difference)}\n`);
}

const met = new Set<string>();

function compare(host: HostUnderTest, config: SameConfig, theirs: Map<string, string>): void {
  t.test(`${host.name}: ${config.name}`, (t) => {
    const box = new Sandbox(host);
    try {
      const ours = probe(box, config);
      t.ok(ours.size > 100, "the probe saw enough to compare", { size: ours.size });
      t.strictSame(unexplained(host.name, config.name, theirs, ours, met), []);
    } finally {
      t.strictSame(box.close(), [], "left behind");
    }
    t.end();
  });
}

if (!existsSync(RUNC.command[0] ?? "")) {
  t.test("runc", { skip: "it is not installed: nothing to compare with" }, (t) => t.end());
} else {
  for (const config of CONFIGS) {
    const box = new Sandbox(RUNC);
    try {
      const theirs = probe(box, config);
      for (const host of HOSTS) compare(host, config, theirs);
    } catch (error) {
      t.fail(`runc: ${config.name}`, { error: String(error) });
    } finally {
      box.close();
    }
  }
  t.test("every listed difference is met, in each config and host that it names", (t) => {
    for (const [index, entry] of DIFFERENCES.entries()) {
      const configs = configsOf(entry, names);
      const named = "allBut" in entry.configs ? entry.configs.allBut : entry.configs;
      t.strictSame(
        named.filter((name) => !names.includes(name)),
        [],
        "only configs are named",
      );
      const hosts = HOSTS.filter((host) => entry.host === undefined || entry.host === host.name);
      const missing = hosts.flatMap((host) =>
        configs.filter((name) => !met.has(`${index} ${host.name} ${name}`)).map((name) => `${host.name}: ${name}`),
      );
      t.strictSame(missing, [], `${entry.field}: ${entry.why}`);
      t.ok(entry.why.length > 20, `${entry.field} has a justification`);
    }
    t.end();
  });
}
