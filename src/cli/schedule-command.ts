/** `cloaca schedule`: lists, shows, creates, changes, enables, disables and deletes cron schedules. */

import { Command } from 'commander'
import type { ActionOptions, CronRow, Runner } from '../index.ts'
import {
  clockChangeWarning,
  cronProblem,
  scheduleKind,
  scheduleOffsetMs,
  scheduleRecord,
} from '../runner/records/schedule-records.ts'
import { addBackfillCommands } from './batch/backfill-commands.ts'
import { type DatabaseOptions, withDatabase, withReader, withRunner } from './command-database.ts'
import { shownOffsetMs, timeText } from './display.ts'
import { withExamples } from './help-examples.ts'
import { wholeNumber } from './option-values.ts'
import { printFields, printJson, printLine, printTable } from './print.ts'

type ListOptions = DatabaseOptions & { readonly limit: number }

type NotedOptions = DatabaseOptions & { readonly note?: string }
type TimingOptions = NotedOptions & { readonly timezone: string }

const NEXT_INSTANTS = 5
const NOTE = 'record a reason for this action'

export function scheduleCommand(): Command {
  const group = new Command('schedule').description('list, show, create and change cron schedules')
  const schedule = withExamples(group, 'cloaca schedule list', 'cloaca schedule show nightly_report')
  const listing = schedule.command('list').description('list cron schedules and cron triggers, newest first')
  withDatabase(withExamples(listing, 'cloaca schedule list'))
    .option('--limit <n>', 'show at most this many schedules', wholeNumber, 100)
    .action((options: ListOptions) => withReader(options, (runner) => list(runner, options)))
  const named = (name: string, description: string) =>
    withDatabase(
      withExamples(schedule.command(name).description(description), `cloaca schedule ${name} nightly_report`),
    ).argument('<schedule>', 'cron trigger name, or schedule id (or its first characters)')
  named('show', 'show a schedule and its next times').action((name: string, options: DatabaseOptions) =>
    withReader(options, async (runner) => show(runner, await runner.schedules.find(name), options)),
  )
  const creating = schedule.command('create').description('start a workflow at the times of a cron expression')
  withDatabase(withExamples(creating, 'cloaca schedule create report "0 3 * * *" --timezone Europe/Berlin'))
    .argument('<workflow>', 'name of the workflow')
    .argument('<cron>', 'cron expression: minute, hour, day, month, weekday')
    .option('--timezone <zone>', 'evaluate the expression in this IANA time zone', 'UTC')
    .option('--note <text>', NOTE)
    .action((workflow: string, cron: string, options: TimingOptions) => create(workflow, cron, options))
  named('set', 'change the cron expression and time zone of a schedule')
    .argument('<cron>', 'cron expression: minute, hour, day, month, weekday')
    .option('--timezone <zone>', 'evaluate the expression in this IANA time zone', 'UTC')
    .option('--note <text>', NOTE)
    .action((name: string, cron: string, options: TimingOptions) => change(name, cron, options))
  named('enable', 'enable a schedule and catch up on missed times')
    .option('--note <text>', NOTE)
    .action((name: string, options: NotedOptions) => setEnabled(name, true, options))
  named('disable', 'disable a schedule until it is enabled again')
    .option('--note <text>', NOTE)
    .action((name: string, options: NotedOptions) => setEnabled(name, false, options))
  const deleting = named('delete', 'delete a schedule and its history').option('--note <text>', NOTE)
  deleting.action((name: string, options: NotedOptions) =>
    withRunner(options, async (runner) => {
      const row = await runner.schedules.find(name)
      await runner.schedules.delete(row.id, action(options))
      if (options.json) printJson({ id: row.id, deleted: true })
      else printLine(`Schedule ${row.id} of workflow "${row.workflow}" deleted.`)
    }),
  )
  addBackfillCommands(schedule)
  return schedule
}

async function list(runner: Runner, { json, limit }: ListOptions): Promise<void> {
  const rows = await runner.schedules.list({ limit })
  if (json) return printJson(await Promise.all(rows.map((row) => record(runner, row))))
  printTable(
    ['SCHEDULE', 'WORKFLOW', 'CRON', 'ZONE', 'ENABLED', 'NEXT', 'LAST'],
    rows.map((row) => [
      row.triggerName ?? row.instanceName ?? row.id,
      row.workflow,
      row.expression,
      row.timezone,
      enabledText(row),
      row.isEnabled && row.undeclaredAt === null ? scheduleTimeCell(row, row.nextRunAt) : '',
      scheduleTimeCell(row, row.lastRunAt),
    ]),
    'There are no schedules in this database.',
  )
}

async function show(runner: Runner, row: CronRow, options: DatabaseOptions): Promise<void> {
  const warning = clockChangeWarning(row, runner.now())
  if (options.json) return printJson({ ...(await record(runner, row)), warning })
  const next = row.undeclaredAt === null ? await runner.schedules.nextInstants(row, NEXT_INSTANTS) : []
  const note = await lastNote(runner, row)
  const problem = cronProblem(row)
  printFields({
    schedule: row.triggerName ?? row.instanceName ?? row.id,
    kind: scheduleKind(row),
    workflow: row.workflow,
    cron: row.expression,
    zone: row.timezone,
    enabled: enabledText(row),
    ...(problem === null ? {} : { broken: problem }),
    ...(warning === null ? {} : { warning }),
    ...(note === null ? {} : { note }),
    'last fired': scheduleTimeText(row, row.lastRunAt),
    ...Object.fromEntries(
      next.map((at, index) => [index === 0 ? 'next' : ' '.repeat(index), scheduleTimeText(row, at)]),
    ),
    ...(row.paramsText === null ? {} : { parameters: row.paramsText }),
    id: row.id,
  })
}

/** Returns a time in the shown zone, and also in the zone of the schedule if that differs at this time. */
export function scheduleTimeText(row: Pick<CronRow, 'timezone'>, at: number | null): string {
  const text = scheduleTimeCell(row, at)
  return text.endsWith(')') ? `${text.slice(0, -1)} ${row.timezone})` : text
}

/** Returns the same without the name of the zone, which has its own column. */
export function scheduleTimeCell(row: Pick<CronRow, 'timezone'>, at: number | null): string {
  if (at === null) return 'never'
  const offsetMs = scheduleOffsetMs(row, at)
  if (offsetMs === null || offsetMs === shownOffsetMs(at)) return timeText(at)
  return `${timeText(at)} (${timeText(at, { offsetMs })})`
}

/** A cron trigger does not fire if no script declares it or its expression is wrong. */
function enabledText(row: CronRow): string {
  if (row.undeclaredAt !== null) return 'not declared'
  if (cronProblem(row) !== null) return 'broken'
  return row.isEnabled ? 'yes' : 'no'
}

/** Returns the note of the last enabling or disabling. */
export async function lastNote(runner: Runner, { id }: CronRow): Promise<string | null> {
  const actions = await runner.schedules.actions(id)
  return actions.find(({ kind }) => kind === 'enable' || kind === 'disable')?.note ?? null
}

async function create(workflow: string, cron: string, options: TimingOptions): Promise<void> {
  await withRunner(options, async (runner) => {
    const { key } = await runner.workflows.get(workflow)
    const id = await runner.schedules.register(key, cron, options.timezone, action(options))
    if (options.json) printJson(await record(runner, await runner.schedules.get(id)))
    else printLine(`Schedule ${id} of workflow "${key}" created. ${await nextText(runner, id, options)}`)
  })
}

async function change(name: string, cron: string, options: TimingOptions): Promise<void> {
  await withRunner(options, async (runner) => {
    const { id } = await runner.schedules.find(name)
    await runner.schedules.update(id, cron, options.timezone, action(options))
    if (options.json) printJson(await record(runner, await runner.schedules.get(id)))
    else printLine(`Schedule ${name} updated. ${await nextText(runner, id, options)}`)
  })
}

async function nextText(runner: Runner, id: string, zone: Pick<CronRow, 'timezone'>): Promise<string> {
  const [next] = await runner.schedules.nextInstants(id, 1)
  if (next === undefined) return 'The schedule does not fire until you enable it.'
  return `Next firing: ${scheduleTimeText(zone, next)}.`
}

async function setEnabled(name: string, isEnabled: boolean, options: NotedOptions): Promise<void> {
  await withRunner(options, async (runner) => {
    const row = await runner.schedules.find(name)
    await runner.schedules.setEnabled(row.id, isEnabled, action(options))
    if (options.json) printJson({ id: row.id, enabled: isEnabled })
    else printLine(`Schedule ${row.triggerName ?? row.id} ${isEnabled ? 'enabled' : 'disabled'}.`)
  })
}

async function record(runner: Runner, row: CronRow) {
  return scheduleRecord(row, await runner.schedules.nextInstants(row, NEXT_INSTANTS))
}

function action({ note }: { readonly note?: string }): ActionOptions {
  return { source: 'cli', ...(note !== undefined && { note }) }
}
