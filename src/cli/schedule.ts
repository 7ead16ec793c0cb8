/** `cloaca schedule`: lists, shows, enables, disables and deletes cron schedules. */

import { Command } from 'commander'
import { type CronRow, formatInstant, type Runner } from '../index.ts'
import { scheduleKind, scheduleRecord } from '../runner/records/schedules.ts'
import { type DatabaseOptions, withDatabase, withReader, withRunner } from './database.ts'
import { instantText } from './display.ts'
import { withExamples } from './help.ts'
import { wholeNumber } from './option-values.ts'
import { printFields, printJson, printLine, printTable } from './print.ts'

type ListOptions = DatabaseOptions & { readonly limit: number }

const NEXT_INSTANTS = 5

export function scheduleCommand(): Command {
  const group = new Command('schedule').description('list, show, enable, disable and delete cron schedules')
  const schedule = withExamples(group, 'cloaca schedule list', 'cloaca schedule show nightly_report')
  const listing = schedule.command('list').description('list cron schedules and triggers, newest first')
  withDatabase(withExamples(listing, 'cloaca schedule list'))
    .option('--limit <n>', 'show at most this many', wholeNumber, 100)
    .action((options: ListOptions) => withReader(options, (runner) => list(runner, options)))
  const named = (name: string, description: string) =>
    withDatabase(
      withExamples(schedule.command(name).description(description), `cloaca schedule ${name} nightly_report`),
    ).argument('<schedule>', 'name of a cron trigger, or id of a schedule or the beginning of one')
  named('show', 'show a schedule and when it fires next').action((name: string, options: DatabaseOptions) =>
    withReader(options, async (runner) => show(runner, await runner.schedules.find(name), options)),
  )
  named('enable', 'let a schedule fire again; what was missed meanwhile fires once').action(
    (name: string, options: DatabaseOptions) => setEnabled(name, true, options),
  )
  named('disable', 'stop a schedule from firing, also after restarts').action(
    (name: string, options: DatabaseOptions) => setEnabled(name, false, options),
  )
  named('delete', 'remove a schedule with its history').action((name: string, options: DatabaseOptions) =>
    withRunner(options, async (runner) => {
      const row = await runner.schedules.find(name)
      await runner.schedules.delete(row.id)
      if (options.json) printJson({ id: row.id, deleted: true })
      else printLine(`Schedule ${row.id} of workflow "${row.workflow}" is deleted.`)
    }),
  )
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
      row.isEnabled ? 'yes' : 'no',
      row.isEnabled ? { instant: row.nextRunAt, missing: 'never' } : '',
      { instant: row.lastRunAt, missing: 'never' },
    ]),
    'There are no schedules in this database.',
  )
}

async function show(runner: Runner, row: CronRow, options: DatabaseOptions): Promise<void> {
  if (options.json) return printJson(await record(runner, row))
  const next = await runner.schedules.nextInstants(row.id, NEXT_INSTANTS)
  printFields({
    schedule: row.triggerName ?? row.instanceName ?? row.id,
    kind: scheduleKind(row),
    workflow: row.workflow,
    cron: row.expression,
    zone: row.timezone,
    enabled: row.isEnabled ? 'yes' : 'no',
    'last fired': instantText(row.lastRunAt, 'never'),
    ...Object.fromEntries(next.map((at, index) => [index === 0 ? 'next' : ' '.repeat(index), formatInstant(at)])),
    ...(row.paramsText === null ? {} : { parameters: row.paramsText }),
    id: row.id,
  })
}

async function setEnabled(name: string, isEnabled: boolean, options: DatabaseOptions): Promise<void> {
  await withRunner(options, async (runner) => {
    const row = await runner.schedules.find(name)
    await runner.schedules.setEnabled(row.id, isEnabled)
    if (options.json) printJson({ id: row.id, enabled: isEnabled })
    else printLine(`Schedule ${row.triggerName ?? row.id} is ${isEnabled ? 'enabled' : 'disabled'}.`)
  })
}

async function record(runner: Runner, row: CronRow) {
  return scheduleRecord(row, await runner.schedules.nextInstants(row.id, NEXT_INSTANTS))
}
