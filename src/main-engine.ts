/** Entry of the product. `--version` alone is asked for often enough (moby, crictl) to be answered before anything else is looked at. */
import { runMain } from "./chunk-main.ts";
import { engineHost } from "./host/engine.ts";
import { keep } from "./hot.ts";
import { SYS_exit_group, SYS_write } from "./kernel/constants.ts";
import { VERSION_TEXT } from "./version.ts";

keep((argv, env) => {
  const native = engineHost();
  const [, word] = argv;
  if (argv.length === 2 && (word === "--version" || word === "-v")) {
    const line = `${VERSION_TEXT}\n`;
    native.syscall(SYS_exit_group, native.syscall(SYS_write, 1, line, line.length) === line.length ? 0 : 1);
  }
  runMain(native, native, argv.slice(1), env);
});
