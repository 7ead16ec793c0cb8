/** `cloaca workflow`: lists the workflows of a database and starts one. */

import { Command } from 'commander'
import { type Runner, type SubmitOptions, type Subscription, UsageError, type WorkflowDefinition } from '../../index.ts'
import { workflowLimitText } from '../../runner/records/declared-limit-text.ts'
import { declaredWaitText } from '../../runner/records/declared-wait-text.ts'
import { subscriptionRecord, subscriptionState } from '../../runner/records/reactor-records.ts'
import { type DatabaseOptions, withDatabase, withReader, withRunner } from '../command-database.ts'
import { contextOption } from '../context-option.ts'
import { idText, tagsText } from '../display.ts'
import { printExecution } from '../execution/execution-command.ts'
import { withExamples } from '../help-examples.ts'
import { priorityParser } from '../option-values.ts'
import { formatDuration, printFields, printJson, printLine, printMessage, printTable, UsageMistake } from '../print.ts'
import { whenNpmIsGone } from '../start/npm.ts'
import { graphLines, mermaidLines } from './workflow-diagram.ts'

const INTERRUPTED = 130

type ShowOptions = DatabaseOptions & { readonly mermaid?: true }
type RunOptions = DatabaseOptions & {
  readonly context?: string
  readonly key?: string
  readonly priority?: number
  readonly wait?: true
}

export function workflowCommand(finish: (exitCode: number) => void): Command {
  const group = new Command('workflow').description('list, show and start workflows')
  const workflow = withExamples(group, 'cloaca workflow list', 'cloaca workflow run ingest_file --wait')
  const listing = workflow.command('list').description('list the workflows of a database, served or not')
  withDatabase(withExamples(listing, 'cloaca workflow list')).action((options: DatabaseOptions) =>
    withReader(options, (runner) => list(runner, options)),
  )
  const showing = workflow
    .command('show')
    .description('show a workflow, its tasks and their graph')
    .argument('<name>', 'name of the workflow')
  withDatabase(withExamples(showing, 'cloaca workflow show ingest_file', 'cloaca workflow show ingest_file --mermaid'))
    .option('--mermaid', 'print the task graph as a Mermaid flowchart')
    .action((name: string, options: ShowOptions) => withReader(options, (runner) => show(runner, name, options)))
  const running = workflow
    .command('run')
    .description('start a workflow in the engine that serves it')
    .argument('<name>', 'name of the workflow')
    .option('--context <json>', 'pass this initial context: JSON object or @FILE (default: {})')
    .option('--key <key>', 'start the workflow only once with this key')
    .option('--priority <n>', 'start before lower priorities, -100 to 100 (default: declared)', priorityParser)
    .option('--wait', 'wait for the result; exit code 1 unless Completed')
  const example = `cloaca workflow run ingest_file --context '{"file": "a.txt"}' --wait`
  withDatabase(withExamples(running, example)).action(async (name: string, options: RunOptions) =>
    finish(await run(name, options)),
  )
  return workflow
}

async function list(runner: Runner, options: DatabaseOptions): Promise<void> {
  const workflows = await runner.workflows.list()
  if (options.json) return printJson(workflows)
  printTable(
    ['WORKFLOW', 'TASKS', 'VERSION', 'DESCRIPTION', 'SCRIPT'],
    workflows.map(row),
    'There are no workflows in this database.',
  )
}

async function show(runner: Runner, name: string, options: ShowOptions): Promise<void> {
  const workflow = await runner.workflows.get(name)
  if (options.mermaid) return mermaidLines(workflow).forEach(printLine)
  const subscriptions = (await runner.reactors.subscriptions()).filter((row) => row.workflow === name)
  if (options.json) return printJson({ ...workflow, subscriptions: subscriptions.map(subscriptionRecord) })
  printFields({
    workflow: workflow.key,
    title: workflow.title,
    description: workflow.description,
    version: workflow.version,
    script: workflow.script,
    ...(tagsText(workflow.tags) !== '' && { tags: tagsText(workflow.tags) }),
    ...(workflow.deadlineMs !== undefined && { deadline: formatDuration(workflow.deadlineMs) }),
    ...(workflow.doneBy !== undefined && { 'done by': `${workflow.doneBy.time} ${workflow.doneBy.timezone}` }),
    ...(workflow.limit !== undefined && { limit: workflowLimitText(workflow.limit) }),
    ...(workflow.priority !== undefined && { priority: String(workflow.priority) }),
    ...(subscriptions.length > 0 && { 'started by': subscriptions.map(subscriptionText).join('\n') }),
  })
  printLine('')
  printTasks(workflow)
  printLine('')
  for (const line of graphLines(workflow)) printLine(line)
}

function printTasks(workflow: WorkflowDefinition): void {
  const isInvoking = workflow.tasks.some(({ invokes }) => invokes !== undefined)
  const isMixed = workflow.tasks.some(({ runs }) => runs !== undefined)
  const isWaiting = workflow.tasks.some(({ wait }) => wait !== undefined)
  const isLimited = workflow.tasks.some(({ limits }) => limits !== undefined)
  const isExpected = workflow.tasks.some(({ deadlineMs }) => deadlineMs !== undefined)
  printTable(
    [
      'TASK',
      ...(isInvoking ? ['INVOKES'] : []),
      ...(isMixed ? ['RUNS'] : []),
      ...(isWaiting ? ['WAITS FOR'] : []),
      'ATTEMPTS',
      'ATTEMPT TIMEOUT',
      ...(isExpected ? ['DEADLINE'] : []),
      ...(isLimited ? ['LIMITS'] : []),
      'DECLARED IN',
    ],
    workflow.tasks.map(({ id, invokes, runs, wait, retry, timeoutMs, deadlineMs, limits = [], place }) => [
      id,
      ...(isInvoking ? [invokes === undefined ? '' : `graph ${invokes}`] : []),
      ...(isMixed ? [runs === undefined ? '' : `${runs.taskId} of ${runs.script}`] : []),
      ...(isWaiting ? [wait === undefined ? '' : declaredWaitText(wait)] : []),
      wait === undefined ? String(retry.maxAttempts) : '',
      wait === undefined ? attemptTimeout(timeoutMs) : '',
      ...(isExpected ? [deadlineMs === undefined ? '' : formatDuration(deadlineMs)] : []),
      ...(isLimited ? [limits.join(', ')] : []),
      place === null ? '' : `${place.file}:${place.line}`,
    ]),
    'This workflow has no tasks.',
  )
}

function attemptTimeout(timeoutMs: number | null): string {
  return timeoutMs === null ? 'limits.task' : formatDuration(timeoutMs)
}

function subscriptionText(row: Subscription): string {
  const { reactor, predicate } = row
  const state = subscriptionState(row)
  return `reactor ${reactor}${predicate === null ? '' : ` when ${predicate}`}${state === 'active' ? '' : `, ${state}`}`
}

function row({ key, tasks, version, description, script }: WorkflowDefinition): string[] {
  return [key, String(tasks.length), version, description, script]
}

async function run(name: string, options: RunOptions): Promise<number> {
  return await withRunner(options, async (runner) => {
    const { key, priority } = options
    const given = { ...(key !== undefined && { key }), ...(priority !== undefined && { priority }) }
    const { id, isReplayed } = await submit(runner, name, contextOption(options.context ?? '{}'), given)
    const accepted = isReplayed
      ? `Workflow "${name}" was already started with this key, as execution ${idText(id)}.`
      : `Workflow "${name}" is accepted as execution ${idText(id)}.`
    if (options.json && !options.wait) printJson({ id, ...(key !== undefined && { isReplayed }) })
    else if (options.json) printMessage(accepted)
    else printLine(accepted)
    return options.wait ? await waitFor(id, runner, options) : 0
  })
}

/** Waits, also for a serving process, until the user interrupts. The run continues then. */
async function waitFor(id: string, runner: Runner, options: RunOptions): Promise<number> {
  const interrupted = Promise.withResolvers<null>()
  const interrupt = () => interrupted.resolve(null)
  process.once('SIGINT', interrupt)
  whenNpmIsGone(interrupt)
  try {
    if (!(await runner.workflows.isServed())) {
      printMessage(
        'No engine serves this database. The workflow runs when you start one: cloaca serve SCRIPTS. Press Ctrl-C ' +
          'to stop waiting.',
      )
    }
    const result = await Promise.race([runner.executions.wait(id), interrupted.promise])
    if (result === null) {
      printMessage(`Stopped waiting. The execution continues; see: cloaca execution show ${idText(id)}`)
      return INTERRUPTED
    }
    await printExecution(runner, result, options)
    return result.status === 'Completed' ? 0 : 1
  } finally {
    process.off('SIGINT', interrupt)
  }
}

/** Submits the unchanged context: 1.0 stays 1.0, and long numbers keep their digits. */
async function submit(runner: Runner, name: string, contextText: string, options: SubmitOptions) {
  try {
    return await runner.workflows.start(name, contextText, options)
  } catch (error) {
    if (!(error instanceof UsageError)) throw error
    if (error.code === 'INVALID_CONTEXT') throw new UsageMistake(`Invalid --context: ${error.message}`)
    if (error.code === 'INVALID_ARGUMENT') throw new UsageMistake(`Invalid --key: ${error.message}`)
    throw error
  }
}
