/** Completion scripts for shells, from the commands' data. */
import type { Command, Flag } from "./command.ts";
import { GLOBAL_FLAGS } from "./command.ts";

/** The script of a shell; undefined for an unknown one. */
export function completion(shell: string, commands: readonly Command[]): string | undefined {
  if (shell === "bash") return bash(commands);
  if (shell === "zsh") return `autoload -U +X bashcompinit && bashcompinit\n${bash(commands)}`;
  if (shell === "fish") return fish(commands);
  return undefined;
}

/** Hidden flags are for callers that send them anyway. */
const shown = (flags: readonly Flag[]): Flag[] => flags.filter((flag) => flag.hidden !== true);

function bash(commands: readonly Command[]): string {
  const names = commands.map((command) => command.name).join(" ");
  const cases = commands.map(
    (command) =>
      `    ${command.name}) words="${shown(command.flags)
        .map((flag) => `--${flag.name}`)
        .join(" ")} $(ts-runc list -q 2>/dev/null)" ;;`,
  );
  return `_ts_runc() {
  local words command=""
  for word in "\${COMP_WORDS[@]:1:COMP_CWORD-1}"; do case "$word" in -*) ;; *) command="$word"; break ;; esac; done
  case "$command" in
    "") words="${names} ${shown(GLOBAL_FLAGS)
      .map((flag) => `--${flag.name}`)
      .join(" ")}" ;;
${cases.join("\n")}
  esac
  COMPREPLY=($(compgen -W "$words" -- "\${COMP_WORDS[COMP_CWORD]}"))
}
complete -o default -F _ts_runc ts-runc
`;
}

function fish(commands: readonly Command[]): string {
  const lines = shown(GLOBAL_FLAGS).map(
    (flag) => `complete -c ts-runc -n __fish_use_subcommand -l ${flag.name} -d '${flag.help.replace(/'/g, "")}'`,
  );
  for (const command of commands) {
    lines.push(
      `complete -c ts-runc -f -n __fish_use_subcommand -a ${command.name} -d '${command.help.replace(/'/g, "")}'`,
    );
    for (const flag of shown(command.flags)) {
      lines.push(
        `complete -c ts-runc -n '__fish_seen_subcommand_from ${command.name}' -l ${flag.name} -d '${flag.help.replace(/'/g, "")}'`,
      );
    }
  }
  return `${lines.join("\n")}\n`;
}
