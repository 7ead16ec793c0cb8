/** `cloaca limit`: lists and shows limits by key, overrides their values, and closes and opens their slots. */

import { Command } from 'commander'
import { type Runner, UsageError } from '../../index.ts'
import { limitRecord } from '../../runner/records/limits/limit-records.ts'
import { RATE } from '../../settings/limit-settings.ts'
import { durationFrom, valueType, wholeNumberFrom } from '../../settings/value-types.ts'
import { type DatabaseOptions, withDatabase, withReader, withRunner } from '../command-database.ts'
import { withExamples } from '../help-examples.ts'
import { optionParser } from '../option-values.ts'
import { formatDuration, printJson, printLine, UsageMistake } from '../print.ts'
import { list, show } from './limit-output.ts'

/** A word, because commander makes null of an empty text. */
type None = typeof NONE
const NONE = 'none'

type ShowOptions = DatabaseOptions & { readonly limit: number }

type SetOptions = DatabaseOptions & {
  readonly maxActive?: number | None
  readonly rate?: string
  readonly reset?: true
  readonly note?: string
}

type ValueOptions = DatabaseOptions & { readonly value?: string; readonly note?: string }
type CloseOptions = ValueOptions & { readonly for?: number }

export function limitCommand(): Command {
  const group = new Command('limit').description('list, show and change the limits of tasks and workflows')
  const limit = withExamples(group, 'cloaca limit list', 'cloaca limit set crm --max-active 5')
  const command = (name: string, description: string, example: string) =>
    withDatabase(withExamples(limit.command(name).description(description), example))
  const named = (name: string, description: string, example: string) =>
    command(name, description, example).argument('<name>', 'name of the limit; workflow:NAME for a workflow')
  command('list', 'list the limits of a database', 'cloaca limit list').action((options: DatabaseOptions) =>
    withReader(options, (runner) => list(runner, options)),
  )
  named('show', 'show a limit: its values, and who uses its slots', 'cloaca limit show crm')
    .option('--limit <n>', 'show at most this many values', optionParser(wholeNumberFrom(0)), 20)
    .action((name: string, options: ShowOptions) => withReader(options, (runner) => show(runner, name, options)))
  named(
    'set',
    'override the declared values of a limit permanently',
    'cloaca limit set crm --max-active 5 --rate 50/1m',
  )
    .option('--max-active <n>', 'allow this many at the same time; none: no maximum', maxActiveParser)
    .option('--rate <rate>', 'allow this many per time, as 100/1m; none: no rate', rateParser)
    .option('--reset', 'remove the overrides and use the declared values')
    .option('--note <text>', 'record a reason for this action')
    .action((name: string, options: SetOptions) => withRunner(options, (runner) => set(runner, name, options)))
  valued(named('close', 'close the slots of a limit', 'cloaca limit close crm --value acme --for 10m'))
    .option('--for <duration>', 'open again after this time (default: when opened)', optionParser(durationFrom(1)))
    .action((name: string, options: CloseOptions) => withRunner(options, (runner) => close(runner, name, options)))
  valued(named('open', 'open the closed slots of a limit', 'cloaca limit open crm')).action(
    (name: string, options: ValueOptions) => withRunner(options, (runner) => open(runner, name, options)),
  )
  return limit
}

function valued(command: Command): Command {
  return command
    .option('--value <value>', 'only for this value of `per`: text or JSON')
    .option('--note <text>', 'record a reason for this action')
}

async function set(runner: Runner, name: string, options: SetOptions): Promise<void> {
  const { maxActive, rate, reset, note } = options
  const given = {
    ...(maxActive !== undefined && { maxActive: maxActive === NONE ? null : maxActive }),
    ...(rate !== undefined && { rate: rate === NONE ? null : rate }),
  }
  const isEmpty = Object.keys(given).length === 0
  if (reset && !isEmpty) throw new UsageMistake('Pass either --reset, or --max-active and --rate.')
  if (!reset && isEmpty) throw new UsageMistake('No value to set. Pass at least one; see: cloaca limit set --help')
  const row = await asUsage(runner.limits.set(name, reset ? null : given, actionOf(note)))
  if (options.json) return printJson(limitRecord(row, runner.now()))
  printLine(
    reset
      ? `Limit "${name}" reset to its declared values.`
      : `Limit "${name}" updated. The override survives restarts; remove it with: cloaca limit set ${name} --reset`,
  )
}

async function close(runner: Runner, name: string, options: CloseOptions): Promise<void> {
  const { value, note } = options
  const forMs = options.for
  const given = { ...actionOf(note), ...valueOption(value), ...(forMs !== undefined && { forMs }) }
  const row = await asUsage(runner.limits.close(name, given))
  if (options.json) return printJson(limitRecord(row, runner.now()))
  const end =
    forMs === undefined ? `until you open it with: cloaca limit open ${name}` : `for ${formatDuration(forMs)}.`
  printLine(`Limit "${name}"${valuePhrase(value)} closed ${end}`)
}

async function open(runner: Runner, name: string, options: ValueOptions): Promise<void> {
  const { value, note } = options
  const row = await asUsage(runner.limits.open(name, { ...actionOf(note), ...valueOption(value) }))
  if (options.json) return printJson(limitRecord(row, runner.now()))
  printLine(`Limit "${name}"${valuePhrase(value)} opened.`)
}

function actionOf(note: string | undefined) {
  return { source: 'cli', ...(note !== undefined && { note }) } as const
}

/** A text that is not JSON is the value itself: `acme` is `"acme"`, and 7 is a number. */
function valueOption(value: string | undefined): { readonly valueText?: string } {
  return value === undefined ? {} : { valueText: isJson(value) ? value : JSON.stringify(value) }
}

function valuePhrase(value: string | undefined): string {
  return value === undefined ? '' : ` for value ${valueOption(value).valueText}`
}

function isJson(text: string): boolean {
  try {
    JSON.parse(text)
    return true
  } catch {
    // Ignored: such a text is a value without quotes
    return false
  }
}

async function asUsage<Result>(call: Promise<Result>): Promise<Result> {
  try {
    return await call
  } catch (thrown) {
    if (thrown instanceof UsageError && thrown.code === 'INVALID_ARGUMENT') throw new UsageMistake(thrown.message)
    throw thrown
  }
}

function maxActiveParser(text: string): number | None {
  return text === NONE ? NONE : optionParser(wholeNumberFrom(1), ', or none')(text)
}

/** Returns the text, which the runner reads again. */
function rateParser(text: string): string {
  if (text !== NONE) optionParser(valueType(RATE), ', or none')(text)
  return text
}
