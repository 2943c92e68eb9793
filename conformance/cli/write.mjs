// npm run docs: writes the documents that are made from the commands' data.
import { mkdirSync, rmSync, writeFileSync } from "node:fs";
import { importTypeScript } from "../../native/compile.mjs";

const { documents } = await importTypeScript("conformance/cli/all.ts");
rmSync("docs/man", { recursive: true, force: true });
mkdirSync("docs/man", { recursive: true });
const written = documents();
for (const [path, text] of written) writeFileSync(path, text);
console.log(`${written.size} documents written`);
