/** `cloaca complete`: prints names in the database for the scripts of `cloaca completion`. Hidden from the help. */

import { Argument, Command } from 'commander'
import type { Runner } from '../../index.ts'
import { type DatabaseOptions, withReader } from '../command-database.ts'
import { printTexts } from '../print.ts'

const MAX_NAMES = 1_000
/** Number of newest executions. */
const RECENT = 50
/** Characters that a terminal would obey, or that end a line. */
const CONTROLS = /\p{C}/u

const NAME_KINDS = ['triggers', 'workflows', 'schedules', 'executions'] as const
export type NameKind = (typeof NAME_KINDS)[number]

/** Names that an argument can have, by the beginning of its description. */
export const NAMES_BY_ARGUMENT: readonly (readonly [string, NameKind])[] = [
  ['name of the trigger', 'triggers'],
  ['name of the workflow', 'workflows'],
  ['cron trigger name', 'schedules'],
  ['execution id', 'executions'],
]

/** Names that an option can have. */
export const NAMES_BY_OPTION: Readonly<Record<string, NameKind>> = {
  '--trigger': 'triggers',
  '--workflow': 'workflows',
}

const NAMES: Readonly<Record<NameKind, (runner: Runner) => Promise<readonly (string | null)[]>>> = {
  triggers: async ({ triggers }) => {
    const polled = await triggers.list({ limit: MAX_NAMES })
    return [...polled.map(({ name }) => name), ...(await triggers.listCron()).map(({ triggerName }) => triggerName)]
  },
  workflows: async ({ workflows }) => (await workflows.list()).map(({ key }) => key),
  schedules: async ({ schedules }) =>
    (await schedules.list({ limit: MAX_NAMES })).map(({ id, triggerName }) => triggerName ?? id),
  executions: async ({ executions }) => (await executions.list({ limit: RECENT })).map(({ id }) => id),
}

export function completeCommand(): Command {
  return new Command('complete')
    .description('print names for the completion of a command line')
    .addArgument(new Argument('<kind>', 'kind of the names').choices(NAME_KINDS))
    .argument('[words...]', 'words of the command line')
    .action(async (kind: NameKind, words: readonly string[]) => {
      const names = await withReader(databaseIn(words), (runner) => NAMES[kind](runner))
      printTexts(names.flatMap((name) => (name === null || CONTROLS.test(name) ? [] : [name])))
    })
}

/** Returns the database that an unfinished command line names. */
function databaseIn(split: readonly string[]): DatabaseOptions {
  const words = joined(split)
  const [db, schema] = [valueIn(words, '--db'), valueIn(words, '--schema')]
  return { ...(db !== undefined && { db }), ...(schema !== undefined && { schema }) }
}

/** Joins the words that bash splits at the characters `=`, `:` and `@`, which become words of their own. */
function joined(words: readonly string[]): readonly string[] {
  const whole: string[] = []
  for (const [index, word] of words.entries()) {
    const isPart = [word, words[index - 1]].some((each) => each !== undefined && /^[=:@]+$/.test(each))
    if (isPart) whole.push(`${whole.pop() ?? ''}${word}`)
    else whole.push(word)
  }
  return whole
}

function valueIn(words: readonly string[], option: string): string | undefined {
  const index = words.indexOf(option)
  if (index >= 0) return words[index + 1]
  return words.find((word) => word.startsWith(`${option}=`))?.slice(option.length + 1)
}
