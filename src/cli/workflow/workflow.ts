/** `cloaca workflow`: lists the workflows of a database and starts one. */

import { Command } from 'commander'
import { type Runner, type Subscription, UsageError, type WorkflowDefinition } from '../../index.ts'
import { subscriptionRecord, subscriptionState } from '../../runner/records/reactors.ts'
import { contextOption } from '../context-option.ts'
import { type DatabaseOptions, withDatabase, withReader, withRunner } from '../database.ts'
import { idText } from '../display.ts'
import { printExecution } from '../execution/execution.ts'
import { withExamples } from '../help.ts'
import { whenNpmIsGone } from '../npm.ts'
import { formatDuration, printFields, printJson, printLine, printMessage, printTable, UsageMistake } from '../print.ts'
import { graphLines, mermaidLines } from './graph.ts'

const INTERRUPTED = 130

type ShowOptions = DatabaseOptions & { readonly mermaid?: true }
type RunOptions = DatabaseOptions & { readonly context?: string; readonly wait?: true }

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
    ...(subscriptions.length > 0 && { 'started by': subscriptions.map(subscriptionText).join('\n') }),
  })
  printLine('')
  const isInvoking = workflow.tasks.some(({ invokes }) => invokes !== undefined)
  const isMixed = workflow.tasks.some(({ runs }) => runs !== undefined)
  printTable(
    [
      'TASK',
      ...(isInvoking ? ['INVOKES'] : []),
      ...(isMixed ? ['RUNS'] : []),
      'ATTEMPTS',
      'ATTEMPT TIMEOUT',
      'DECLARED IN',
    ],
    workflow.tasks.map(({ id, invokes, runs, retry, timeoutMs, place }) => [
      id,
      ...(isInvoking ? [invokes === undefined ? '' : `graph ${invokes}`] : []),
      ...(isMixed ? [runs === undefined ? '' : `${runs.taskId} of ${runs.script}`] : []),
      String(retry.maxAttempts),
      timeoutMs === null ? 'limits.task' : formatDuration(timeoutMs),
      place === null ? '' : `${place.file}:${place.line}`,
    ]),
    'This workflow has no tasks.',
  )
  printLine('')
  for (const line of graphLines(workflow)) printLine(line)
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
    const id = await submit(runner, name, contextOption(options.context ?? '{}'))
    const accepted = `Workflow "${name}" is accepted as execution ${idText(id)}.`
    if (options.json && !options.wait) printJson({ id })
    else if (options.json) printMessage(accepted)
    else printLine(accepted)
    return options.wait ? await waitFor(id, runner, options) : 0
  })
}

/** Waits, also for a process that serves the workflow, until the user has enough of it: the run is not ended by that. */
async function waitFor(id: string, runner: Runner, options: RunOptions): Promise<number> {
  const interrupted = Promise.withResolvers<null>()
  const interrupt = () => interrupted.resolve(null)
  process.once('SIGINT', interrupt)
  whenNpmIsGone(interrupt)
  try {
    if (!(await runner.workflows.isServed())) {
      printMessage(
        'No engine serves this database. The workflow runs when you start one: cloaca serve SCRIPTS. Press Ctrl-C to stop waiting.',
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

/** The context goes as it was written: 1.0 stays 1.0, and a long number keeps its digits. */
async function submit(runner: Runner, name: string, contextText: string): Promise<string> {
  try {
    return await runner.workflows.submitText(name, contextText)
  } catch (error) {
    if (error instanceof UsageError && error.code === 'INVALID_CONTEXT') {
      throw new UsageMistake(`Invalid --context: ${error.message}`)
    }
    throw error
  }
}
