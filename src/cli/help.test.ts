/** What commander says: help, usage errors, completion scripts that work in their shells. */
import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import t from "tap";
import { COMMANDS } from "./commands.ts";
import { answer } from "./help.ts";

const VERSION = "ts-runc version 9";
const say = (...words: string[]) => answer(words, VERSION);

t.test("help names every command and every flag but the hidden", (t) => {
  const general = say("--help");
  t.match(general, { status: 0, stderr: "" });
  for (const command of COMMANDS) {
    t.ok(general.stdout.includes(`  ${command.name} `), command.name);
    const { stdout, status } = say(command.name, "--help");
    t.equal(status, 0);
    for (const flag of command.flags) t.equal(stdout.includes(`--${flag.name}`), flag.hidden !== true, flag.name);
    t.equal(say("help", command.name).stdout, stdout);
  }
  t.notMatch(general.stdout, /--systemd-cgroup/);
  t.ok(Math.max(...general.stdout.split("\n").map((line) => line.length)) <= 100, "lines of at most 100 columns");
  t.end();
});

t.test("--version after other flags", (t) => {
  t.strictSame(say("--root", "/x", "--version"), { stdout: `${VERSION}\n`, stderr: "", status: 0 });
  t.end();
});

t.test("usage errors name what is wrong, on stderr, with status 1", (t) => {
  const cases: [string[], RegExp][] = [
    [["stat"], /unknown command 'stat'\n\(Did you mean (one of .*)?state/],
    [["state"], /missing required argument 'container-id'/],
    [["state", "a", "b"], /too many arguments/],
    [["create", "--bundel", "x", "id"], /unknown option '--bundel'\n\(Did you mean --bundle\?\)/],
    [["create", "id", "--bundle"], /^error: flag needs an argument: --bundle\n/],
    [["restore", "--lsm-mount-context"], /^error: flag needs an argument: --lsm-mount-context\n/],
    [["list", "--all=yes"], /unknown option '--all=yes'/],
  ];
  for (const [words, message] of cases) {
    const said = say(...words);
    t.match(said, { status: 1, stdout: "", stderr: message }, words.join(" "));
  }
  t.match(say(), { status: 1, stderr: /Usage: ts-runc/ }, "no words: help as an error");
  t.match(say("completion", "csh"), { status: 1, stderr: /unknown shell 'csh', want bash, zsh or fish/ });
  t.end();
});

/** What bash would offer for words, of which the last is being typed. */
function offered(script: string, words: string[]): string[] {
  const list = words.map((word) => `'${word}'`).join(" ");
  const typed = `COMP_WORDS=(${list}); COMP_CWORD=${words.length - 1}`;
  const program = `${script}\nts-runc() { echo c1; }\n${typed}; _ts_runc; printf '%s\\n' "\${COMPREPLY[@]}"`;
  const result = spawnSync("bash", ["-c", program], { encoding: "utf8", timeout: 10_000 });
  return result.status === 0 ? result.stdout.split("\n").filter((word) => word !== "") : [result.stderr];
}

t.test("bash completion: its syntax, commands, flags and ids", (t) => {
  const { stdout: script, status } = say("completion", "bash");
  t.equal(status, 0);
  const checked = spawnSync("bash", ["-n"], { input: script, encoding: "utf8", timeout: 10_000 });
  t.strictSame([checked.status, checked.stderr], [0, ""]);
  t.strictSame(offered(script, ["ts-runc", "st"]).sort(), ["start", "state"]);
  t.strictSame(offered(script, ["ts-runc", "--ro"]), ["--root"]);
  t.strictSame(offered(script, ["ts-runc", "create", "--bu"]), ["--bundle"]);
  t.strictSame(offered(script, ["ts-runc", "--debug", "delete", "--"]), ["--force"]);
  t.strictSame(offered(script, ["ts-runc", "kill", "c"]), ["c1"]);
  const words = offered(script, ["ts-runc", ""]);
  for (const command of COMMANDS) t.ok(words.includes(command.name), command.name);
  t.notOk(words.includes("--systemd-cgroup"), "hidden flags are not offered");
  t.end();
});

for (const shell of ["zsh", "fish"]) {
  const { stdout: script } = say("completion", shell);
  t.test(`${shell} completion names each command and flag`, (t) => {
    for (const command of COMMANDS) {
      t.match(script, new RegExp(`\\b${command.name}\\b`));
      for (const flag of command.flags.filter((flag) => flag.hidden !== true))
        t.ok(script.includes(shell === "zsh" ? `--${flag.name}` : `-l ${flag.name} `), `${command.name} ${flag.name}`);
    }
    // Single quotes are the only quoting of these lines; an odd one would swallow the next.
    if (shell === "fish") for (const line of script.split("\n")) t.equal(line.split("'").length % 2, 1, line);
    t.end();
  });
  const missing = spawnSync(shell, ["-c", "true"]).status !== 0;
  t.test(`${shell} reads its completion`, { skip: missing ? `no ${shell} on this machine` : false }, (t) => {
    const folder = mkdtempSync(join(tmpdir(), "ts-runc-test-"));
    const path = join(folder, "completion");
    writeFileSync(path, script);
    const result = spawnSync(shell, ["-n", path], { encoding: "utf8", timeout: 10_000 });
    t.strictSame([result.status, result.stderr], [0, ""]);
    rmSync(folder, { recursive: true });
    t.end();
  });
}
