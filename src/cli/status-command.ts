/** `cloaca status` and `cloaca instance list`: the engines of a database and their health, on one screen. */

import { Command } from 'commander'
import type { ExecutionStatus, Runner, Subscription } from '../index.ts'
import { type InstanceInfo, instanceInfos, instanceRecord, instanceState } from '../runner/records/instance-records.ts'
import { type RunnerStatus, runnerStatus, statusRecord } from '../runner/records/status-records.ts'
import { waitText } from '../runner/records/wait-words.ts'
import { type DatabaseOptions, withDatabase, withReader } from './command-database.ts'
import { instantText } from './display.ts'
import { withExamples } from './help-examples.ts'
import { printFields, printJson, printLine, printTable } from './print.ts'
import { reactorWaitText } from './reactor/wait-text.ts'

export function instanceCommand(): Command {
  const group = new Command('instance').description('list the engines that serve a database')
  const instance = withExamples(group, 'cloaca instance list')
  const listing = instance.command('list').description('list the engines of a database and their state')
  withDatabase(withExamples(listing, 'cloaca instance list')).action((options: DatabaseOptions) =>
    withReader(options, (runner) => list(runner, options)),
  )
  return instance
}

export function statusCommand(): Command {
  const command = new Command('status').description('show the engines of a database and their health')
  return withDatabase(withExamples(command, 'cloaca status')).action((options: DatabaseOptions) =>
    withReader(options, (runner) => status(runner, options)),
  )
}

async function list(runner: Runner, options: DatabaseOptions): Promise<void> {
  const rows = instanceInfos(await runner.instances.list(), await runner.sources.list())
  if (options.json) return printJson(rows.map((row) => instanceRecord(row, rows)))
  printInstances(rows)
}

function printInstances(rows: readonly InstanceInfo[]): void {
  printTable(
    ['PROCESS', 'HOST', 'STATE', 'TRIGGERS', 'SOURCES', 'EXECUTIONS', 'SINCE', 'LAST HEARTBEAT'],
    rows.map((row) => [
      String(row.pid),
      row.host,
      { state: instanceState(row, rows) },
      String(row.triggers),
      String(row.sources),
      String(row.executions),
      { instant: row.openedAt },
      { instant: row.heartbeatAt },
    ]),
    'No engine serves this database. Start one with: cloaca serve SCRIPTS',
    { columns: ['SINCE', 'SOURCES', 'TRIGGERS'], lastWidth: 26 },
  )
}

async function status(runner: Runner, options: DatabaseOptions): Promise<void> {
  const found = await runnerStatus(runner)
  if (options.json) return printJson(statusRecord(found))
  const { instances, executions, waiting, failures } = found
  const { all, enabled, late, failing, broken, undeclared } = found.triggers
  printInstances(instances)
  printLine('')
  printFields({
    triggers: `${all}, ${enabled} enabled${listText('late', late)}`,
    ...namesField('failing', failing),
    ...namesField('broken', broken),
    ...namesField('not declared', undeclared),
    ...graphFields(found),
    executions: countsText(executions),
  })
  for (const { workflow, executions: count } of waiting) {
    const wait = waitText({ kind: 'engine', workflow }, instantText)
    printLine(`${count === 1 ? '1 execution is' : `${count} executions are`} ${wait}`)
  }
  if (failures.length === 0) return
  printLine('')
  printTable(
    ['LAST FAILED', 'WORKFLOW', 'ID', 'ERROR'],
    failures.map((row) => [{ instant: row.endedAt }, row.workflow, { id: row.id }, row.cause ?? '']),
    null,
    { columns: ['LAST FAILED'], lastWidth: 40 },
  )
}

/** Returns no fields if no script has declared any. */
function graphFields({ sources, reactors, subscriptions }: RunnerStatus): Record<string, string> {
  const waiting = sources.filter((row) => row.waiting > 0).map((row) => `${row.name} ${row.waiting}`)
  const waits = reactors.flatMap(({ row, wait }) => (wait === null ? [] : `${row.name} is ${reactorWaitText(wait)}`))
  const degraded = subscriptions.filter(({ isDegraded }) => isDegraded).map(subscriptionText)
  const paused = subscriptions.filter(({ isEnabled }) => !isEnabled).map(subscriptionText)
  return {
    ...(sources.length > 0 && { sources: `${sources.length}${listText('events waiting', waiting)}` }),
    ...(reactors.length > 0 && { reactors: `${reactors.length}${waits.map((text) => `, ${text}`).join('')}` }),
    ...(subscriptions.length > 0 && {
      subscriptions: `${subscriptions.length}${listText('degraded', degraded)}${listText('paused', paused)}`,
    }),
  }
}

function subscriptionText({ reactor, workflow }: Subscription): string {
  return `${workflow} to ${reactor}`
}

function listText(what: string, texts: readonly string[]): string {
  return texts.length === 0 ? '' : `, ${what}: ${texts.join(', ')}`
}

function namesField(what: string, names: readonly string[]): Record<string, string> {
  return names.length === 0 ? {} : { [what]: names.join(', ') }
}

function countsText(counts: Readonly<Partial<Record<ExecutionStatus, number>>>): string {
  const texts = Object.entries(counts).map(([name, count]) => `${count} ${name.toLowerCase()}`)
  return texts.length === 0 ? 'none' : texts.join(', ')
}
