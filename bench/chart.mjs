// The benchmark's result as a picture for the README: the median of each figure, one bar a runtime, as a share of crun's.
import { median } from "./statistics.mjs";

const SHOWN = [
  "create+start+delete",
  "docker create+start+delete",
  "run",
  "exec",
  "state",
  "kill",
  "list 100",
  "500 at once, 16 callers",
];
const COLOURS = { "ts-runc": "#2563eb", crun: "#94a3b8", runc: "#cbd5e1" };
const LEFT = 210;
const WIDTH = 760;
const BAR = 12;
const GROUP = 56;
const TOP = 52;

const plain = (text) => String(text).replaceAll("&", "&amp;").replaceAll("<", "&lt;");

/** An SVG of the figures that were measured; bars beyond four times crun's end at the edge and say how long they are. */
export function chart(result) {
  const names = ["ts-runc", "crun", "runc"].filter((name) => result.runtimes.some((one) => one.name === name));
  const figures = SHOWN.filter((figure) => result.figures[figure]?.crun !== undefined);
  const most = 4;
  const scale = (WIDTH - LEFT - 110) / most;
  const rows = figures.map((figure, row) => {
    const of = (name) => median(result.figures[figure][name].map((entry) => entry.wall));
    const crun = of("crun");
    const bars = names.map((name, index) => {
      const y = TOP + row * GROUP + index * (BAR + 2);
      const share = of(name) / crun;
      const width = Math.min(share, most) * scale;
      const label = `${of(name).toFixed(of(name) < 100 ? 2 : 0)} ms${name === "crun" ? "" : ` · ${share.toFixed(2)} ×`}`;
      return `<rect x="${LEFT}" y="${y}" width="${width.toFixed(1)}" height="${BAR}" rx="2" fill="${COLOURS[name]}"/><text x="${(LEFT + width + 6).toFixed(1)}" y="${y + BAR - 2}" class="value">${plain(label)}</text>`;
    });
    return `<text x="${LEFT - 10}" y="${TOP + row * GROUP + 26}" class="figure">${plain(figure)}</text>${bars.join("")}`;
  });
  const legend = names.map((name, index) => {
    const { version } = result.runtimes.find((one) => one.name === name);
    const words = version.replace(/ version /, " ").replace(/^ts-runc ts-runc/, "ts-runc");
    return `<rect x="${LEFT + index * 150}" y="22" width="12" height="12" rx="2" fill="${COLOURS[name]}"/><text x="${LEFT + index * 150 + 18}" y="32" class="value">${plain(words)}</text>`;
  });
  const height = TOP + figures.length * GROUP;
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${height}" width="${WIDTH}" height="${height}" role="img" aria-label="median wall time of each figure">
<style>text{font:12px system-ui,sans-serif;fill:#334155}.figure{text-anchor:end;font-weight:600}.value{font-size:11px}</style>
<rect width="${WIDTH}" height="${height}" fill="#ffffff"/>
${legend.join("\n")}
${rows.join("\n")}
</svg>
`;
}
