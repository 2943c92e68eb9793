/**
 * The fault sweep: each call of a container's life fails once, and is the last once. What must hold: a correct container or one error line
 * that names step, call and errno; never a crash or a wait above 5 s; nothing left; and if the user's process ran, every restriction was in
 * force. A failure prints what replays it: the same command of build/ts-runc-faults with that TSRUNC_FAULT. TSRUNC_SWEEP=verb does one verb.
 */
import { readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import process from "node:process";
import t, { type Test } from "tap";
import { ENGINE, Sandbox } from "../support/sandbox.ts";
import { Scenario, type Verb } from "./scenario.ts";
import { type RecordedCall, readCalls } from "./sweep.ts";

/** A call whose failure changes nothing. */
interface Tolerated {
  call: string;
  /** Roles whose calls are meant. */
  where: string[];
  /** A part of the call's text; missing: every such call. */
  with?: string;
  reason: string;
}

const tolerated = JSON.parse(readFileSync("test/faults/tolerated.json", "utf8")) as { harmless: Tolerated[] };
const met = new Set<Tolerated>();
const only = process.env["TSRUNC_SWEEP"] ?? "";
/** TSRUNC_SWEEP_ROLE=init: only its calls, for work on the sweep. */
const onlyRole = process.env["TSRUNC_SWEEP_ROLE"] ?? "";

function toleratedAs(call: RecordedCall): Tolerated | undefined {
  return tolerated.harmless.find(
    (entry) =>
      entry.call === call.name && entry.where.includes(call.role) && call.text.includes(entry.with ?? call.name),
  );
}

/** A hook's child sets 62 signals to their default, each hook anew: the first of each process's hooks stands for all. */
function isRepeated(call: RecordedCall): boolean {
  return call.role.endsWith("-hook") && call.name === "rt_sigaction" && call.index > 0;
}

interface Plan {
  verb: Verb;
  userNamespace: boolean;
  errnos: readonly string[];
  roles: readonly string[];
  hooks: RegExp;
}

async function sweep(test: Test, plan: Plan): Promise<void> {
  const { verb } = plan;
  const box = new Sandbox(ENGINE);
  const scenarios = [new Scenario(box, plan.userNamespace, "a"), new Scenario(box, plan.userNamespace, "b")];
  const [first] = scenarios;
  if (first === undefined) return;
  const log = join(box.folder, "calls");
  const plain = await first.record(verb, { TSRUNC_FAULT_LOG: log });
  test.equal(plain.ran.status, 0, `it succeeds without a fault: ${plain.ran.stderr}`);
  if (verb !== "delete") test.match(plain.probe, /NoNewPrivs:\t1[\s\S]*mkdir: can't create directory/, "a whole probe");
  test.match(plain.hooks, plan.hooks, "the hooks ran");
  const calls = readCalls(log).filter((call) => plan.roles.includes(call.role));
  rmSync(log);
  const chosen = calls.filter((call) => !isRepeated(call) && (onlyRole === "" || onlyRole === call.role));
  const queue = chosen.flatMap((call) => plan.errnos.map((errno) => ({ call, errno })));
  const problems: string[] = [];
  let cleanly = 0;
  let harmless = 0;
  await Promise.all(
    scenarios.map(async (scenario) => {
      for (let next = queue.shift(); next !== undefined; next = queue.shift()) {
        const { call, errno } = next;
        const fault = `${call.role}:${call.index}:${errno}`;
        const verdict = await scenario.judge(verb, fault, call.role === "main", plain.probe);
        const said = verdict.problems;
        const entry = toleratedAs(call);
        if (!verdict.succeeded) cleanly++;
        else if (errno !== "EINTR" && errno !== "KILL") {
          harmless++;
          if (entry === undefined) said.push("it succeeded although the call failed, and is not in tolerated.json");
          else met.add(entry);
        }
        problems.push(...said.map((problem) => `TSRUNC_FAULT=${fault} ${verb} (${call.text}): ${problem}`));
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
  test.strictSame(box.close(), [], "nothing is left");
}

const ALL = ["EPERM", "ENOMEM", "EINTR", "KILL"];
const OWN = ["main", "main-hook"];
const EVERY = [...OWN, "init", "init-hook"];
const CREATED = /^prestart\ncreateRuntime\ncreateContainer\n/;
const WHOLE = /^prestart\ncreateRuntime\ncreateContainer\npoststart\npoststop\n$/;

/** What is swept. Init is the same for run as for create, and is not there for start and delete: their faults are their command's. */
const PLANS: Readonly<Record<string, Plan>> = {
  create: { verb: "create", userNamespace: false, errnos: ALL, roles: EVERY, hooks: CREATED },
  start: { verb: "start", userNamespace: false, errnos: ALL, roles: OWN, hooks: WHOLE },
  run: { verb: "run", userNamespace: false, errnos: ALL, roles: OWN, hooks: WHOLE },
  delete: { verb: "delete", userNamespace: false, errnos: ALL, roles: OWN, hooks: /poststop\n$/ },
  user: { verb: "run", userNamespace: true, errnos: ["ENOMEM"], roles: EVERY, hooks: WHOLE },
};

for (const [name, plan] of Object.entries(PLANS)) {
  if (only === "" || only === name) t.test(`${name}: every call fails once`, (test) => sweep(test, plan));
}
if (only === "") {
  t.test("what is listed as harmless was met", (test) => {
    test.strictSame(
      tolerated.harmless.filter((entry) => !met.has(entry)),
      [],
      "an entry that is not met any more must go",
    );
    test.end();
  });
}
