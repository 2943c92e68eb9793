/** Man pages, from the same data as --help: docs/man/ts-runc.8 and one page a command (man-pages(7), groff_man(7)). */
import { type Command, type Flag, GLOBAL_FLAGS } from "../../src/cli/command.ts";
import { COMMANDS } from "../../src/cli/commands.ts";
import { VERSION } from "../../src/version.ts";

/** Where they are written. */
export const MAN_FOLDER = "docs/man";

/** Text for groff: what would be markup is escaped, and a leading dot or quote is none. */
const text = (plain: string): string =>
  plain.replaceAll("\\", "\\e").replaceAll("-", "\\-").replace(/^[.']/gm, "\\&$&");

const shown = (flags: readonly Flag[]): Flag[] => flags.filter((flag) => flag.hidden !== true);

function option({ name, short, value, help }: Flag): string {
  const letter = short === undefined ? "" : `\\fB\\-${short}\\fR, `;
  const word = value === undefined ? "" : ` \\fI${text(value)}\\fR`;
  return `.TP\n${letter}\\fB\\-\\-${text(name)}\\fR${word}\n${text(help)}`;
}

function options(flags: readonly Flag[]): string {
  return flags.length === 0 ? "" : `.SH OPTIONS\n${flags.map(option).join("\n")}\n`;
}

const head = (page: string, summary: string): string =>
  `.TH ${text(page.toUpperCase())} 8 "" "ts\\-runc ${VERSION}" "System Administration"
.SH NAME
${text(page)} \\- ${text(summary)}
`;

/** `<container-id>` in italics, `[x...]` in brackets. */
const argument = (arg: string): string =>
  arg.startsWith("[") ? `[\\fI${text(arg.slice(1, -1))}\\fR]` : `\\fI${text(arg.slice(1, -1))}\\fR`;

function commandPage(command: Command): string {
  const flags = shown(command.flags);
  const words = [flags.length === 0 ? "" : "[\\fIoptions\\fR]", ...command.args.map(argument)].filter(
    (word) => word !== "",
  );
  return `${head(`ts-runc-${command.name}`, command.help)}.SH SYNOPSIS
\\fBts\\-runc\\fR [\\fIglobal options\\fR] \\fB${text(command.name)}\\fR ${words.join(" ")}
.SH DESCRIPTION
${text(`${command.help.charAt(0).toUpperCase()}${command.help.slice(1)}.`)}
${options(flags)}.SH EXIT STATUS
0, or 1 with one line on standard error${command.name === "run" ? "; in the foreground that of the container's process, 128 + the signal that ended it" : ""}.
.SH SEE ALSO
.BR ts\\-runc (8)
`;
}

function mainPage(): string {
  const commands = COMMANDS.map(({ name, help }) => `.TP\n.BR ts\\-runc\\-${text(name)} (8)\n${text(help)}`);
  return `${head("ts-runc", "OCI container runtime")}.SH SYNOPSIS
\\fBts\\-runc\\fR [\\fIglobal options\\fR] \\fIcommand\\fR [\\fIoptions\\fR] [\\fIarguments\\fR]
.SH DESCRIPTION
Makes containers from bundles (a config.json and a root file system) as the Open Container Initiative's runtime specification says.
Its command line is that of
.BR runc (8).
${options(shown(GLOBAL_FLAGS))}.SH COMMANDS
${commands.join("\n")}
.SH ENVIRONMENT
.TP
.B XDG_RUNTIME_DIR
for users other than root: state is kept in ts\\-runc below it
.TP
.B NOTIFY_SOCKET
a service manager's socket (sd_notify(3)), an absolute path or @ and an abstract name: the container is given one of its own,
and start returns when the container has said READY=1 there and the manager was told, with the container's MAINPID
.TP
.B TSRUNC_TRACE
a folder: each command writes its system calls to a file in it
`;
}

/** All pages: file name and text. */
export function pages(): Map<string, string> {
  const result = new Map([["ts-runc.8", mainPage()]]);
  for (const command of COMMANDS) result.set(`ts-runc-${command.name}.8`, commandPage(command));
  return result;
}
