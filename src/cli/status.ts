/** `cloaca status` and `cloaca instance list`: who serves a database, and how it goes, on one screen. */

import { Command } from 'commander'
import { type ExecutionStatus, formatInstant, type InstanceRow, type Runner } from '../index.ts'
import { type DatabaseOptions, withDatabase, withReader } from './database.ts'
import { withExamples } from './help.ts'
import { printFields, printJson, printLine, printTable } from './print.ts'

const ALL = 1_000_000
const SHOWN_FAILURES = 5

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
  if (options.json) return printJson(rows.map((row) => record(row, rows)))
  printInstances(rows)
}

function printInstances(rows: readonly InstanceRow[]): void {
  printTable(
    ['PROCESS', 'HOST', 'STATE', 'TRIGGERS', 'EXECUTIONS', 'SINCE', 'LAST HEARTBEAT'],
    rows.map((row) => [
      String(row.pid),
      row.host,
      { state: stateOf(row, rows) },
      String(row.triggers),
      String(row.executions),
      { instant: row.openedAt },
      { instant: row.heartbeatAt },
    ]),
    'No process serves this database: cloaca serve does.',
  )
}

/** One that has nothing while another has is there to take over. */
function stateOf(row: InstanceRow, all: readonly InstanceRow[]): 'dead' | 'serving' | 'standby' | 'idle' {
  if (!row.isAlive) return 'dead'
  if (row.triggers + row.executions > 0) return 'serving'
  return all.some((other) => other.isAlive && other.triggers + other.executions > 0) ? 'standby' : 'idle'
}

function record(row: InstanceRow, all: readonly InstanceRow[]) {
  const { id, host, pid, triggers, executions, openedAt, heartbeatAt } = row
  return {
    id,
    host,
    pid,
    state: stateOf(row, all),
    triggers,
    executions,
    openedAt: formatInstant(openedAt),
    heartbeatAt: formatInstant(heartbeatAt),
  }
}

async function status(runner: Runner, options: DatabaseOptions): Promise<void> {
  const [instances, triggers, late, executions, failures] = await Promise.all([
    runner.instances.list(),
    runner.triggers.list({ limit: ALL }),
    runner.triggers.listLate(),
    runner.executions.count(),
    runner.executions.list({ limit: SHOWN_FAILURES, status: 'Failed' }),
  ])
  const enabled = triggers.filter(({ isEnabled }) => isEnabled)
  if (options.json) {
    return printJson({
      instances: instances.map((row) => record(row, instances)),
      triggers: { all: triggers.length, enabled: enabled.length, late: late.map(({ name }) => name) },
      executions,
      lastFailures: failures.map(({ id, workflow, endedAt, errorMessage }) => {
        return { id, workflow, endedAt: endedAt === null ? null : formatInstant(endedAt), errorMessage }
      }),
    })
  }
  printInstances(instances)
  printLine('')
  printFields({
    triggers: `${triggers.length}, ${enabled.length} enabled${late.length === 0 ? '' : `, late: ${late.map(({ name }) => name).join(', ')}`}`,
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

function countsText(counts: Readonly<Partial<Record<ExecutionStatus, number>>>): string {
  const texts = Object.entries(counts).map(([name, count]) => `${count} ${name.toLowerCase()}`)
  return texts.length === 0 ? 'none' : texts.join(', ')
}
