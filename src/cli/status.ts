/** `cloaca status` and `cloaca instance list`: who serves a database, and how it goes, on one screen. */

import { Command } from 'commander'
import type { ExecutionStatus, InstanceRow, Runner, TriggerInfo } from '../index.ts'
import { instanceRecord, instanceState } from '../runner/records/instances.ts'
import { failing, statusOf, statusRecord, undeclared } from '../runner/records/status.ts'
import { type DatabaseOptions, withDatabase, withReader } from './database.ts'
import { withExamples } from './help.ts'
import { printFields, printJson, printLine, printTable } from './print.ts'

export function instanceCommand(): Command {
  const group = new Command('instance').description('list the processes that serve a database')
  const instance = withExamples(group, 'cloaca instance list')
  const listing = instance.command('list').description('list the processes that serve a database, and what each has')
  withDatabase(withExamples(listing, 'cloaca instance list')).action((options: DatabaseOptions) =>
    withReader(options, (runner) => list(runner, options)),
  )
  return instance
}

export function statusCommand(): Command {
  const command = new Command('status').description('show who serves a database, and how it goes')
  return withDatabase(withExamples(command, 'cloaca status')).action((options: DatabaseOptions) =>
    withReader(options, (runner) => status(runner, options)),
  )
}

async function list(runner: Runner, options: DatabaseOptions): Promise<void> {
  const rows = await runner.instances.list()
  if (options.json) return printJson(rows.map((row) => instanceRecord(row, rows)))
  printInstances(rows)
}

function printInstances(rows: readonly InstanceRow[]): void {
  printTable(
    ['PROCESS', 'HOST', 'STATE', 'TRIGGERS', 'EXECUTIONS', 'SINCE', 'LAST HEARTBEAT'],
    rows.map((row) => [
      String(row.pid),
      row.host,
      { state: instanceState(row, rows) },
      String(row.triggers),
      String(row.executions),
      { instant: row.openedAt },
      { instant: row.heartbeatAt },
    ]),
    'No process serves this database: cloaca serve does.',
  )
}

async function status(runner: Runner, options: DatabaseOptions): Promise<void> {
  const found = await statusOf(runner)
  if (options.json) return printJson(statusRecord(found))
  const { instances, triggers, late, executions, failures } = found
  const enabled = triggers.filter(({ isEnabled }) => isEnabled)
  printInstances(instances)
  printLine('')
  printFields({
    triggers: `${triggers.length}, ${enabled.length} enabled${namesText('late', late)}`,
    ...namesField('failing', failing(triggers)),
    ...namesField('not declared', undeclared(triggers)),
    executions: countsText(executions),
  })
  if (failures.length === 0) return
  printLine('')
  printTable(
    ['LAST FAILED', 'WORKFLOW', 'ERROR', 'ID'],
    failures.map((row) => [{ instant: row.endedAt }, row.workflow, row.errorMessage ?? '', { id: row.id }]),
    null,
  )
}

function namesText(what: string, triggers: readonly TriggerInfo[]): string {
  return triggers.length === 0 ? '' : `, ${what}: ${triggers.map(({ name }) => name).join(', ')}`
}

/** None where there are none of these. */
function namesField(what: string, triggers: readonly TriggerInfo[]): Record<string, string> {
  return triggers.length === 0 ? {} : { [what]: triggers.map(({ name }) => name).join(', ') }
}

function countsText(counts: Readonly<Partial<Record<ExecutionStatus, number>>>): string {
  const texts = Object.entries(counts).map(([name, count]) => `${count} ${name.toLowerCase()}`)
  return texts.length === 0 ? 'none' : texts.join(', ')
}
