/** Options of `cloaca serve` in the groups of its help, and the short help that lists only the most used options. */

import type { Command } from 'commander'
import { SETTING_KEYS, type SettingKey } from '../../settings/settings-table.ts'
import { withSettings } from '../settings/flags.ts'
import { RESTRICTION_KEYS } from '../settings/restriction-keys.ts'

export interface ServeOptions {
  readonly watch?: true
  readonly poll: boolean
  readonly onlyWorkflows?: readonly string[]
  readonly http: boolean
  readonly prefix: boolean
}

/** Options that `cloaca serve --help` lists. `--help-all` lists all. */
const MOST_USED: ReadonlySet<string> = new Set([
  ...['--watch', '--python', '--secrets', '--db', '--concurrency', '--task-timeout', '--memory', '--grace'],
  ...['--retention-executions', '--port', '--restrict', '--log-level'],
])
const HELP = ['--help', '--help-all']

const LIMITS: readonly SettingKey[] = ['max-concurrent-tasks', 'grace', 'jitter']
const DATABASE: readonly SettingKey[] = ['database', 'schema', 'durability']

type Group = 'run' | 'database' | 'limits' | 'retention' | 'http' | 'restricting' | 'log'

/** Adds the options in the order of the help. */
export function withServeOptions(command: Command): Command {
  command
    .optionsGroup('What to run:')
    .option('--watch', 'reload a script when one of its files changes')
    .option('--no-poll', 'only run tasks: poll no triggers, fire no schedules')
    .option(
      '--only-workflows <names>',
      'run only these workflows (comma-separated) and poll only their triggers',
      names,
    )
  withSettings(command, keysIn('run'))
  withSettings(command.optionsGroup('Database:'), keysIn('database'))
  withSettings(command.optionsGroup('Limits:'), keysIn('limits'))
  withSettings(command.optionsGroup('Retention:'), keysIn('retention'))
  withSettings(command.optionsGroup('HTTP:').option('--no-http', 'do not serve HTTP'), keysIn('http'))
  withSettings(command.optionsGroup('Restricting scripts:'), keysIn('restricting'))
  withSettings(
    command.optionsGroup('Output:').option('--no-prefix', 'print task output without the execution and task prefix'),
    keysIn('log'),
  )
  return withShortHelp(command)
}

function withShortHelp(command: Command): Command {
  let isAll = false
  command
    .optionsGroup('Help:')
    .option('--help-all', 'show all options')
    .helpOption('-h, --help', 'show the most used options')
    .on('option:help-all', () => {
      isAll = true
      command.help()
    })
    // Only in the help: a misspelt option is compared with all of them.
    .on('beforeHelp', () => {
      for (const option of command.options) {
        const flag = option.long ?? ''
        option.hideHelp(!isAll && !MOST_USED.has(flag) && !HELP.includes(flag))
      }
    })
  const others = command.options.length - MOST_USED.size - HELP.length + 1
  return command.addHelpText('after', () => (isAll ? '' : `\n${others} more options: cloaca serve --help-all`))
}

function keysIn(group: Group): readonly SettingKey[] {
  return SETTING_KEYS.filter((key) => groupFor(key) === group)
}

function groupFor(key: SettingKey): Group {
  if (DATABASE.includes(key)) return 'database'
  if (LIMITS.includes(key) || key.startsWith('limits.')) return 'limits'
  if (key.startsWith('retention.')) return 'retention'
  if (key.startsWith('http.')) return 'http'
  if ((RESTRICTION_KEYS as readonly SettingKey[]).includes(key)) return 'restricting'
  return key.startsWith('log.') ? 'log' : 'run'
}

function names(text: string): readonly string[] {
  return text
    .split(',')
    .map((name) => name.trim())
    .filter((name) => name !== '')
}
