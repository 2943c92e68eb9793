/** docs/runc-compat.md and docs/man are what the commands say, and leave nothing of runc's out. */
import { spawnSync } from "node:child_process";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import t from "tap";
import { documents } from "./all.ts";
import { ABSENT, rows } from "./compat.ts";
import { MAN_FOLDER, pages } from "./man.ts";
import { DIFFERENCES, RUNC_COMMANDS, RUNC_GLOBAL } from "./runc.ts";

t.test("the documents are up to date (npm run docs writes them)", (t) => {
  for (const [path, text] of documents()) t.equal(existsSync(path) ? readFileSync(path, "utf8") : "", text, path);
  t.strictSame(readdirSync(MAN_FOLDER).sort(), [...pages().keys()].sort(), "and no other man page");
  t.end();
});

t.test("each command and flag of runc's is there, or has a reason", (t) => {
  const all = rows();
  t.strictSame(
    all.filter(({ state, note }) => state !== "yes" && note === ""),
    [],
  );
  const names = new Set(all.map(({ name }) => name));
  for (const name of DIFFERENCES.keys()) t.ok(names.has(name), `a difference of ${name}`);
  const absent = new Set(all.filter(({ state }) => state === "no").map(({ name }) => name));
  for (const name of ABSENT.keys()) t.ok(absent.has(name), `${name} is really absent`);
  t.end();
});

t.test("runc's own help names what we say it has", (t) => {
  // Debian's runc is older: it may lack what the list has, but not have more.
  const help = (...words: string[]) => spawnSync("/usr/sbin/runc", [...words, "--help"], { encoding: "utf8" }).stdout;
  const long = (text: string) => [...text.matchAll(/^ +--([a-z][a-z0-9-]+)/gm)].map(([, name = ""]) => name);
  const known = (flags: readonly string[]) => flags.map((flag) => flag.split(",")[0]);
  // Gone since: --criu went in 1.2.
  t.strictSame(
    long(help()).filter((name) => !known([...RUNC_GLOBAL, "criu", "help", "version"]).includes(name)),
    [],
  );
  for (const [command, flags] of RUNC_COMMANDS) {
    t.strictSame(
      long(help(command)).filter((name) => !known(flags).includes(name)),
      [],
      command,
    );
  }
  t.end();
});

t.test("man pages are well-formed", (t) => {
  for (const [name, text] of pages()) {
    t.match(text, /^\.TH TS\\-RUNC[A-Z\\-]* 8 /, name);
    t.match(text, /^\.SH NAME\nts\\-runc[a-z\\-]* \\- \S/m, name);
    for (const line of text.split("\n")) t.ok(!/^\.(?!TH|SH|TP|BR|B )/.test(line), `${name}: ${line}`);
  }
  const formatter = spawnSync("man", ["--version"]).status === 0;
  t.test("man reads them", { skip: formatter ? false : "no man on this machine" }, (t) => {
    for (const name of pages().keys()) {
      const shown = spawnSync("man", ["--warnings", "-l", `${MAN_FOLDER}/${name}`], { encoding: "utf8" });
      t.strictSame([shown.status, shown.stderr], [0, ""], name);
    }
    t.end();
  });
  t.end();
});
