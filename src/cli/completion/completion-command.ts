/**
 * `cloaca completion`: a shell script that completes commands, options and their words, generated from the commands. It
 * calls the hidden command `cloaca complete` for names in the database.
 */

import { Argument, Command, type Option } from 'commander'
import { withExamples } from '../help-examples.ts'
import { printUsage } from '../print.ts'
import { NAMES_BY_ARGUMENT, NAMES_BY_OPTION, type NameKind } from './completed-names.ts'

const SHELLS = ['bash', 'zsh', 'fish'] as const
type Shell = (typeof SHELLS)[number]

/** Words that can follow other words: after `execution list`, its options. */
interface Completion {
  readonly words: string
  readonly next: readonly string[]
  /** Names that its first argument can have, or null. */
  readonly names: NameKind | null
  /** Values of its options with fixed words. */
  readonly values: ReadonlyMap<string, readonly string[]>
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
  const values = new Map(command.options.flatMap((option) => fixedValues(option)))
  const own = { words: path.join(' '), next: [...subcommands, ...options, '--help'], names: namesOf(command), values }
  return [own, ...visible.flatMap((each) => completionsOf(each, [...path, each.name()]))]
}

function namesOf({ registeredArguments: [first] }: Command): NameKind | null {
  const known = NAMES_BY_ARGUMENT.find(([description]) => first?.description.startsWith(description))
  return known?.[1] ?? null
}

/** Returns the option with its words, which its parser or its choices define. */
function fixedValues({ long, parseArg, argChoices }: Option): [string, readonly string[]][] {
  const words = argChoices ?? (parseArg as { readonly words?: readonly string[] } | undefined)?.words
  return long == null || words === undefined ? [] : [[long, words]]
}

/** Completes files where nothing else is known: scripts and folders. */
const SCRIPTS: Readonly<Record<Shell, (completions: readonly Completion[]) => string>> = {
  bash: (completions) => `${bashFunction(completions)}\ncomplete -o default -F _cloaca cloaca`,
  zsh: (completions) =>
    `autoload -U +X bashcompinit && bashcompinit\n${bashFunction(completions)}\ncomplete -o default -F _cloaca cloaca`,
  fish: (completions) => completions.flatMap(fishLines).join('\n'),
}

/**
 * At most two words are commands. Names and values follow them, and end the search. Names never go through `compgen`,
 * which would expand them, and are quoted.
 */
function bashFunction(completions: readonly Completion[]): string {
  const cases = completions.map(({ words, next, names }) => {
    return `      "${words}") next="${next.join(' ')}" names="${names ?? ''}" ;;`
  })
  const values = completions.flatMap(({ words, values }) =>
    [...values].map(([option, next]) => `    "${words} ${option}") next="${next.join(' ')}" names="" ;;`),
  )
  const options = Object.entries(NAMES_BY_OPTION).map(([option, names]) => `    *" ${option}") names="${names}" ;;`)
  return `_cloaca() {
  local words="" next="" names="" name index
  local current="\${COMP_WORDS[COMP_CWORD]}" previous="\${COMP_WORDS[COMP_CWORD-1]}"
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
  case "$words $previous" in
${[...values, ...options].join('\n')}
  esac
  if [[ -z $names || $current == -* ]]; then
    COMPREPLY=($(compgen -W "$next" -- "$current"))
    return
  fi
  COMPREPLY=()
  while IFS= read -r name; do
    [[ $name == "$current"* ]] && COMPREPLY+=("$(printf '%q' "$name")")
  done < <("\${COMP_WORDS[0]}" complete "$names" -- "\${COMP_WORDS[@]}" 2>/dev/null </dev/null)
}`
}

function fishLines({ words, next, names, values }: Completion): readonly string[] {
  const [group = '', leaf] = words.split(' ')
  const inGroup = `__fish_seen_subcommand_from ${group}`
  const inLeaf = leaf === undefined ? inGroup : `${inGroup}; and __fish_seen_subcommand_from ${leaf}`
  const line = `complete -c cloaca -n '${group === '' ? '__fish_use_subcommand' : inLeaf}'`
  const named = Object.entries(NAMES_BY_OPTION).filter(([option]) => next.includes(option))
  return [
    `${line} -a '${next.join(' ')}'`,
    ...(names === null ? [] : [`${line} -a '${fishNames(names)}'`]),
    ...[...values].map(([option, each]) => `${line} -l ${option.slice(2)} -x -a '${each.join(' ')}'`),
    ...named.map(([option, kind]) => `${line} -l ${option.slice(2)} -x -a '${fishNames(kind)}'`),
  ]
}

function fishNames(names: NameKind): string {
  return `(cloaca complete ${names} -- (commandline -opc) 2>/dev/null)`
}
