/** `cloaca trigger`: the commands, and those of them that look at triggers. */

import { Command } from 'commander'
import {
  type CronTriggerInfo,
  type Runner,
  type TickOutcome,
  type TickRow,
  type TriggerInfo,
  UsageError,
} from '../../index.ts'
import { cronFiringRecord } from '../../runner/records/schedules.ts'
import { cronTriggerRecord, firingRecord, tickRecord, triggerRecord } from '../../runner/records/triggers.ts'
import { type DatabaseOptions, withDatabase, withReader } from '../database.ts'
import { type Cell, instantText } from '../display.ts'
import { withExamples } from '../help.ts'
import { beginning, instantOf, oneOf, wholeNumber } from '../option-values.ts'
import { formatDuration, printFields, printJson, printTable } from '../print.ts'
import { lastNote } from '../schedule.ts'
import { addLogsCommand } from './logs.ts'
import { addSettingCommand } from './setting.ts'
import { addSteeringCommands } from './steering.ts'
import { addTestCommand } from './test-poll.ts'

/** The hash of a firing without a context. */
const WITHOUT_CONTEXT = 'fire_no_context'
/** In the place of yes or no. */
const UNDECLARED = 'not declared'
const ALL = { limit: 100_000 }
const LOG_COLUMN = '\nThe column LOG has the id for: cloaca trigger logs NAME --tick ID'

const OUTCOMES: readonly TickOutcome[] = ['skipped', 'fired', 'duplicate', 'limited', 'failed', 'timedOut']

type HistoryOptions = DatabaseOptions & {
  readonly limit: number
  readonly ticks?: true
  readonly outcome?: readonly TickOutcome[]
  readonly since?: ReturnType<typeof beginning>
  readonly until?: ReturnType<typeof beginning>
}

export function triggerCommand(finish: (exitCode: number) => void): Command {
  const group = new Command('trigger').description('list, show, test and control triggers')
  const trigger = withExamples(group, 'cloaca trigger list', 'cloaca trigger history inbox_watcher --ticks')
  const command = (name: string, description: string, ...examples: readonly string[]) =>
    withExamples(trigger.command(name).description(description), ...examples)
  const named = (name: string, description: string, ...examples: readonly string[]) =>
    withDatabase(command(name, description, ...examples)).argument('<name>', 'name of the trigger')

  withDatabase(command('list', 'list the triggers of a database', 'cloaca trigger list --db sqlite://jobs.db')).action(
    (options: DatabaseOptions) => withReader(options, (runner) => list(runner, options)),
  )
  named('show', 'show a trigger, its options and its note', 'cloaca trigger show inbox_watcher').action(
    (name: string, options: DatabaseOptions) => withReader(options, (runner) => show(runner, name, options)),
  )
  const firings = 'list the firings or polls of a trigger, newest first'
  named('history', firings, 'cloaca trigger history inbox_watcher --ticks')
    .addHelpText('after', LOG_COLUMN)
    .option('--limit <n>', 'show at most this many rows', wholeNumber, 20)
    .option('--ticks', 'show polls with outcome, delay and duration, instead of firings')
    .option('--outcome <outcomes>', `filter polls by outcome: ${OUTCOMES.join(', ')}`, listedOutcomes)
    .option('--since <when>', 'show only polls after this time: 2h (ago), 2026-01-31T08:00:00Z', beginning)
    .option('--until <when>', 'show only polls before this time: 1h (ago), 2026-01-31T09:00:00Z', beginning)
    .action((name: string, options: HistoryOptions) => withReader(options, (runner) => history(runner, name, options)))
  addLogsCommand(named)
  addSteeringCommands(named, finish)
  addSettingCommand(named)
  addTestCommand(command, finish)
  return trigger
}

async function list(runner: Runner, options: DatabaseOptions): Promise<void> {
  const [polled, crons] = [await runner.triggers.list(ALL), await runner.triggers.listCron()]
  if (options.json) return printJson([...polled.map(triggerRecord), ...crons.map(cronTriggerRecord)])
  printTable(
    ['TRIGGER', 'KIND', 'WORKFLOW', 'EVERY', 'ENABLED', 'LAST'],
    [...polled.map(polledCells), ...crons.map(cronCells)],
    'There are no triggers in this database.',
  )
}

function polledCells(row: TriggerInfo): readonly Cell[] {
  const failing = row.failuresInRow > 0 && row.isEnabled ? `, ${row.failuresInRow} failed in a row` : ''
  const isEnabled = row.undeclaredAt === null ? (row.isEnabled ? 'yes' : 'no') + failing : UNDECLARED
  return [
    row.name,
    'poll',
    row.workflow,
    formatDuration(row.pollIntervalMs),
    isEnabled,
    // Polls that fail leave no instant.
    { instant: row.lastPollAt, missing: row.failuresInRow > 0 ? 'all failed' : 'never' },
  ]
}

function cronCells(row: CronTriggerInfo): readonly Cell[] {
  const every = row.timezone === 'UTC' ? row.expression : `${row.expression} ${row.timezone}`
  const last = { instant: row.lastRunAt, missing: 'never' }
  const isEnabled = row.problem === null ? (row.isEnabled ? 'yes' : 'no') : 'broken'
  const enabled = row.undeclaredAt === null ? isEnabled : UNDECLARED
  return [row.triggerName, 'cron', row.workflow, every, enabled, last]
}

async function show(runner: Runner, name: string, options: DatabaseOptions): Promise<void> {
  const row = await polledOrCron(runner, name)
  if ('triggerName' in row) return showCron(runner, row, options)
  if (options.json) return printJson(triggerRecord(row))
  printFields({
    trigger: row.name,
    workflow: row.workflow,
    every: setByHand(row, 'pollIntervalMs', formatDuration),
    enabled: row.isEnabled ? 'yes' : 'no',
    ...(row.note === null ? {} : { note: row.note }),
    'runs overlap': row.allowConcurrent
      ? 'yes'
      : 'no: a firing is dropped while an execution with the same context is active',
    ...policyFields(row),
    ...(row.failuresInRow === 0 ? {} : { 'failed in a row': String(row.failuresInRow) }),
    'last poll': instantText(row.lastPollAt, row.failuresInRow > 0 ? 'all polls failed' : 'never'),
    ...undeclaredField(row),
    created: instantText(row.createdAt),
    id: row.id,
  })
}

async function polledOrCron(runner: Runner, name: string): Promise<TriggerInfo | CronTriggerInfo> {
  try {
    return await runner.triggers.get(name)
  } catch (thrown) {
    if (!(thrown instanceof UsageError) || thrown.code !== 'TRIGGER_NOT_FOUND') throw thrown
    const cron = (await runner.triggers.listCron()).find((row) => row.triggerName === name)
    if (cron === undefined) throw thrown
    return cron
  }
}

async function showCron(runner: Runner, row: CronTriggerInfo, options: DatabaseOptions): Promise<void> {
  if (options.json) return printJson(cronTriggerRecord(row))
  const note = await lastNote(runner, row)
  printFields({
    trigger: row.triggerName,
    workflow: row.workflow,
    cron: row.expression,
    zone: row.timezone,
    'catches up': row.catchup,
    enabled: row.isEnabled ? 'yes' : 'no',
    ...(row.problem === null ? {} : { broken: row.problem }),
    ...(note === null ? {} : { note }),
    next: row.isEnabled ? instantText(row.nextRunAt, 'never') : 'when it is enabled',
    'last fired': instantText(row.lastRunAt, 'never'),
    ...undeclaredField({ name: row.triggerName, undeclaredAt: row.undeclaredAt }),
    id: row.id,
  })
}

function undeclaredField({ name, undeclaredAt }: Pick<TriggerInfo, 'name' | 'undeclaredAt'>): Record<string, string> {
  if (undeclaredAt === null) return {}
  const since = instantText(undeclaredAt)
  return { declared: `no, not in a served script since ${since}; to delete the trigger: cloaca trigger delete ${name}` }
}

/** What is not as it would be without a policy. */
function policyFields(row: TriggerInfo): Record<string, string> {
  const fields: Record<string, string> = {}
  const given = (name: keyof typeof row.policy) => row.policy[name] !== null && row.policy[name] !== false
  const isShown = (name: keyof typeof row.policy) => given(name) || name in row.overrides
  if (isShown('timeoutMs')) fields.timeout = setByHand(row, 'timeoutMs', formatDuration)
  if (isShown('jitterMs')) fields.jitter = setByHand(row, 'jitterMs', formatDuration)
  if (isShown('maxActive')) fields['max active'] = setByHand(row, 'maxActive', String)
  if (isShown('pauseAfter')) fields['pause after'] = setByHand(row, 'pauseAfter', (count) => `${count} failed polls`)
  if (isShown('onChange')) fields['on change'] = setByHand(row, 'onChange', (isOn) => (isOn ? 'yes' : 'no'))
  return fields
}

/** A value as it counts, and what the code declares where a person set another. */
function setByHand<Name extends keyof TriggerInfo['declared']>(
  { declared, overrides }: TriggerInfo,
  name: Name,
  shown: (value: NonNullable<TriggerInfo['declared'][Name]>) => string,
): string {
  const text = (value: TriggerInfo['declared'][Name]): string => (value === null ? 'none' : shown(value as never))
  if (!(name in overrides)) return text(declared[name])
  return `${text({ ...declared, ...overrides }[name])} (overridden; declared: ${text(declared[name])})`
}

/** Words with commas between them. */
function listedOutcomes(text: string): readonly TickOutcome[] {
  return text.split(',').map((word) => oneOf('outcome', OUTCOMES)(word.trim()))
}

async function history(runner: Runner, name: string, options: HistoryOptions): Promise<void> {
  const row = await polledOrCron(runner, name)
  if ('triggerName' in row) return cronHistory(runner, row, options)
  const { outcome, since, until } = options
  const page = { limit: options.limit }
  // What is asked of polls asks for polls.
  if (options.ticks || [outcome, since, until].some((given) => given !== undefined)) {
    const ticks = await runner.triggers.ticks(name, {
      ...page,
      ...(outcome !== undefined && { outcomes: outcome }),
      ...(since !== undefined && { sinceAt: instantOf(since, runner.now()) }),
      ...(until !== undefined && { untilAt: instantOf(until, runner.now()) }),
    })
    if (options.json) return printJson(ticks.map(tickRecord))
    return printTable(
      ['LAST', 'OUTCOME', 'COUNT', 'LATE', 'TOOK', 'LOG', 'EXECUTION', 'REASON OR ERROR'],
      ticks.map(tickCells),
      options.limit === 0 ? null : `Trigger "${name}" has no matching polls.`,
    )
  }
  const firings = await runner.triggers.history(name, page)
  if (options.json) return printJson(firings.map(firingRecord))
  printTable(
    ['FIRED', 'ENDED', 'CONTEXT HASH', 'EXECUTION'],
    firings.map((row) => [
      { instant: row.startedAt },
      { instant: row.completedAt, missing: 'running' },
      row.contextHash === WITHOUT_CONTEXT ? 'no context' : row.contextHash,
      row.executionId === null ? 'none' : { id: row.executionId },
    ]),
    options.limit === 0 ? null : `Trigger "${name}" has not fired yet.`,
  )
}

/** A cron trigger is not polled: what it fired is all there is. */
async function cronHistory(runner: Runner, row: CronTriggerInfo, { limit, json }: HistoryOptions): Promise<void> {
  const firings = await runner.schedules.history(row.id, { limit })
  if (json) return printJson(firings.map(cronFiringRecord))
  printTable(
    ['DUE', 'FIRED', 'EXECUTION'],
    firings.map(({ scheduledAt, claimedAt, executionId }) => [
      { instant: scheduledAt },
      { instant: claimedAt },
      executionId === null ? 'none' : { id: executionId },
    ]),
    limit === 0 ? null : `Trigger "${row.triggerName}" has not fired yet.`,
  )
}

function tickCells(row: TickRow): readonly Cell[] {
  const duration = (ms: number | null): string => (ms === null ? '' : formatDuration(ms))
  return [
    { instant: row.lastAt },
    { state: row.outcome },
    String(row.count),
    duration(row.latenessMs),
    duration(row.durationMs),
    // To be asked for with `trigger logs --tick`.
    row.hasLog ? { id: row.id } : '',
    row.executionId === null ? '' : { id: row.executionId },
    row.errorMessage ?? row.reason ?? '',
  ]
}
