/** The process sees the same as under runc and crun: each field of each config, but for the committed list of differences. */
import { spawn, spawnSync } from "node:child_process";
import {
  appendFileSync,
  closeSync,
  existsSync,
  mkdtempSync,
  openSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import t from "tap";
import { defaultConfig } from "../../src/config/default.ts";
import { compiled } from "../support/compile.ts";
import { type HostUnderTest, Sandbox, type TestConfig, until } from "../support/sandbox.ts";
import { schemaFields, usedFields } from "../support/schema.ts";
import { type SameConfig, CONFIGS as WRITTEN } from "./configs.ts";
import { NOT_COMPARED, ONLY, within } from "./coverage.ts";
import { DIFFERENCES, type Difference } from "./differences.ts";
import { GENERATED } from "./generate.ts";
import { absence, PEERS, type Peer, type PeerName } from "./peers.ts";
import { hookFields, PROBE, parseProbe } from "./probe.ts";

/** A bound for what takes a tenth of a second on an idle machine. */
const WAIT_MS = 30_000;

/** Runs the probe with files as its three streams, so that all runtimes are given the same. Returns its output. */
function runProbe(box: Sandbox, bundle: string, id: string, config: SameConfig): string {
  const input = join(bundle, "input");
  const output = join(bundle, "output");
  const socket = join(bundle, "console");
  writeFileSync(input, config.input ?? "");
  const streams = [openSync(input, "r"), openSync(output, "a"), openSync(join(bundle, "errors"), "a")];
  const pidFile = join(bundle, "pid");
  const terminal = config.terminal === true;
  if (terminal) {
    // Control-D ends the probe's standard input.
    const receiver = spawn(compiled("console-receiver"), [socket, "\u0004"], {
      stdio: ["ignore", ...streams.slice(1)],
    });
    receiver.unref();
    until(() => existsSync(socket), "the receiver of the terminal", WAIT_MS);
  }
  const command = (args: string[]) => {
    const [program = "", ...rest] = box.host.command;
    const result = spawnSync(program, [...rest, "--root", box.state, ...args], { stdio: streams, timeout: 60_000 });
    if (result.status !== 0) {
      const said = readFileSync(join(bundle, "errors"), "utf8");
      throw new Error(`${box.host.name} ${args[0]}: ${result.status ?? result.signal} ${said}`);
    }
  };
  try {
    if (config.foreground === true) command(["run", "--bundle", bundle, id]);
    else {
      const console = terminal ? ["--console-socket", socket] : [];
      command(["create", "--bundle", bundle, "--pid-file", pidFile, ...console, id]);
      const pid = readFileSync(pidFile, "utf8");
      command(["start", id]);
      until(() => hasEnded(pid), `end of the probe in "${config.name}"`, WAIT_MS);
      if (terminal)
        until(() => readFileSync(output, "utf8").endsWith("end\n"), "all that the terminal printed", WAIT_MS);
      command(["delete", id]);
    }
  } finally {
    for (const fd of streams) closeSync(fd);
  }
  return readFileSync(output, "utf8").replaceAll("\r\n", "\n");
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
  const bundle = box.bundle(["sh", "-c", PROBE], (value) => {
    value.ociVersion = VERSION;
    config.change(value, { volume });
  });
  const id = box.id();
  const output = runProbe(box, bundle, id, config);
  const fields = parseProbe(output.replaceAll(volume, "VOLUME"), { id, bundle });
  for (const [field, value] of hookFields(volume, { id, bundle })) fields.set(field, value);
  return fields;
}

/** Every config begins with this version: crun 1.8 takes no later minor one. */
const VERSION = "1.0.2";

const documents = new Map<SameConfig, TestConfig>();

/** A config as a document, with a volume that is not there any more. */
function documentOf(config: SameConfig): TestConfig {
  const known = documents.get(config);
  if (known !== undefined) return known;
  const document = { ...defaultConfig(false), ociVersion: VERSION } as TestConfig;
  // As Sandbox.bundle() begins.
  document.process.terminal = false;
  document.root.readonly = false;
  const volume = mkdtempSync(join(tmpdir(), "ts-runc-volume-"));
  try {
    config.change(document, { volume });
  } finally {
    rmSync(volume, { recursive: true });
  }
  documents.set(config, document);
  return document;
}

const CONFIGS = [...WRITTEN, ...GENERATED];

const fits = (pattern: RegExp | undefined, value: string | undefined): boolean =>
  pattern === undefined || value === undefined ? pattern === value : pattern.test(value);

/** A comparison: a config under a peer and under one of our hosts. */
interface Pair {
  peer: PeerName;
  host: string;
  config: SameConfig;
}

const keyOf = (entry: Difference, { peer, host, config }: Pair): string =>
  `${DIFFERENCES[peer].indexOf(entry)} ${peer} ${host} ${config.name}`;

/** Whether a listed difference is about a field. */
const names = ({ field }: Difference, name: string): boolean =>
  typeof field === "string" ? field === name : field.test(name);

/** The differences of one comparison that no entry explains; entries that hold are counted in `met`. */
function unexplained(pair: Pair, theirs: Map<string, string>, ours: Map<string, string>, met: Set<string>): string[] {
  const found: string[] = [];
  const entries = DIFFERENCES[pair.peer].filter((entry) => entry.when(documentOf(pair.config), pair.config));
  for (const field of new Set([...theirs.keys(), ...ours.keys()])) {
    const [other, mine] = [theirs.get(field), ours.get(field)];
    if (other === mine) continue;
    const entry = entries.find((one) => names(one, field) && fits(one.theirs, other) && fits(one.ours, mine));
    if (entry !== undefined) met.add(keyOf(entry, pair));
    else {
      report({ field, theirs: other, mine, peer: pair.peer, host: pair.host, config: pair.config.name });
      found.push(`${field}\n  ${pair.peer}: ${other ?? "(nothing)"}\n  ours: ${mine ?? "(nothing)"}`);
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
const compared: Pair[] = [];

function compare(pair: Pair, host: HostUnderTest, theirs: Map<string, string>): void {
  const { config, peer } = pair;
  const made = config.options === undefined ? "" : ` (${config.options.join("; ")})`;
  t.test(`${host.name} and ${peer}: ${config.name}${made}`, (t) => {
    const box = new Sandbox(host);
    try {
      const ours = probe(box, config);
      t.ok(ours.size > 100, "the probe saw enough to compare", { size: ours.size });
      t.strictSame(unexplained(pair, theirs, ours, met), []);
      compared.push(pair);
    } finally {
      t.strictSame(box.close(), [], "left behind");
    }
    t.end();
  });
}

function compareWith(peer: Peer, config: SameConfig): void {
  const box = new Sandbox(peer.host);
  try {
    const theirs = probe(box, config);
    for (const host of peer.ours) compare({ peer: peer.name, host: host.name, config }, host, theirs);
  } catch (error) {
    t.fail(`${peer.name}: ${config.name}`, { error: String(error) });
  } finally {
    box.close();
  }
}

for (const peer of PEERS) {
  const missing = absence(peer.name);
  if (missing !== undefined) {
    t.test(peer.name, { skip: missing }, (t) => t.end());
    continue;
  }
  for (const config of CONFIGS) {
    if (config.peers?.includes(peer.name) === false) continue;
    compareWith(peer, config);
  }
}

t.test("the configs use every field that a peer knows", (t) => {
  t.ok(CONFIGS.length >= 40, `${CONFIGS.length} configs`);
  const fields = schemaFields().map((field) => field.pointer);
  const patterns = new Set(fields);
  for (const { name } of PEERS) {
    const documents = CONFIGS.filter((config) => config.peers?.includes(name) !== false).map(documentOf);
    const used = new Set(documents.flatMap((document) => [...usedFields(document, patterns)]));
    const others = Object.entries(ONLY).flatMap(([peer, list]) => (peer === name ? [] : list));
    const left = [...Object.keys(NOT_COMPARED), ...others];
    t.strictSame(
      fields.filter((field) => !used.has(field) && !within(field, left)),
      [],
      `${name}: each field is in a config`,
    );
    t.strictSame(
      [...used].filter((field) => patterns.has(field) && within(field, left)),
      [],
      `${name}: nothing is in a config that is said to be in none`,
    );
  }
  const unknown = [...Object.keys(NOT_COMPARED), ...Object.values(ONLY).flat()].filter((field) => !patterns.has(field));
  t.strictSame(unknown, [], "the lists name fields of the schema");
  t.end();
});

t.test("every listed difference is met, in each comparison that it is about", (t) => {
  for (const { name } of PEERS) {
    const pairs = compared.filter(({ peer }) => peer === name);
    for (const entry of DIFFERENCES[name]) {
      const about = pairs.filter(({ config }) => entry.when(documentOf(config), config));
      const missing = about.filter((pair) => !met.has(keyOf(entry, pair)));
      t.strictSame(
        missing.map(({ host, config }) => `${host}: ${config.name}`),
        [],
        `${name}: ${entry.field}: ${entry.why}`,
      );
      if (pairs.length > 0) t.ok(about.length > 0, `${name}: ${entry.field}: a comparison shows it`);
      t.ok(entry.why.length > 20, `${entry.field} has a justification`);
    }
  }
  t.end();
});
