/** The verbs under a fault: what is done before, the verb itself, what must hold after. */
import { existsSync, rmSync } from "node:fs";
import { join } from "node:path";
import process from "node:process";
import type { Sandbox } from "../support/sandbox.ts";
import { FullBundle, probe, type Variant } from "./full-bundle.ts";
import {
  BOUND_MS,
  ERROR_LINE,
  execute,
  FAULTY,
  ONE_LINE,
  PLAIN,
  pidFiles,
  processesOf,
  type Ran,
  type RecordedCall,
  readCalls,
  remains,
  waitFor,
} from "./sweep.ts";

export type Verb = "create" | "start" | "run" | "delete" | "exec";

/** One command, judged. */
export interface Verdict {
  problems: string[];
  /** The command said success, and what it made was right. */
  succeeded: boolean;
  /** The call that failed, as this run numbered it; undefined: it was not reached. */
  hit: RecordedCall | undefined;
}

/** Lines that only one of two texts has. */
function difference(want: string, found: string): string {
  const [left, right] = [want, found].map((text) => text.split("\n")) as [string[], string[]];
  const missing = left.filter((line) => !right.includes(line)).map((line) => `-${line}`);
  return [...missing, ...right.filter((line) => !left.includes(line)).map((line) => `+${line}`)].join(" ");
}

/** A process that is killed when it has said all, and has yet to execute the program, was killed like one that has. */
const wasAsProgram = (ran: Ran, fault: string): boolean => /^joined:.*:KILL$/.test(fault) && ran.status === 137;

/** One place to run in; two are used at a time. */
export class Scenario {
  readonly bundle: FullBundle;
  readonly #state: string;
  readonly #name: string;
  #runs = 0;

  constructor(box: Sandbox, verb: Verb, variant: Variant, name: string) {
    this.#state = box.state;
    this.#name = name;
    this.bundle = new FullBundle(box, variant, verb === "exec" ? ["sleep", "1000"] : undefined);
  }

  get #pidFile(): string {
    return join(this.bundle.folder, "pid");
  }

  get #id(): string {
    return `f${process.pid}-${this.#name}-${this.#runs}`;
  }

  #run(program: string, words: string[], env: Record<string, string> = {}): Promise<Ran> {
    return execute(program, ["--root", this.#state, ...words], join(this.bundle.folder, "stderr"), env);
  }

  #words(verb: Verb): string[] {
    const id = this.#id;
    if (verb === "exec") return [verb, "--pid-file", this.#pidFile, id, "sh", "-c", probe()];
    return verb === "create" || verb === "run"
      ? [verb, "--bundle", this.bundle.folder, "--pid-file", this.#pidFile, id]
      : [verb, id];
  }

  /** The whole life, in which `verb` is a command of the test build with `env`, all else the product's. */
  async record(verb: Verb, env: Record<string, string>): Promise<{ ran: Ran; probe: string; hooks: string }> {
    if (verb === "exec") return this.#recordExec(env);
    this.#begin();
    if (verb === "start" || verb === "delete") await this.#run(PLAIN, this.#words("create"));
    const ran = await this.#run(FAULTY, this.#words(verb), env);
    if (verb === "create") await this.#run(PLAIN, this.#words("start"));
    if (verb === "create" || verb === "start") await this.#ended();
    const probe = this.bundle.readProbe() ?? "";
    await this.#run(PLAIN, ["delete", "--force", this.#id]);
    return { ran, probe, hooks: this.bundle.hooksRun() };
  }

  async #recordExec(env: Record<string, string>): Promise<{ ran: Ran; probe: string; hooks: string }> {
    await this.#running([]);
    const ran = await this.#run(FAULTY, this.#words("exec"), env);
    return { ran, probe: this.bundle.readProbe() ?? "", hooks: this.bundle.hooksRun() };
  }

  /** For exec: a container whose first process sleeps, the one of before if it is whole; nothing is left of an exec before. */
  async #running(problems: string[]): Promise<void> {
    // A process whose exec was killed may have begun only now: it ends by itself.
    if (this.#runs > 0 && (await waitFor(() => processesOf(this.#id).length === 1, BOUND_MS))) {
      this.#clear();
      return;
    }
    if (this.#runs > 0) problems.push(...(await this.end()));
    this.#begin();
    for (const verb of ["create", "start"] as const) {
      const ran = await this.#run(PLAIN, this.#words(verb));
      if (ran.status !== 0) problems.push(`${verb} before it: ${ran.stderr}`);
    }
    this.#clear();
  }

  /** Ends what exec was run in; what is left of it. */
  async end(): Promise<string[]> {
    const ran = await this.#run(PLAIN, ["delete", "--force", this.#id]);
    return [...(ran.status === 0 ? [] : [ran.stderr]), ...remains(this.#state, this.#id, this.bundle.folder, false)];
  }

  #begin(): void {
    this.#runs++;
    this.#clear();
  }

  #clear(): void {
    for (const name of pidFiles(this.bundle.folder)) rmSync(join(this.bundle.folder, name));
    this.bundle.clear();
  }

  /** Waits for the probe, or for the container's end without one. */
  async #ended(): Promise<void> {
    await waitFor(() => this.bundle.readProbe() !== undefined || processesOf(this.#id).length === 0, 6 * BOUND_MS);
  }

  /** As judgeOnce; what only took too long has a second chance, as the machine may be busy with other things. */
  async judge(verb: Verb, fault: string, ofCommand: boolean, baseline: string): Promise<Verdict> {
    const verdict = await this.judgeOnce(verb, fault, ofCommand, baseline);
    const onlySlow = verdict.problems.length > 0 && verdict.problems.every((problem) => problem.startsWith("took "));
    return onlySlow ? this.judgeOnce(verb, fault, ofCommand, baseline) : verdict;
  }

  /** An exec with a fault in it: a process with every restriction or none at all, and the container goes on as if there had been none. */
  async #judgeExec(fault: string, ofCommand: boolean, baseline: string): Promise<Verdict> {
    const problems: string[] = [];
    await this.#running(problems);
    const before = processesOf(this.#id);
    const killed = fault.endsWith(":KILL");
    const log = join(this.bundle.folder, "hit");
    rmSync(log, { force: true });
    const ran = await this.#run(FAULTY, this.#words("exec"), { TSRUNC_FAULT: fault, TSRUNC_FAULT_LOG: log });
    this.#judgeEnd(problems, ran, fault, ofCommand, 255);
    const ok = ran.status === 0;
    // A process whose exec was killed while it began goes on, or ends with it.
    const same = () => processesOf(this.#id).join() === before.join();
    if (!(await waitFor(same, BOUND_MS)))
      problems.push(`in the container: ${processesOf(this.#id).join(" ")}, before: ${before.join(" ")}`);
    const text = this.bundle.readProbe();
    if (text !== undefined && text !== baseline)
      problems.push(`the process ran without all restrictions: ${difference(baseline, text)}`);
    if (ok && text === undefined) problems.push("success, but the process never ran");
    const left = pidFiles(this.bundle.folder);
    if (!ok && !killed && left.length > 0) problems.push(`left behind: ${left.join(" ")}`);
    const [hit] = existsSync(log) ? readCalls(log) : [];
    return { problems: problems.map((problem) => `${problem}: ${JSON.stringify(ran.stderr)}`), succeeded: ok, hit };
  }

  /** Runs `verb` with a fault in it. `ofCommand`: the call is the command's own, so that KILL ends the command. */
  async judgeOnce(verb: Verb, fault: string, ofCommand: boolean, baseline: string): Promise<Verdict> {
    if (verb === "exec") return this.#judgeExec(fault, ofCommand, baseline);
    this.#begin();
    const problems: string[] = [];
    const killed = fault.endsWith(":KILL");
    if (verb === "start" || verb === "delete") {
      const before = await this.#run(PLAIN, this.#words("create"));
      if (before.status !== 0) problems.push(`create before it: ${before.stderr}`);
    }
    const log = join(this.bundle.folder, "hit");
    rmSync(log, { force: true });
    let ran = await this.#run(FAULTY, this.#words(verb), { TSRUNC_FAULT: fault, TSRUNC_FAULT_LOG: log });
    this.#judgeEnd(problems, ran, fault, ofCommand);
    const created = ran.status === 0 || wasAsProgram(ran, fault);
    if (verb === "create" && created) {
      // What init does after "ready" comes to light here.
      ran = await this.#run(PLAIN, this.#words("start"));
      this.#judgeEnd(problems, ran, fault, false);
    }
    const ok = ran.status === 0;
    if (ok && (verb === "create" || verb === "start")) await this.#ended();
    // After a failed start, or one that was killed, the process may be about to run.
    if (!ok && verb === "start") await waitFor(() => this.bundle.readProbe() !== undefined, 20);
    const probe = this.bundle.readProbe();
    if (probe !== undefined && probe !== baseline)
      problems.push(`the process ran without all restrictions: ${difference(baseline, probe)}`);
    if (ok && verb !== "delete" && probe === undefined) problems.push("success, but the process never ran");
    if (verb === "delete" && ok && existsSync(join(this.#state, this.#id))) problems.push("success, but it is there");
    await this.#judgeRemains(problems, verb, created, killed && ofCommand);
    const [hit] = existsSync(log) ? readCalls(log) : [];
    return { problems: problems.map((problem) => `${problem}: ${JSON.stringify(ran.stderr)}`), succeeded: ok, hit };
  }

  /** `failure`: the status of a command that fails. */
  #judgeEnd(problems: string[], ran: Ran, fault: string, ofCommand: boolean, failure = 1): void {
    const killed = fault.endsWith(":KILL");
    if (ran.ms > BOUND_MS) problems.push(`took ${ran.ms} ms`);
    if (killed && ofCommand) {
      if (ran.signal !== "SIGKILL" && ran.status !== 0) problems.push(`ended with ${ran.signal ?? ran.status}`);
      return;
    }
    if (wasAsProgram(ran, fault)) return;
    if (ran.status !== 0 && ran.status !== failure) problems.push(`ended with ${ran.signal ?? ran.status}`);
    if (ran.status === failure && !(killed ? ONE_LINE : ERROR_LINE).test(ran.stderr))
      problems.push(killed ? "not one error line" : "no single error line with step, call and errno");
  }

  /** Nothing is left by a create or run that failed; by any other, and after a kill, delete --force must leave nothing. */
  async #judgeRemains(problems: string[], verb: Verb, created: boolean, killed: boolean): Promise<void> {
    // A pid file is its reader's to remove once the container was made.
    const failed = !killed && !created && (verb === "run" || verb === "create");
    const what = () => remains(this.#state, this.#id, this.bundle.folder, failed);
    const goneByItself =
      !killed && (verb === "run" || (verb === "create" && !created) || (verb === "delete" && created));
    if (!goneByItself) {
      if (verb === "delete" && !killed) {
        const again = await this.#run(PLAIN, this.#words("delete"));
        if (again.status !== 0 && !again.stderr.includes("does not exist")) problems.push(`again: ${again.stderr}`);
      } else {
        const force = await this.#run(PLAIN, ["delete", "--force", this.#id]);
        if (force.status !== 0 || force.stderr !== "") problems.push(`delete --force: ${force.stderr}`);
      }
    }
    let left: string[] = [];
    // A process that gets its parent's death signal, or a hook whose parent was killed, ends by itself within a moment.
    await waitFor(() => {
      left = what();
      return left.length === 0;
    }, BOUND_MS);
    if (left.length > 0) {
      problems.push(`left behind: ${left.join("; ")}`);
      await this.#run(PLAIN, ["delete", "--force", this.#id]);
    }
    if (!killed || verb !== "create") return;
    const again = await this.#run(PLAIN, this.#words("create"));
    if (again.status !== 0) problems.push(`the id cannot be created again: ${again.stderr}`);
    await this.#run(PLAIN, ["delete", "--force", this.#id]);
  }
}
