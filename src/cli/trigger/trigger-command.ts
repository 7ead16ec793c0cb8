/** `cloaca trigger`: the command and those subcommands that show triggers. */

import { Command } from 'commander'
import {
  type CronTriggerInfo,
  type Runner,
  type TickInfo,
  type TickOutcome,
  type TickRow,
  type TriggerInfo,
  UsageError,
} from '../../index.ts'
import { limitedWorkflow } from '../../model/limits/limits.ts'
import { cronFiringRecord } from '../../runner/records/schedule-records.ts'
import {
  cronTriggerRecord,
  firingRecord,
  stateChangeRecord,
  stateRecord,
  tickRecord,
  triggerRecord,
} from '../../runner/records/trigger-records.ts'
import { holdersText, waitText } from '../../runner/records/wait-words.ts'
import { addRefireCommands } from '../batch/refire-commands.ts'
import { type DatabaseOptions, withDatabase, withReader } from '../command-database.ts'
import { type Cell, idText, instantText, tagsText } from '../display.ts'
import { withExamples } from '../help-examples.ts'
import { beginningInstant, beginningParser, wholeNumber, wordParser } from '../option-values.ts'
import { formatDuration, printFields, printJson, printTable } from '../print.ts'
import { lastNote, scheduleTimeCell, scheduleTimeText } from '../schedule-command.ts'
import { addTestCommand } from './test-poll.ts'
import { addLogsCommand } from './trigger-logs-command.ts'
import { addSettingCommand } from './trigger-set-command.ts'
import { addStateCommand, stateFields } from './trigger-state-command.ts'
import { addSteeringCommands } from './trigger-steering-commands.ts'

const WITHOUT_CONTEXT = 'fire_no_context'
/** Shown instead of yes or no. */
const UNDECLARED = 'not declared'
const ALL = { limit: 100_000 }
/** Maximum number of pending executions whose reasons are shown. */
const MAX_PENDING = 100
const LOG_COLUMN = '\nThe column LOG has the id for: cloaca trigger logs NAME --tick ID'

const OUTCOMES: readonly TickOutcome[] = ['skipped', 'fired', 'duplicate', 'limited', 'refused', 'failed', 'timedOut']
const oneOutcome = wordParser(OUTCOMES)
const listedOutcomes = Object.assign(
  (text: string): readonly TickOutcome[] => text.split(',').map((word) => oneOutcome(word.trim())),
  { words: OUTCOMES },
)

type StateChange = TickInfo['stateChange']

type HistoryOptions = DatabaseOptions & {
  readonly limit: number
  readonly ticks?: true
  readonly outcome?: readonly TickOutcome[]
  readonly since?: ReturnType<typeof beginningParser>
  readonly until?: ReturnType<typeof beginningParser>
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
    .option('--outcome <outcomes>', `filter by outcome: ${OUTCOMES.join(', ')}`, listedOutcomes)
    .option('--since <when>', 'show only polls after this time: 2h (ago), 2026-01-31T08:00:00Z', beginningParser)
    .option('--until <when>', 'show only polls before this time: 1h (ago), 2026-01-31T09:00:00Z', beginningParser)
    .action((name: string, options: HistoryOptions) => withReader(options, (runner) => history(runner, name, options)))
  addLogsCommand(named)
  addSteeringCommands(named, finish)
  addSettingCommand(named)
  addRefireCommands(trigger)
  addStateCommand(named)
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
    // Failed polls store no time.
    { instant: row.lastPollAt, missing: row.failuresInRow > 0 ? 'all failed' : 'never' },
  ]
}

function cronCells(row: CronTriggerInfo): readonly Cell[] {
  const every = row.timezone === 'UTC' ? row.expression : `${row.expression} ${row.timezone}`
  const last = scheduleTimeCell(row, row.lastRunAt)
  const isEnabled = row.problem === null ? (row.isEnabled ? 'yes' : 'no') : 'broken'
  const enabled = row.undeclaredAt === null ? isEnabled : UNDECLARED
  return [row.triggerName, 'cron', row.workflow, every, enabled, last]
}

async function show(runner: Runner, name: string, options: DatabaseOptions): Promise<void> {
  const row = await polledOrCron(runner, name)
  if ('triggerName' in row) return showCron(runner, row, options)
  const state = row.takesState ? await runner.triggers.state(name) : null
  if (options.json) return printJson({ ...triggerRecord(row), state: state === null ? null : stateRecord(state) })
  printFields({
    trigger: row.name,
    workflow: row.workflow,
    every: setByHand(row, 'pollIntervalMs', formatDuration),
    enabled: row.isEnabled ? 'yes' : 'no',
    ...(row.note === null ? {} : { note: row.note }),
    'runs overlap': row.allowConcurrent
      ? 'yes'
      : 'no: a firing without a key is dropped while an execution with the same context is active',
    ...policyFields(row),
    ...tagsField(row),
    ...priorityField(row),
    ...(row.failuresInRow === 0 ? {} : { 'failed in a row': String(row.failuresInRow) }),
    ...waitingField(row),
    ...limitedField(await runner.executions.list({ trigger: row.name, status: 'Pending', limit: MAX_PENDING })),
    ...(state === null ? {} : stateFields(state)),
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
    ...(row.expectFireMs === null ? {} : { 'expect fire': formatDuration(row.expectFireMs) }),
    ...tagsField(row),
    ...priorityField(row),
    enabled: row.isEnabled ? 'yes' : 'no',
    ...(row.problem === null ? {} : { broken: row.problem }),
    ...(note === null ? {} : { note }),
    next: row.isEnabled ? scheduleTimeText(row, row.nextRunAt) : 'when it is enabled',
    'last fired': scheduleTimeText(row, row.lastRunAt),
    ...undeclaredField({ name: row.triggerName, undeclaredAt: row.undeclaredAt }),
    id: row.id,
  })
}

function undeclaredField({ name, undeclaredAt }: Pick<TriggerInfo, 'name' | 'undeclaredAt'>): Record<string, string> {
  if (undeclaredAt === null) return {}
  const since = instantText(undeclaredAt)
  return { declared: `no, not in a served script since ${since}; to delete the trigger: cloaca trigger delete ${name}` }
}

function waitingField({ waitingExecutions, policy }: TriggerInfo): Record<string, string> {
  if (waitingExecutions === 0) return {}
  const executions = waitingExecutions === 1 ? '1 execution' : `${waitingExecutions} executions`
  const until = policy.maxActive === null ? 'others have ended' : `fewer than ${policy.maxActive} are active`
  return { waiting: `${executions} until ${until}; the trigger is not polled before` }
}

/** Returns what the newest pending executions wait for, except for `max_active` of the trigger. */
function limitedField(pending: Awaited<ReturnType<Runner['executions']['list']>>): Record<string, string> {
  const reasons = pending.flatMap(({ waitingFor: wait }) =>
    wait?.kind === 'limit' && limitedWorkflow(wait.limit) !== null
      ? [`${waitText(wait, instantText)}${holdersText(wait, idText)}`]
      : [],
  )
  if (reasons.length === 0) return {}
  const lines = [...Map.groupBy(reasons, (reason) => reason)].map(([reason, { length }]) => {
    const executions =
      length === 1 ? '1 execution is' : `${length === MAX_PENDING ? 'at least ' : ''}${length} executions are`
    return `${executions} ${reason}`
  })
  return { limited: lines.join('\n') }
}

/** Returns nothing for a trigger with the tags of its workflow. */
function tagsField({ tags }: Pick<TriggerInfo, 'tags'>): Record<string, string> {
  return tags === null ? {} : { tags: tagsText(tags) || 'none' }
}

/** Returns nothing for a trigger with the priority of its workflow. */
function priorityField({ priority }: Pick<TriggerInfo, 'priority'>): Record<string, string> {
  return priority === null ? {} : { priority: String(priority) }
}

/** Returns the fields that differ from those of a trigger without a policy. */
function policyFields(row: TriggerInfo): Record<string, string> {
  const fields: Record<string, string> = {}
  const given = (name: keyof typeof row.policy) => row.policy[name] !== null && row.policy[name] !== false
  const isShown = (name: keyof typeof row.policy) => given(name) || name in row.overrides
  if (isShown('timeoutMs')) fields.timeout = setByHand(row, 'timeoutMs', formatDuration)
  if (isShown('jitterMs')) fields.jitter = setByHand(row, 'jitterMs', formatDuration)
  if (isShown('maxActive')) fields['max active'] = setByHand(row, 'maxActive', String)
  if (isShown('pauseAfter')) fields['pause after'] = setByHand(row, 'pauseAfter', (count) => `${count} failed polls`)
  if (isShown('onChange')) fields['on change'] = setByHand(row, 'onChange', (isOn) => (isOn ? 'yes' : 'no'))
  if (isShown('expectFireMs')) fields['expect fire'] = setByHand(row, 'expectFireMs', formatDuration)
  return fields
}

/** Returns an effective value, and the declared value if a user has overridden it. */
function setByHand<Name extends keyof TriggerInfo['declared']>(
  { declared, overrides }: TriggerInfo,
  name: Name,
  shown: (value: NonNullable<TriggerInfo['declared'][Name]>) => string,
): string {
  const text = (value: TriggerInfo['declared'][Name]): string => (value === null ? 'none' : shown(value as never))
  if (!(name in overrides)) return text(declared[name])
  return `${text({ ...declared, ...overrides }[name])} (overridden; declared: ${text(declared[name])})`
}

async function history(runner: Runner, name: string, options: HistoryOptions): Promise<void> {
  const row = await polledOrCron(runner, name)
  if ('triggerName' in row) return cronHistory(runner, row, options)
  const { outcome, since, until } = options
  const page = { limit: options.limit }
  if (options.ticks || [outcome, since, until].some((given) => given !== undefined)) {
    const ticks = await runner.triggers.ticks(name, {
      ...page,
      ...(outcome !== undefined && { outcomes: outcome }),
      ...(since !== undefined && { sinceAt: beginningInstant(since, runner.now()) }),
      ...(until !== undefined && { untilAt: beginningInstant(until, runner.now()) }),
    })
    const changes = await stateChanges(runner, name, ticks)
    const change = ({ id }: TickRow): StateChange => changes.get(id) ?? null
    if (options.json)
      return printJson(
        ticks.map((tick) => ({ ...tickRecord(tick), stateChange: stateChangeRecord({ stateChange: change(tick) }) })),
      )
    return printTable(
      ['LAST', 'OUTCOME', 'COUNT', 'LATE', 'TOOK', 'LOG', 'EXECUTION', 'REASON OR ERROR'],
      ticks.map((tick) => tickCells(tick, change(tick))),
      options.limit === 0 ? null : `Trigger "${name}" has no matching polls.`,
      { columns: ['LATE', 'TOOK', 'COUNT', 'EXECUTION'], lastWidth: 40 },
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

/** A cron trigger has no polls, only firings. */
async function cronHistory(runner: Runner, row: CronTriggerInfo, { limit, json }: HistoryOptions): Promise<void> {
  const firings = await runner.schedules.history(row.id, { limit })
  if (json) return printJson(firings.map(cronFiringRecord))
  printTable(
    ['DUE', 'FIRED', 'EXECUTION'],
    firings.map(({ scheduledAt, claimedAt, executionId, isLimited }) => [
      scheduleTimeCell(row, scheduledAt),
      { instant: claimedAt },
      executionId === null ? (isLimited ? 'limited' : 'none') : { id: executionId },
    ]),
    limit === 0 ? null : `Trigger "${row.triggerName}" has not fired yet.`,
  )
}

/** Returns the changes of the state by the id of their tick. Most ticks change none. */
async function stateChanges(runner: Runner, name: string, ticks: readonly TickRow[]) {
  const changes = new Map<string, StateChange>()
  for (const { id, lastAt, changesState } of ticks) {
    if (changesState) changes.set(id, (await runner.triggers.tick(name, id, lastAt))?.stateChange ?? null)
  }
  return changes
}

function tickCells(row: TickRow, change: StateChange): readonly Cell[] {
  const duration = (ms: number | null): string => (ms === null ? '' : formatDuration(ms))
  return [
    { instant: row.lastAt },
    { state: row.outcome },
    String(row.count),
    duration(row.latenessMs),
    duration(row.durationMs),
    row.hasLog ? { id: row.id } : '',
    row.executionId === null ? '' : { id: row.executionId },
    row.errorMessage ?? [row.reason, stateChangeText(change)].filter((text) => text !== null).join('; '),
  ]
}

function stateChangeText(change: StateChange): string | null {
  return change === null ? null : `state ${change.beforeText} changed to ${change.afterText}`
}
