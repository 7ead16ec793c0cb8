/** `cloaca execution`: lists executions, shows one, and steers them. */

import { Command } from 'commander'
import type { ExecutionOrigin, ExecutionResult, ExecutionStatus, ReactorFiring, Runner } from '../../index.ts'
import { withoutIntroduction } from '../../model/fault.ts'
import { actionRecord, childRecord, executionRecord, summaryRecord } from '../../runner/records/execution-records.ts'
import { originFiring, reactorFiringRecord } from '../../runner/records/reactor-records.ts'
import { holdersText, waitText } from '../../runner/records/wait-words.ts'
import { printActions } from '../action/action-command.ts'
import { type DatabaseOptions, withDatabase, withReader } from '../command-database.ts'
import { elapsedText, idText, instantText } from '../display.ts'
import { withExamples } from '../help-examples.ts'
import { wholeNumber } from '../option-values.ts'
import { printFields, printJson, printLine, printTable, rowsOfPage } from '../print.ts'
import { firingCausesText } from '../reactor/causes-text.ts'
import { type FilterOptions, listFilter, withFilter } from './execution-filter.ts'
import { addLogsCommand } from './execution-logs-command.ts'
import { addSteeringCommands } from './execution-steering-commands.ts'
import { printFailures } from './failed-attempts.ts'

const STATUSES: readonly ExecutionStatus[] = ['Pending', 'Running', 'Completed', 'Failed', 'Cancelled', 'Paused']

type ListOptions = DatabaseOptions & FilterOptions & { readonly limit: number; readonly cursor?: string }

export function executionCommand(finish: (exitCode: number) => void): Command {
  const group = new Command('execution').description('list, show and control executions (runs of workflows)')
  const execution = withExamples(group, 'cloaca execution list --limit 5', 'cloaca execution cancel 5b9debd0')
  const listing = execution.command('list').description('list executions, newest first')
  const limited = withDatabase(withExamples(listing, 'cloaca execution list --status Failed --limit 5')).option(
    '--limit <n>',
    'show at most this many executions',
    wholeNumber,
    20,
  )
  withFilter(limited, 'show only', STATUSES)
    .option('--cursor <id>', 'continue after this execution, the last of the previous page')
    .action((options: ListOptions) => withReader(options, (runner) => list(runner, options)))
  const showing = execution
    .command('show')
    .description('show an execution: status, context, tasks and errors')
    .argument('<id>', 'execution id, or its first characters')
  withDatabase(withExamples(showing, 'cloaca execution show 5b9debd0')).action(
    async (id: string, options: DatabaseOptions) =>
      withReader(options, async (runner) => {
        await printExecution(runner, await runner.executions.get(id), options)
      }),
  )
  addLogsCommand(execution)
  addSteeringCommands(execution, finish)
  return execution
}

async function list(runner: Runner, options: ListOptions): Promise<void> {
  const { json, limit, cursor } = options
  const found = await runner.executions.list({
    limit: limit + 1,
    ...listFilter(options, runner.now()),
    ...(cursor !== undefined && { after: cursor }),
  })
  const executions = rowsOfPage(found, limit, 'executions')
  if (json) return printJson(executions.map(summaryRecord))
  printTable(
    ['STARTED', 'DURATION', 'WORKFLOW', 'STATUS', 'STARTED BY', 'ID', 'ERROR'],
    executions.map((row) => [
      { instant: row.startedAt, missing: 'not yet' },
      durationText(row, runner.now()),
      row.workflow,
      { state: row.status },
      originText(row.origin, row.retryOf),
      { id: row.id },
      row.cause ?? '',
    ]),
    limit === 0 ? null : 'There are no matching executions in this database.',
    { columns: ['STARTED BY', 'DURATION', 'STARTED', 'STATUS'], lastWidth: 40 },
  )
}

export async function printExecution(
  runner: Runner,
  result: ExecutionResult,
  options: { readonly json?: true },
): Promise<void> {
  const attempts = await runner.executions.attempts(result.id)
  const firing = await originFiring(runner, result)
  const actions = await runner.executions.actions(result.id)
  const children = await runner.executions.children(result.id)
  if (options.json) {
    return printJson({
      ...executionRecord(result, attempts),
      firing: firing === null ? null : reactorFiringRecord(firing),
      actions: actions.map(actionRecord),
      children: children.map(childRecord),
    })
  }
  printSummary(result, firing, runner.now())
  printChildren(children)
  printActions(actions, 'Actions on this execution')
  await printFailures(runner, result.id, attempts)
}

function printSummary(result: ExecutionResult, firing: ReactorFiring | null, now: number): void {
  printFields({
    execution: result.id,
    workflow: result.workflow,
    status: statusText(result),
    'started by': originText(result.origin, result.retryOf),
    ...(firing !== null && { 'caused by': firingText(firing) }),
    ...errorField(result),
    ...(result.priority !== 0 && { priority: String(result.priority) }),
    created: instantText(result.createdAt),
    started: instantText(result.startedAt, 'not yet'),
    ended: instantText(result.endedAt, 'not yet'),
    ...(result.startedAt === null ? {} : { duration: durationText(result, now) }),
    context: result.contextText,
  })
  printLine('')
  printTasks(result, now)
}

/** The column of the next attempt is printed only if a task waits for one. */
function printTasks({ tasks }: ExecutionResult, now: number): void {
  const isDelayed = tasks.some((task) => nextAttemptAt(task) !== null)
  printTable(
    ['TASK', 'STATUS', 'STARTED', 'DURATION', 'ATTEMPTS', ...(isDelayed ? ['NEXT ATTEMPT'] : []), 'ERROR'],
    tasks.map((task) => [
      task.id,
      { state: task.status },
      { instant: task.startedAt },
      durationText(task, now),
      String(task.attempts),
      ...(isDelayed ? [{ instant: nextAttemptAt(task) }] : []),
      withoutIntroduction(task.error ?? ''),
    ]),
    'This execution has no tasks.',
    // The complete errors follow below the table.
    { columns: ['ATTEMPTS', 'DURATION', 'STARTED'], lastWidth: 20 },
  )
}

/** Returns the end of the delay of a retry or of `TryLater`, or null. */
function nextAttemptAt({ status, notBeforeAt }: ExecutionResult['tasks'][number]): number | null {
  return status === 'Ready' ? notBeforeAt : null
}

function printChildren(children: Awaited<ReturnType<Runner['executions']['children']>>): void {
  if (children.length === 0) return
  printLine('')
  printTable(
    ['CHILD', 'WORKFLOW', 'STATUS', 'TASK', 'KEY'],
    children.map(({ executionId, workflow, status, taskId, key }) => [
      { id: executionId },
      workflow,
      status === null ? 'removed' : { state: status },
      taskId,
      key,
    ]),
    null,
  )
}

/** A cancelled execution has no cause, but the reason of the user. */
function errorField({ cause, errorMessage }: ExecutionResult): Record<string, string> {
  const error = cause ?? errorMessage
  return error === null ? {} : { error }
}

/** Returns the time since the start until the end, or until now. */
function durationText({ startedAt, endedAt }: StartAndEnd, now: number): string {
  return startedAt === null ? '' : elapsedText(startedAt, endedAt ?? now)
}

type StartAndEnd = Pick<ExecutionResult, 'startedAt' | 'endedAt'>

/** Returns the firing that began a chain of retries: `firing 12 of reactor oven, from probe 4 to 6`. */
function firingText(firing: ReactorFiring): string {
  const causes = firingCausesText(firing)
  return `firing ${firing.sequence} of reactor ${firing.reactor}${causes === '' ? '' : `, ${causes}`}`
}

function statusText(execution: ExecutionResult): string {
  const { waitingFor } = execution
  const state = stateText(execution)
  if (waitingFor === null) return state
  return `${state}, ${waitText(waitingFor, instantText)}${holdersText(waitingFor, idText)}`
}

function stateText({ status, pausedAt, cancelRequestedAt, endedAt }: ExecutionResult): string {
  if (endedAt === null && cancelRequestedAt !== null) return `${status}, being cancelled`
  return pausedAt === null ? status : `${status} since ${instantText(pausedAt)}`
}

function originText(origin: ExecutionOrigin, retryOf: string | null): string {
  if (retryOf !== null) return `retry of ${idText(retryOf)}`
  if (origin.kind === 'backfill') {
    const of = origin.trigger === null ? `schedule ${idText(origin.schedule)}` : `trigger ${origin.trigger}`
    return `backfill ${idText(origin.backfillId)} of ${of}`
  }
  if (origin.kind === 'refire') return `refire ${idText(origin.refireId)} of trigger ${origin.trigger}`
  if ('trigger' in origin && origin.trigger !== null) return `trigger ${origin.trigger}`
  if (origin.kind === 'child') return `task ${origin.task} of execution ${idText(origin.parent)}`
  if (origin.kind === 'reactor') return `reactor ${origin.reactor}`
  return origin.kind === 'cron' ? `schedule ${idText(origin.scheduleId)}` : 'API or CLI'
}
