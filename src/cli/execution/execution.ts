/** `cloaca execution`: lists executions, shows one, and steers them. */

import { Command } from 'commander'
import type {
  AttemptRow,
  ExecutionLogRecord,
  ExecutionOrigin,
  ExecutionResult,
  ExecutionStatus,
  ReactorFiring,
  Runner,
} from '../../index.ts'
import { executionRecord, summaryRecord, waitText } from '../../runner/records/executions.ts'
import { firingBehind, reactorFiringRecord } from '../../runner/records/reactors.ts'
import { type DatabaseOptions, withDatabase, withReader } from '../database.ts'
import { idText, instantText } from '../display.ts'
import { withExamples } from '../help.ts'
import { indentedLogLines } from '../logs/log-lines.ts'
import { beginning, instantOf, oneOf, wholeNumber } from '../option-values.ts'
import { printFields, printJson, printLine, printMessage, printTable, printTexts } from '../print.ts'
import { causesText } from '../reactor/causes.ts'
import { addLogsCommand } from './logs.ts'
import { addSteeringCommands } from './steering.ts'

/** Of each failed task. */
const SHOWN_LOG_LINES = 10

const STATUSES: readonly ExecutionStatus[] = ['Pending', 'Running', 'Completed', 'Failed', 'Cancelled', 'Paused']

type ListOptions = DatabaseOptions & {
  readonly limit: number
  readonly workflow?: string
  readonly status?: ExecutionStatus
  readonly trigger?: string
  readonly since?: ReturnType<typeof beginning>
  readonly until?: ReturnType<typeof beginning>
  readonly cursor?: string
}

export function executionCommand(finish: (exitCode: number) => void): Command {
  const group = new Command('execution').description('list, show and control executions (runs of workflows)')
  const execution = withExamples(group, 'cloaca execution list --limit 5', 'cloaca execution cancel 5b9debd0')
  const listing = execution.command('list').description('list executions, newest first')
  withDatabase(withExamples(listing, 'cloaca execution list --status Failed --limit 5'))
    .option('--limit <n>', 'show at most this many executions', wholeNumber, 20)
    .option('--workflow <name>', 'show only executions of this workflow')
    .option('--status <status>', `show only this status: ${STATUSES.join(', ')}`, oneOf('status', STATUSES))
    .option('--trigger <name>', 'show only executions that this trigger started')
    .option('--since <when>', 'show only executions created after this time: 2h (ago), 2026-01-31T08:00:00Z', beginning)
    .option(
      '--until <when>',
      'show only executions created before this time: 1h (ago), 2026-01-31T09:00:00Z',
      beginning,
    )
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
  const { json, limit, workflow, status, trigger, since, until, cursor } = options
  // One more than is shown tells whether there are more.
  const found = await runner.executions.list({
    limit: limit + 1,
    ...(workflow !== undefined && { workflow }),
    ...(status !== undefined && { status }),
    ...(trigger !== undefined && { trigger }),
    ...(since !== undefined && { sinceAt: instantOf(since, runner.now()) }),
    ...(until !== undefined && { untilAt: instantOf(until, runner.now()) }),
    ...(cursor !== undefined && { after: cursor }),
  })
  const executions = found.slice(0, limit)
  const last = executions.at(-1)
  if (last !== undefined && found.length > limit)
    printMessage(`There are more executions. To show the next page, add: --cursor ${last.id}`)
  if (json) return printJson(executions.map(summaryRecord))
  printTable(
    ['CREATED', 'WORKFLOW', 'STATUS', 'STARTED BY', 'ID'],
    executions.map((row) => [
      { instant: row.createdAt },
      row.workflow,
      { state: row.status },
      originText(row.origin, row.retryOf),
      { id: row.id },
    ]),
    limit === 0 ? null : 'There are no matching executions in this database.',
  )
}

export async function printExecution(
  runner: Runner,
  result: ExecutionResult,
  options: { readonly json?: true },
): Promise<void> {
  const attempts = await runner.executions.attempts(result.id)
  const firing = await firingBehind(runner, result)
  if (options.json) {
    return printJson({
      ...executionRecord(result, attempts),
      firing: firing === null ? null : reactorFiringRecord(firing),
    })
  }
  printSummary(result, firing)
  for (const attempt of attempts) if (attempt.error !== null) printFailure(attempt)
  for (const attempt of lastFailures(attempts)) await printEndOfLog(runner, result.id, attempt)
}

function printSummary(result: ExecutionResult, firing: ReactorFiring | null): void {
  printFields({
    execution: result.id,
    workflow: result.workflow,
    status: statusText(result),
    'started by': originText(result.origin, result.retryOf),
    ...(firing !== null && { 'caused by': firingText(firing) }),
    created: instantText(result.createdAt),
    ended: instantText(result.endedAt, 'not yet'),
    context: result.contextText,
    ...(result.errorMessage === null ? {} : { error: result.errorMessage }),
  })
  printLine('')
  printTable(
    ['TASK', 'STATUS', 'ATTEMPTS', 'ERROR'],
    result.tasks.map((task) => [task.id, { state: task.status }, String(task.attempts), task.error ?? '']),
    'This execution has no tasks.',
  )
}

/** `firing 12 of reactor oven, from probe 4 to 6`: what began the chain of which an execution, or what it retries, is the end. */
function firingText(firing: ReactorFiring): string {
  const causes = causesText(firing)
  return `firing ${firing.sequence} of reactor ${firing.reactor}${causes === '' ? '' : `, ${causes}`}`
}

/** Python's words, below the table: a traceback does not fit into a cell. */
function printFailure({ taskId, attempt, outcome, endedAt, error }: AttemptRow): void {
  printLine('')
  printLine(`Attempt ${attempt} of task "${taskId}": ${outcome} ${instantText(endedAt)}`)
  const said = error?.traceback || `${error?.type}: ${error?.message}`
  for (const line of said.trimEnd().split('\n')) printLine(`  ${line}`)
}

/** Of each task whose last attempt failed, that attempt. */
function lastFailures(attempts: readonly AttemptRow[]): readonly AttemptRow[] {
  const last = new Map(attempts.map((attempt) => [attempt.taskId, attempt]))
  return [...last.values()].filter(({ error }) => error !== null)
}

/** What it said before it failed is what most people look for next. */
async function printEndOfLog(runner: Runner, id: string, { taskId, attempt }: AttemptRow): Promise<void> {
  // One more than is shown tells whether there are more.
  const which = { task: taskId, attempt, last: SHOWN_LOG_LINES + 1 }
  const found: ExecutionLogRecord[] = []
  for await (const record of runner.executions.log(id, which)) found.push(record)
  if (found.length === 0) return
  const isWhole = found.length <= SHOWN_LOG_LINES
  const rest = isWhole
    ? ''
    : `, last ${SHOWN_LOG_LINES} lines; for all lines: cloaca execution logs ${idText(id)} --task ${taskId} --attempt ${attempt}`
  printLine('')
  printLine(`Log of attempt ${attempt} of task "${taskId}"${rest}`)
  printTexts(indentedLogLines(found.slice(-SHOWN_LOG_LINES), '  '))
}

function statusText({ status, pausedAt, cancelRequestedAt, endedAt, waitingFor }: ExecutionResult): string {
  if (waitingFor !== null) return `${status}, ${waitText(waitingFor)}`
  if (endedAt === null && cancelRequestedAt !== null) return `${status}, being cancelled`
  return pausedAt === null ? status : `${status} since ${instantText(pausedAt)}`
}

function originText(origin: ExecutionOrigin, retryOf: string | null): string {
  if (retryOf !== null) return `retry of ${idText(retryOf)}`
  if ('trigger' in origin && origin.trigger !== null) return `trigger ${origin.trigger}`
  if (origin.kind === 'reactor') return `reactor ${origin.reactor}`
  return origin.kind === 'cron' ? `schedule ${idText(origin.scheduleId)}` : 'API or CLI'
}
