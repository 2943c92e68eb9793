// The benchmark's result as text: markdown tables, so that they can be pasted into docs/performance.md.
import { compare, median, summary } from "./statistics.mjs";

const number = (value) => value.toFixed(2);

function table(head, rows) {
  const line = (cells) => `| ${cells.join(" | ")} |`;
  return [line(head), line(head.map(() => "---")), ...rows.map(line)].join("\n");
}

/** Wall time of each runtime, and the ratio of ours to each other. */
function times(result, names, figures) {
  const [ours, ...others] = names;
  const rows = figures.map((figure) => {
    const walls = (name) => result.figures[figure][name].map((entry) => entry.wall);
    const own = names.map((name) => {
      const { median, min } = summary(walls(name));
      return `${number(median)} (${number(min)})`;
    });
    const ratios = others.map((name) => {
      const { geometricMean, p10, p90 } = compare(walls(ours), walls(name));
      const ofMedians = median(walls(ours)) / median(walls(name));
      return `**${number(geometricMean)}** (${number(ofMedians)}; ${number(p10)}–${number(p90)})`;
    });
    return [figure, ...own, ...ratios];
  });
  return table(["what", ...names.map((name) => `${name} ms`), ...others.map((name) => `÷ ${name}`)], rows);
}

/** CPU time, peak memory and page faults. */
function uses(result, names, figures) {
  const of = (figure, name, key) => result.figures[figure][name].map((entry) => entry[key]);
  const rows = figures.map((figure) => [
    figure,
    ...names.map((name) => number(median(of(figure, name, "cpu")))),
    ...names.map((name) => number(Math.max(...of(figure, name, "memory")) / 1024)),
    ...names.map((name) => median(of(figure, name, "faults")).toFixed(0)),
  ]);
  const head = ["CPU ms", "peak MiB", "faults"].flatMap((word) => names.map((name) => `${name} ${word}`));
  return table(["what", ...head], rows);
}

/** What is measured once: calls, limits, sizes. */
function once(result, names) {
  const rows = Object.entries(result.calls).map(([figure, of]) => [
    `system calls of ${figure}`,
    ...names.map((name) => of[name] ?? "?"),
  ]);
  if (Object.keys(result.limits).length > 0) {
    const limit = (name, key) => result.limits[name]?.[key];
    const kib = (name) => (limit(name, "memory") === undefined ? "?" : limit(name, "memory") / 1024);
    rows.push(["smallest memory limit, KiB", ...names.map(kib)]);
    rows.push(["smallest pids limit", ...names.map((name) => limit(name, "pids") ?? "?")]);
  }
  const bytes = (name) => result.runtimes.find((entry) => entry.name === name).bytes;
  rows.push(["executable, MB", ...names.map((name) => number(bytes(name) / 1e6))]);
  return table(["what", ...names], rows);
}

/** The whole report. */
export function text(result) {
  const names = result.runtimes.map((entry) => entry.name);
  const figures = Object.keys(result.figures);
  const used = figures.filter((figure) => result.figures[figure][names[0]][0]?.cpu !== undefined);
  const lines = [
    `${result.date.slice(0, 10)}, ${result.machine}`,
    `command: ${result.command}`,
    ...result.runtimes.map((entry) => `${entry.name}: ${entry.version}`),
    `${result.rounds} rounds, every runtime once in each, in random order${result.idle > 0 ? `, ${result.idle} ms idle before each` : ""}`,
    "bundles and state on a tmpfs, in one mount namespace for all runtimes",
  ];
  if (result.hidden.length > 0)
    lines.push(`${result.hidden.join(", ")} (cgroup2) hidden there: crun refuses it beside v1`);
  if (result.why !== undefined) lines.push(`not measured under containerd: ${result.why}`);
  if (figures.length > 0)
    lines.push(
      "",
      "Wall time: median (minimum); ours to the other's: **geometric mean of the rounds' ratios** (ratio of the medians; p10–p90 of the rounds)",
      "",
      times(result, names, figures),
    );
  if (used.length > 0)
    lines.push(
      "",
      "CPU time (user + system, with that of waited-for children), median; peak memory of a process, largest of all rounds; page faults, median",
      "",
      uses(result, names, used),
    );
  lines.push(
    "",
    once(result, names),
    "",
    `rounds in which a runtime failed: ${result.failures} (not counted)`,
    result.left.length === 0 ? "left behind: nothing" : `left behind: ${result.left.join(", ")}`,
  );
  return lines.join("\n");
}
