/**
 * The VM matrix: Debian's stock kernels in each layout of cgroups, under QEMU. In each boot: the static executable with busybox (guest/*.sh),
 * then life-cycle tests of test/lifecycle on a packed Node.     TSRUNC_VM="6.1 v2,6.12 hybrid" chooses boots,
 * TSRUNC_VM_SUITE=basic,run the life-cycle tests in them.
 */
import { readdirSync } from "node:fs";
import { availableParallelism } from "node:os";
import { basename } from "node:path";
import process from "node:process";
import t, { type Test } from "tap";
import { type BootResult, boot, parseSections } from "./boot.ts";
import { BUNDLES } from "./bundles.ts";
import { compileProfile, type Layout, lastLines, packDisk } from "./image.ts";
import { findKernel } from "./kernel.ts";

const LIFE_CYCLE = "test/lifecycle";
const LIFE_CYCLE_TESTS = readdirSync(LIFE_CYCLE).flatMap((file) => /^(.*)\.test\.ts$/.exec(file)?.[1] ?? []);

/** The life-cycle tests that a layout of cgroups could change: they run in every boot. */
const SHORT = ["basic", "run", "exec", "commands", "commands-pause"];
/** Those that need v1's controllers. */
const V1_ONLY = LIFE_CYCLE_TESTS.filter((name) => /^(cgroup-v1|commands-update$)/.test(name));

/** Those that hang on the moment, or on nothing that a guest has otherwise: under emulation they take minutes. */
const HERE_ONLY = ["exec-terminal", "exec-flags"];

const paths = (names: readonly string[]) => names.map((name) => `${LIFE_CYCLE}/${name}`);

interface Planned {
  series: string;
  layout: Layout;
  scripts: string[];
  suite: string[];
}

const V1 = { scripts: ["v1", "apparmor"], suite: paths([...SHORT, ...V1_ONLY]) };

/** All life-cycle tests, new ones too, run on each kernel on cgroup v2, which the machine that runs this may not have. */
const LAYOUTS: Record<Layout, Pick<Planned, "scripts" | "suite">> = {
  v2: {
    scripts: ["v2", "apparmor", "criu", "limits"],
    suite: paths(LIFE_CYCLE_TESTS.filter((name) => !V1_ONLY.includes(name) && !HERE_ONLY.includes(name))),
  },
  v1: V1,
  hybrid: V1,
};

/** In the order of their starts: the two long ones side by side. */
const MATRIX: readonly Planned[] = (["v2", "v1", "hybrid"] as const).flatMap((layout) =>
  ["6.1", "6.12"].map((series) => ({ series, layout, ...LAYOUTS[layout] })),
);

const titleOf = ({ series, layout }: Planned) => `${series} ${layout}`;
const wanted = process.env["TSRUNC_VM"]?.split(",");
const onlySuite = process.env["TSRUNC_VM_SUITE"]?.split(",");
const planned = MATRIX.filter((entry) => wanted === undefined || wanted.includes(titleOf(entry))).map((entry) =>
  onlySuite === undefined ? entry : { ...entry, suite: paths(onlySuite) },
);

t.test("sections of a guest's output, with subtests, skips and failures", (t) => {
  const text = [
    ...[
      "noise",
      "@@ begin a",
      "ok 1 - one",
      "not ok 2 - two",
      "  ---",
      "  found: x",
      "  ...",
      "1..2",
      "@@ end 1 from 2.5 to 4.00",
    ],
    ...["@@ begin b", "# Subtest: inner", "    ok 1 - deep", "    1..1", "ok 1 - inner", "ok 2 - s # SKIP why", "1..2"],
  ].join("\r\n");
  const passed = { ok: true, skip: false, todo: false };
  t.match(parseSections(text), [
    {
      name: "a",
      status: 1,
      seconds: 1.5,
      results: [
        { name: "one", ...passed },
        { name: "two", ...passed, ok: false, diag: { found: "x" } },
      ],
    },
    {
      name: "b",
      status: undefined,
      results: [
        { name: "inner > deep", ...passed },
        { name: "s", ...passed, skip: "why" },
      ],
    },
  ]);
  t.end();
});

/** Every assertion of the guest as one of ours. */
function report(t: Test, entry: Planned, { sections, finished, console, seconds }: BootResult): void {
  for (const section of sections) {
    for (const { name, ok, skip, todo, diag } of section.results) {
      const extra = { skip, todo, ...(ok ? {} : { diagnostic: true, diag }) };
      t.ok(ok, `${section.name}: ${name}`, extra);
    }
    t.ok(section.results.length > 0, `${section.name}: it tested something`);
    t.equal(section.status, 0, `${section.name}: it ended well`);
  }
  t.equal(sections.length, entry.scripts.length + entry.suite.length, "every program ran");
  t.ok(finished, "the guest reached its end", { console: lastLines(console) });
  const all = sections.flatMap((section) => section.results);
  for (const { name } of all.filter((result) => result.name.includes(" KiB"))) t.comment(`| ${name}`);
  const bad = all.filter((result) => !result.ok && !result.skip && !result.todo).length;
  const todo = all.filter((result) => result.todo).length;
  const late = todo === 0 ? "" : `, ${todo} todo`;
  const slow = sections.map(({ name, seconds: own }) => `${basename(name)} ${own.toFixed(1)}`).join(", ");
  t.comment(
    `| Linux ${titleOf(entry)}: ${all.length - bad - todo} passed, ${bad} failed${late}, ${seconds.toFixed(0)} s (${slow})`,
  );
}

const kernels = new Map(
  [...new Set(planned.map((entry) => entry.series))].map((series) => [series, findKernel(series)] as const),
);
const ready = [...kernels.values()].some((kernel) => !("missing" in kernel));
const disk = ready ? await packDisk([...new Set(planned.flatMap(({ suite }) => suite))]) : "";
const profile = ready ? compileProfile() : undefined;
const files: Record<string, string> = profile === undefined ? {} : { "apparmor.bin": profile };

/** As many boots at a time as there are processors for, two at most; each waits for the one before it in its lane. */
const lanes: Promise<unknown>[] = Array.from({ length: Math.min(2, availableParallelism()) }, () => Promise.resolve());

planned.forEach((entry, index) => {
  const title = `Linux ${titleOf(entry)}`;
  const kernel = kernels.get(entry.series) ?? { missing: "nothing looked for it" };
  if ("missing" in kernel) {
    t.test(title, { skip: kernel.missing }, () => undefined);
    return;
  }
  const { layout, scripts, suite } = entry;
  const guest = { layout, scripts, suite, bundles: BUNDLES, modules: kernel.modules, files };
  const lane = index % lanes.length;
  const booted = (lanes[lane] ?? Promise.resolve()).then(() => boot(kernel.image, guest, disk));
  // A boot that cannot be made fails its own test, not those after it.
  lanes[lane] = booted.catch(() => undefined);
  t.test(title, async (t) => report(t, entry, await booted));
});
