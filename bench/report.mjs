// The benchmark's result as text: two markdown tables, so that they can be pasted into docs/performance.md.
import { compare, median, summary } from "./statistics.mjs";

const ORDER = ["create+start+delete", "run", "create", "start", "delete", "state", "kill", "version"];
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
      const { geometricMean, median, p10, p90 } = compare(walls(ours), walls(name));
      return `**${number(geometricMean)}** (${number(median)}; ${number(p10)}–${number(p90)})`;
    });
    return [figure === "version" ? "--version" : figure, ...own, ...ratios];
  });
  return table(["what", ...names.map((name) => `${name} ms`), ...others.map((name) => `÷ ${name}`)], rows);
}

/** CPU time and peak memory. */
function uses(result, names, figures) {
  const rows = figures.map((figure) => [
    figure === "version" ? "--version" : figure,
    ...names.map((name) => number(median(result.figures[figure][name].map((entry) => entry.cpu)))),
    ...names.map((name) => number(Math.max(...result.figures[figure][name].map((entry) => entry.memory)) / 1024)),
  ]);
  rows.push([
    "executable, MB",
    ...names.map(() => ""),
    ...names.map((name) => number(result.runtimes.find((entry) => entry.name === name).bytes / 1e6)),
  ]);
  return table(["what", ...names.map((name) => `${name} CPU ms`), ...names.map((name) => `${name} peak MiB`)], rows);
}

/** The whole report. */
export function text(result) {
  const names = result.runtimes.map((entry) => entry.name);
  const figures = ORDER.filter((figure) => result.figures[figure] !== undefined);
  const lines = [
    `${result.date.slice(0, 10)}, ${result.machine}`,
    `command: ${result.command}`,
    ...result.runtimes.map((entry) => `${entry.name}: ${entry.version}`),
    `${result.rounds} rounds, every runtime once in each, in random order${result.idle > 0 ? `, ${result.idle} ms idle before each` : ""}`,
  ];
  lines.push("bundles and state on a tmpfs, in one mount namespace for all runtimes");
  if (result.hidden.length > 0)
    lines.push(`${result.hidden.join(", ")} (cgroup2) hidden there: crun 1.8 refuses it beside v1`);
  lines.push(
    "",
    "Wall time: median (minimum); ratio of ts-runc's to the other's in the same round: **geometric mean** (median; p10–p90)",
    "",
    times(result, names, figures),
    "",
    "CPU time (user + system, with that of waited-for children): median; peak memory of a process: largest of all rounds",
    "",
    uses(result, names, figures),
    "",
    `rounds in which a runtime failed: ${result.failures} (not counted)`,
    result.left.length === 0 ? "left behind: nothing" : `left behind: ${result.left.join(", ")}`,
  );
  return lines.join("\n");
}
