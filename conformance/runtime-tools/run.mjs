// Compiles main.ts and runs it, so that the command needs no more than Node 20.
import { importTypeScript } from "../../native/compile.mjs";

await importTypeScript("conformance/runtime-tools/main.ts");
