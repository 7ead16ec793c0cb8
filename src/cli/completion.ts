/** `cloaca completion`: a shell script that completes commands and options. Generated from the commands. */

import { Argument, Command } from 'commander'
import { withExamples } from './help-examples.ts'
import { printUsage } from './print.ts'

const SHELLS = ['bash', 'zsh', 'fish'] as const
type Shell = (typeof SHELLS)[number]

/** Words that can follow other words: after `execution list`, its options. */
interface Completion {
  readonly words: string
  readonly next: readonly string[]
}

export function completionCommand(program: Command): Command {
  const command = new Command('completion')
    .description('print a completion script for a shell')
    .addArgument(new Argument('<shell>', 'name of the shell').choices(SHELLS))
    .action((shell: Shell) => printUsage(SCRIPTS[shell](completionsOf(program, []))))
  const examples = ['cloaca completion bash >> ~/.bashrc', 'cloaca completion zsh >> ~/.zshrc']
  return withExamples(command, ...examples, 'cloaca completion fish > ~/.config/fish/completions/cloaca.fish')
}

function completionsOf(command: Command, path: readonly string[]): readonly Completion[] {
  const shown = command.createHelp().visibleCommands(command)
  const visible = command.commands.filter((each) => shown.includes(each))
  const subcommands = visible.map((each) => each.name())
  const options = command.options.flatMap(({ long }) => long ?? [])
  const own = { words: path.join(' '), next: [...subcommands, ...options, '--help'] }
  return [own, ...visible.flatMap((each) => completionsOf(each, [...path, each.name()]))]
}

/** Completes files where nothing else is known: scripts and folders. */
const SCRIPTS: Readonly<Record<Shell, (completions: readonly Completion[]) => string>> = {
  bash: (completions) => `${bashFunction(completions)}\ncomplete -o default -F _cloaca cloaca`,
  zsh: (completions) =>
    `autoload -U +X bashcompinit && bashcompinit\n${bashFunction(completions)}\ncomplete -o default -F _cloaca cloaca`,
  fish: (completions) => completions.map(fishLine).join('\n'),
}

/** At most two words are commands. Names and values follow them, and end the search. */
function bashFunction(completions: readonly Completion[]): string {
  const cases = completions.map(({ words, next }) => `      "${words}") next="${next.join(' ')}" ;;`)
  return `_cloaca() {
  local words="" next="" index
  for ((index = 1; index < COMP_CWORD && index <= 2; index++)); do
    [[ \${COMP_WORDS[index]} == -* ]] && break
    words="\${words:+$words }\${COMP_WORDS[index]}"
  done
  while :; do
    case "$words" in
${cases.join('\n')}
    esac
    [[ -n $next || $words != *" "* ]] && break
    words="\${words% *}"
  done
  COMPREPLY=($(compgen -W "$next" -- "\${COMP_WORDS[COMP_CWORD]}"))
}`
}

function fishLine({ words, next }: Completion): string {
  const [group = '', leaf] = words.split(' ')
  const inGroup = `__fish_seen_subcommand_from ${group}`
  const inLeaf = leaf === undefined ? inGroup : `${inGroup}; and __fish_seen_subcommand_from ${leaf}`
  return `complete -c cloaca -n '${group === '' ? '__fish_use_subcommand' : inLeaf}' -a '${next.join(' ')}'`
}
