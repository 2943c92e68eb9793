/** A place outside of every bundle that no hostile bundle may change: compared before and after. */
import { lstatSync, mkdirSync, readdirSync, readFileSync, readlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";

/** A folder with a file, a folder and a file named ptmx, which runtimes like to remove (CVE-2026-41579). */
export class Marker {
  readonly path: string;
  readonly file: string;
  readonly #before: string[];

  constructor(parent: string) {
    this.path = join(parent, "marker");
    this.file = join(this.path, "file");
    mkdirSync(join(this.path, "folder"), { recursive: true });
    writeFileSync(this.file, "untouched\n", { mode: 0o600 });
    writeFileSync(join(this.path, "ptmx"), "untouched\n");
    this.#before = snapshot(this.path);
  }

  /** What is different now: empty when nothing was touched. */
  changes(): string[] {
    const now = snapshot(this.path);
    return [
      ...now.filter((line) => !this.#before.includes(line)).map((line) => `now ${line}`),
      ...this.#before.filter((line) => !now.includes(line)).map((line) => `was ${line}`),
    ];
  }
}

/** Names, types, modes, owners, times and contents of all below a folder. */
function snapshot(folder: string): string[] {
  const lines: string[] = [];
  const visit = (path: string) => {
    const status = lstatSync(path);
    const content = status.isFile() ? readFileSync(path, "utf8") : status.isSymbolicLink() ? readlinkSync(path) : "";
    lines.push(`${path} ${status.mode.toString(8)} ${status.uid}:${status.gid} ${status.mtimeMs} ${content}`);
    if (status.isDirectory()) for (const name of readdirSync(path)) visit(join(path, name));
  };
  visit(folder);
  return lines;
}
