/** `cloaca execution`: lists executions and shows one. */

import { Command } from 'commander'
import { type ExecutionOrigin, type ExecutionResult, formatInstant, type Runner } from '../index.ts'
import { type DatabaseOptions, withDatabase, withReader } from './database.ts'
import { withExamples } from './help.ts'
import { wholeNumber } from './numbers.ts'
import { printFields, printJson, printLine, printTable } from './print.ts'

type ListOptions = DatabaseOptions & { readonly limit: number }

export function executionCommand(): Command {
  const group = new Command('execution').description('list and show executions: runs of workflows')
  const execution = withExamples(group, 'cloaca execution list --limit 5')
  const listing = execution.command('list').description('list executions, newest first')
  withDatabase(withExamples(listing, 'cloaca execution list --limit 5'))
    .option('--limit <n>', 'show at most this many', wholeNumber, 20)
    .action((options: ListOptions) => withReader(options, (runner) => list(runner, options)))
  const showing = execution
    .command('show')
    .description('show an execution: its status, its context and its tasks')
    .argument('<id>', 'id of the execution')
  withDatabase(withExamples(showing, 'cloaca execution show 5b9debd0-9f16-4377-92a6-fb934363d2ed')).action(
    async (id: string, options: DatabaseOptions) =>
      withReader(options, async (runner) => printExecution(await runner.executions.get(id), options)),
  )
  return execution
}

async function list(runner: Runner, options: ListOptions): Promise<void> {
  const executions = await runner.executions.list({ limit: options.limit })
  if (options.json) return printJson(executions)
  printTable(
    ['CREATED', 'WORKFLOW', 'STATUS', 'STARTED BY', 'ID'],
    executions.map((row) => [formatInstant(row.createdAt), row.workflow, row.status, originText(row.origin), row.id]),
    options.limit === 0 ? null : 'There are no executions in this database.',
  )
}

export function printExecution(result: ExecutionResult, options: { readonly json?: true }): void {
  if (options.json) printJson(result)
  else printExecutionForPeople(result)
}

function printExecutionForPeople(result: ExecutionResult): void {
  printFields({
    execution: result.id,
    workflow: result.workflow,
    status: result.status,
    'started by': originText(result.origin),
    created: formatInstant(result.createdAt),
    ended: result.endedAt === null ? 'not yet' : formatInstant(result.endedAt),
    context: result.contextText,
    ...(result.errorMessage === null ? {} : { error: result.errorMessage }),
  })
  printLine('')
  printTable(
    ['TASK', 'STATUS', 'ATTEMPTS', 'ERROR'],
    result.tasks.map((task) => [task.id, task.status, String(task.attempts), task.error ?? '']),
    'It has no tasks.',
  )
}

function originText(origin: ExecutionOrigin): string {
  if (origin.kind === 'trigger') return `trigger ${origin.trigger}`
  return origin.kind === 'cron' ? `schedule ${origin.scheduleId}` : 'API or CLI'
}
