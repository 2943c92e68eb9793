/**
 * The fault sweep: each call of a container's life fails once, and is the last once. What must hold: a correct container or one error line
 * that names step, call and errno; never a crash or a wait above 5 s; nothing left; and if the user's process ran, every restriction was in
 * force. A failure prints what replays it: the same command of build/ts-runc-faults with that TSRUNC_FAULT. TSRUNC_SWEEP=verb does one verb,
 * TSRUNC_SWEEP_QUICK=1 one fault of each call, in turn.
 */
import { readdirSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import process from "node:process";
import t, { type Test } from "tap";
import { ENGINE, Sandbox } from "../support/sandbox.ts";
import type { Variant } from "./full-bundle.ts";
import { Scenario, type Verb } from "./scenario.ts";
import { type RecordedCall, readCalls } from "./sweep.ts";

/** A call whose failure changes nothing. */
interface Tolerated {
  call: string;
  /** Roles whose calls are meant. */
  where: string[];
  /** Verbs that are meant; missing: all. */
  verbs?: Verb[];
  /** A part of the call's text; missing: every such call. */
  with?: string;
  reason: string;
}

const listed = JSON.parse(readFileSync("test/faults/tolerated.json", "utf8")) as {
  harmless: Tolerated[];
  /** System calls of src/ that no sweep makes, each with the reason. */
  unreached: Record<string, string>;
};
const reached = new Set<string>();
const met = new Set<Tolerated>();
const only = process.env["TSRUNC_SWEEP"] ?? "";
const quick = process.env["TSRUNC_SWEEP_QUICK"] === "1";
/** TSRUNC_SWEEP_ROLE=init: only its calls, for work on the sweep. */
const onlyRole = process.env["TSRUNC_SWEEP_ROLE"] ?? "";

function toleratedAs(verb: Verb, call: RecordedCall): Tolerated | undefined {
  return listed.harmless.find(
    (entry) =>
      entry.call === call.name &&
      (entry.verbs ?? [verb]).includes(verb) &&
      entry.where.includes(call.role) &&
      call.text.includes(entry.with ?? call.name),
  );
}

/** A hook's child sets 62 signals to their default, each hook anew: the first of each process's hooks stands for all. */
function isRepeated(call: RecordedCall): boolean {
  return call.role.endsWith("-hook") && call.name === "rt_sigaction" && call.index > 0;
}

/** Names of the system calls that the product's sources use. */
function systemCallsOfSource(): string[] {
  const names = new Set<string>();
  for (const path of readdirSync("src", { recursive: true, encoding: "utf8" })) {
    if (!path.endsWith(".ts") || /\.test\.ts$|\.gen\.ts$|decode\.ts$|host\//.test(path)) continue;
    for (const [, name = ""] of readFileSync(join("src", path), "utf8").matchAll(/\bSYS_([a-z0-9_]+)/g))
      names.add(name);
  }
  return [...names].sort();
}

interface Plan {
  verb: Verb;
  variant: Variant;
  errnos: readonly string[];
  roles: readonly string[];
  hooks: RegExp;
}

async function sweep(test: Test, plan: Plan): Promise<void> {
  const { verb } = plan;
  const box = new Sandbox(ENGINE);
  const scenarios = ["a", "b"].map((name) => new Scenario(box, verb, plan.variant, name));
  const [first] = scenarios;
  if (first === undefined) return;
  const log = join(box.folder, "calls");
  const plain = await first.record(verb, { TSRUNC_FAULT_LOG: log });
  test.equal(plain.ran.status, 0, `it succeeds without a fault: ${plain.ran.stderr}`);
  if (verb !== "delete") test.match(plain.probe, /NoNewPrivs:\t1[\s\S]*mkdir: can't create directory/, "a whole probe");
  test.match(plain.hooks, plan.hooks, "the hooks ran");
  const calls = readCalls(log).filter((call) => plan.roles.includes(call.role));
  for (const { name } of calls) reached.add(name);
  rmSync(log);
  const chosen = calls.filter((call) => !isRepeated(call) && (onlyRole === "" || onlyRole === call.role));
  const turn = (index: number) => plan.errnos.filter((_, at) => !quick || at === index % plan.errnos.length);
  const queue = chosen.flatMap((call, index) => turn(index).map((errno) => ({ call, errno })));
  const queued = queue.length;
  const problems: string[] = [];
  let cleanly = 0;
  let harmless = 0;
  // The numbers of calls shift a little from run to run: the last few may not be reached.
  const missed: string[] = [];
  await Promise.all(
    scenarios.map(async (scenario) => {
      for (let next = queue.shift(); next !== undefined; next = queue.shift()) {
        const { call, errno } = next;
        const fault = `${call.role}:${call.index}:${errno}`;
        const verdict = await scenario.judge(verb, fault, call.role === "main", plain.probe);
        const { problems: said, hit } = verdict;
        const entry = hit === undefined ? undefined : toleratedAs(verb, hit);
        if (hit === undefined) missed.push(fault);
        else if (!verdict.succeeded) cleanly++;
        else if (errno !== "EINTR" && errno !== "KILL") {
          harmless++;
          if (entry === undefined) said.push("it succeeded although the call failed, and is not in tolerated.json");
          else met.add(entry);
        }
        problems.push(
          ...said.map(
            (problem) => `TSRUNC_FAULT=${fault} ${verb} (${hit?.text ?? `not reached, was ${call.text}`}): ${problem}`,
          ),
        );
      }
    }),
  );
  for (const problem of problems) test.fail(problem);
  test.equal(
    problems.length,
    0,
    `${chosen.length} calls × ${plan.errnos.length}: ${cleanly} errors, ${harmless} tolerated`,
  );
  test.ok(cleanly > 0, "faults were injected");
  // Numbers shift a little from run to run: one more round of a wait, a directory that was busy.
  test.ok(
    missed.length <= Math.max(queued / 50, 8 * plan.errnos.length),
    `${missed.length} of ${queued} were not reached: ${missed.join(" ")}`,
  );
  if (verb === "exec") {
    for (const scenario of scenarios) test.strictSame(await scenario.end(), [], "nothing is left of the container");
  }
  test.strictSame(box.close(), [], "nothing is left");
}

const ALL = ["EPERM", "ENOMEM", "EINTR", "KILL"];
const OWN = ["main", "main-hook"];
const EVERY = [...OWN, "init", "init-hook"];
const JOINING = ["main", "init", "joined"];
const CREATED = /^prestart\ncreateRuntime\ncreateContainer\n/;
const WHOLE = /^prestart\ncreateRuntime\ncreateContainer\npoststart\npoststop\n$/;

/** What is swept. Init is the same for run as for create, and is not there for start and delete: their faults are their command's. */
const PLANS: Readonly<Record<string, Plan>> = {
  create: { verb: "create", variant: "plain", errnos: ALL, roles: EVERY, hooks: CREATED },
  start: { verb: "start", variant: "plain", errnos: ALL, roles: OWN, hooks: WHOLE },
  run: { verb: "run", variant: "plain", errnos: ALL, roles: OWN, hooks: WHOLE },
  delete: { verb: "delete", variant: "plain", errnos: ALL, roles: OWN, hooks: /poststop\n$/ },
  join: { verb: "run", variant: "join", errnos: ["ENOMEM", "KILL"], roles: [...OWN, "init"], hooks: WHOLE },
  pids: { verb: "run", variant: "pids", errnos: ["ENOMEM", "KILL"], roles: JOINING, hooks: WHOLE },
  exec: { verb: "exec", variant: "plain", errnos: ALL, roles: JOINING, hooks: /^$/ },
  "exec-user": { verb: "exec", variant: "user", errnos: ["ENOMEM"], roles: JOINING, hooks: /^$/ },
  user: { verb: "run", variant: "user", errnos: ["ENOMEM"], roles: EVERY, hooks: WHOLE },
};

for (const [name, plan] of Object.entries(PLANS)) {
  const skip = only !== "" && only !== name ? "TSRUNC_SWEEP names another" : false;
  t.test(`${name}: every call fails once`, { skip }, (test) => sweep(test, plan));
}

t.test(
  "calls that no sweep reaches are listed with a reason",
  { skip: only !== "" && "all sweeps are needed" },
  (test) => {
    // A process that is slow to end is killed with the others of its cgroup, one that is not is not there any more.
    const unreached = systemCallsOfSource().filter((name) => !reached.has(name) && name !== "kill");
    test.strictSame(unreached, Object.keys(listed.unreached).sort(), "tolerated.json lists just these");
    // Not asserted: the numbers of calls shift a little from run to run, so that the one call that an entry means may be missed.
    const unused = listed.harmless.filter((entry) => !met.has(entry)).map((entry) => entry.call);
    test.comment(`| tolerated failures that were not met: ${unused.join(" ")}`);
    test.end();
  },
);
