/** `cloaca schedule backfill`, and the commands that show and change backfills. */

import type { Command } from 'commander'
import type { Backfill, BackfillPreview, Runner } from '../../index.ts'
import { backfillPreviewRecord, backfillRecord } from '../../runner/records/batch-records.ts'
import { withReader, withRunner } from '../command-database.ts'
import { idText, instantText } from '../display.ts'
import { withExamples } from '../help-examples.ts'
import { printJson, printLine, printTable } from '../print.ts'
import {
  type ChangeOptions,
  changing,
  cliAction,
  type ListOptions,
  listing,
  PROGRESS_HEADINGS,
  progressCells,
  type StartOptions,
  withStart,
} from './batch-options.ts'

type BackfillCommandOptions = StartOptions & { readonly again?: true }

export function addBackfillCommands(group: Command): void {
  const example = 'cloaca schedule backfill nightly_report --from 2026-06-01 --to 2026-07-01 --dry-run'
  const starting = group.command('backfill').description('start the workflow for past times of a schedule')
  withStart(withExamples(starting, example), "schedule's zone")
    .argument('<schedule>', 'cron trigger name, or schedule id (or its first characters)')
    .option('--again', 'start also times that already have an execution')
    .action((name: string, options: BackfillCommandOptions) => backfill(name, options))
  listing(group, 'backfills', 'list backfills with their progress, newest first', 'cloaca schedule backfills')
    .argument('[schedule]', 'cron trigger name, or schedule id (or its first characters)')
    .action((name: string | undefined, options: ListOptions) =>
      withReader(options, (runner) => list(runner, name, options)),
    )
  changing(
    group,
    'backfill-pause',
    'pause a backfill; its active executions continue',
    'cloaca schedule backfill-pause 5b9debd0 --note "database is slow"',
  ).action((id: string, options: ChangeOptions) =>
    change(options, (runner) => runner.schedules.backfills.pause(id, cliAction(options))),
  )
  changing(group, 'backfill-resume', 'resume a paused backfill', 'cloaca schedule backfill-resume 5b9debd0').action(
    (id: string, options: ChangeOptions) =>
      change(options, (runner) => runner.schedules.backfills.resume(id, cliAction(options))),
  )
  changing(
    group,
    'backfill-cancel',
    'cancel a backfill; its active executions continue',
    'cloaca schedule backfill-cancel 5b9debd0 --executions',
  )
    .option('--executions', 'cancel also its active executions')
    .action((id: string, options: ChangeOptions) => {
      const executions = options.executions ?? false
      return change(options, (runner) => runner.schedules.backfills.cancel(id, { ...cliAction(options), executions }))
    })
}

async function backfill(name: string, options: BackfillCommandOptions): Promise<void> {
  const { from, to, maxActive, again = false } = options
  if (options.dryRun) {
    const preview = await withReader(options, (runner) => runner.schedules.backfills.preview(name, { from, to, again }))
    if (options.json) printJson(backfillPreviewRecord(preview))
    else printPreview(preview)
    return
  }
  const started = await withRunner(options, (runner) =>
    runner.schedules.backfills.start(name, { from, to, again, maxActive, ...cliAction(options) }),
  )
  if (options.json) return printJson(backfillRecord(started))
  const { id, total } = started
  printLine(
    `Backfill ${idText(id)} of schedule "${name}" created: ${countText(total)}. ` +
      `Show its progress with: cloaca schedule backfills ${name}`,
  )
}

function printPreview({ executions, alreadyFired, times, knownFromAt }: BackfillPreview): void {
  printLine(`${countText(executions)} would start, ${alreadyFired} of ${times} times already have one.`)
  printLine(
    knownFromAt === null
      ? 'All earlier firings of this schedule are known.'
      : `Earlier firings of this schedule are known from ${instantText(knownFromAt)} on.`,
  )
}

export function countText(executions: number): string {
  return executions === 1 ? '1 execution' : `${executions} executions`
}

async function list(runner: Runner, name: string | undefined, { limit, json }: ListOptions): Promise<void> {
  const rows = await runner.schedules.backfills.list({ limit, ...(name !== undefined && { schedule: name }) })
  if (json) return printJson(rows.map(backfillRecord))
  printTable(
    ['BACKFILL', 'SCHEDULE', ...PROGRESS_HEADINGS],
    rows.map((row) => [{ id: row.id }, row.trigger ?? { id: row.scheduleId }, ...progressCells(row)]),
    limit === 0 ? null : name === undefined ? 'There are no backfills.' : `Schedule "${name}" has no backfills.`,
    { columns: ['LEFT OUT', 'ACTIVE'], lastWidth: 8 },
  )
}

async function change(options: ChangeOptions, use: (runner: Runner) => Promise<Backfill>): Promise<void> {
  const changed = await withRunner(options, use)
  if (options.json) return printJson(backfillRecord(changed))
  const { id, status, started, total, active } = changed
  printLine(`Backfill ${idText(id)} is ${status}: ${started} of ${total} started, ${active} active.`)
}
