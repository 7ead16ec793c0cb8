/** `cloaca trigger refire`, and the commands that show and cancel refires. */

import type { Command } from 'commander'
import type { ExecutionStatus, RefireRange, Runner } from '../../index.ts'
import { refirePreviewRecord, refireRecord } from '../../runner/records/batch-records.ts'
import { withReader, withRunner } from '../command-database.ts'
import { idText } from '../display.ts'
import { withExamples } from '../help-examples.ts'
import { wordParser } from '../option-values.ts'
import { printJson, printLine, printTable } from '../print.ts'
import { countText } from './backfill-commands.ts'
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

type RefireCommandOptions = StartOptions & { readonly status?: ExecutionStatus }

const STATUSES = ['Completed', 'Failed', 'Cancelled', 'Pending', 'Running', 'Paused'] as const

export function addRefireCommands(group: Command): void {
  const example = 'cloaca trigger refire inbox_watcher --from 2026-06-01 --to 2026-06-02 --status Failed --dry-run'
  const starting = group.command('refire').description('start recorded firings again with their stored contexts')
  withStart(withExamples(starting, example), 'local zone')
    .argument('<name>', 'name of the trigger')
    .option('--status <status>', `filter by status: ${STATUSES.join(', ')}`, wordParser(STATUSES))
    .action((name: string, options: RefireCommandOptions) => refire(name, options))
  listing(group, 'refires', 'list refires with their progress, newest first', 'cloaca trigger refires inbox_watcher')
    .argument('[name]', 'name of the trigger')
    .action((name: string | undefined, options: ListOptions) =>
      withReader(options, (runner) => list(runner, name, options)),
    )
  changing(
    group,
    'refire-cancel',
    'cancel a refire; its active executions continue',
    'cloaca trigger refire-cancel 5b9debd0 --executions',
  )
    .option('--executions', 'cancel also its active executions')
    .action((id: string, options: ChangeOptions) => cancel(id, options))
}

async function refire(name: string, options: RefireCommandOptions): Promise<void> {
  const { from, to, maxActive, status } = options
  const timezone = options.utc ? 'UTC' : Intl.DateTimeFormat().resolvedOptions().timeZone
  const range: RefireRange = { from, to, timezone, ...(status !== undefined && { status }) }
  if (options.dryRun) {
    const preview = await withReader(options, (runner) => runner.triggers.refires.preview(name, range))
    if (options.json) return printJson(refirePreviewRecord(preview))
    const pruned = `${preview.pruned} firings have no stored execution and are left out`
    return printLine(`${countText(preview.executions)} would start, ${pruned}.`)
  }
  const started = await withRunner(options, (runner) =>
    runner.triggers.refires.start(name, { ...range, maxActive, ...cliAction(options) }),
  )
  if (options.json) return printJson(refireRecord(started))
  const { id, total } = started
  printLine(
    `Refire ${idText(id)} of trigger "${name}" created: ${countText(total)}. ` +
      `Show its progress with: cloaca trigger refires ${name}`,
  )
}

async function list(runner: Runner, name: string | undefined, { limit, json }: ListOptions): Promise<void> {
  const rows = await runner.triggers.refires.list({ limit, ...(name !== undefined && { trigger: name }) })
  if (json) return printJson(rows.map(refireRecord))
  printTable(
    ['REFIRE', 'TRIGGER', ...PROGRESS_HEADINGS],
    rows.map((row) => [{ id: row.id }, row.trigger, ...progressCells(row)]),
    limit === 0 ? null : name === undefined ? 'There are no refires.' : `Trigger "${name}" has no refires.`,
    { columns: ['LEFT OUT', 'ACTIVE'], lastWidth: 8 },
  )
}

async function cancel(id: string, options: ChangeOptions): Promise<void> {
  const executions = options.executions ?? false
  const cancelled = await withRunner(options, (runner) =>
    runner.triggers.refires.cancel(id, { ...cliAction(options), executions }),
  )
  if (options.json) return printJson(refireRecord(cancelled))
  const { started, total, active } = cancelled
  printLine(`Refire ${idText(cancelled.id)} is cancelled: ${started} of ${total} started, ${active} active.`)
}
