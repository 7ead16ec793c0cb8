/** `cloaca execution cancel | pause | resume | retry`: done immediately, or by the process that runs the execution. */

import { Command, Option } from 'commander'
import { type ActionOptions, CloacaError, type Runner } from '../../index.ts'
import { type DatabaseOptions, withDatabase, withRunner } from '../command-database.ts'
import { idText } from '../display.ts'
import { withExamples } from '../help-examples.ts'
import { durationParser, positiveNumber, wordParser } from '../option-values.ts'
import { printJson, printLine, printMessage } from '../print.ts'
import { changeAll, changeEach, type Done, type Steer } from './execution-changes.ts'
import { type Change, countText, hasRetry, type SelectionOptions, withFilter } from './execution-filter.ts'

const ANSWER_WITHIN_MS = 2_000
/** A cancelled task has 5 s for its `finally` blocks. */
const CANCELLED_WITHIN_MS = 10_000

type SteeringOptions = DatabaseOptions & {
  readonly note?: string
  readonly wait: boolean
}
type CancelOptions = DatabaseOptions & SelectionOptions & { readonly note?: string; readonly wait?: boolean }
type RetryOptions = DatabaseOptions &
  SelectionOptions & { readonly note?: string; readonly from?: string; readonly all?: true; readonly keepOnce?: true }

type PruneOptions = DatabaseOptions & {
  readonly note?: string
  readonly olderThan: number
  readonly status?: (typeof ENDED)[number]
  readonly dryRun?: true
}

/** Number of executions whose removal takes seconds, so that it is announced. */
const WORTH_A_WORD = 1_000

const OPEN = ['Pending', 'Running', 'Paused'] as const
const ENDED = ['Completed', 'Failed', 'Cancelled'] as const

const CANCEL: Change = { verb: 'cancel', statuses: OPEN, usual: OPEN }
const RETRY: Change = { verb: 'retry', statuses: ENDED, usual: ['Failed'] }

export function addSteeringCommands(execution: Command, finish: (exitCode: number) => void): void {
  const steering = (name: string, description: string, ids: '<id...>' | '[id...]', ...examples: readonly string[]) => {
    const command = execution
      .command(name)
      .description(description)
      .argument(ids, 'execution ids, or their first characters')
      .option('--note <text>', 'record a reason for this action')
    return withDatabase(withExamples(command, `cloaca execution ${name} 5b9debd0 --note "wrong day"`, ...examples))
  }
  const all = async (ids: readonly string[], options: DatabaseOptions, one: Steer) =>
    finish(await withRunner(options, (runner) => changeEach(runner, ids, options, one)))

  const cancelExample = 'cloaca execution cancel --workflow etl --since 1h --dry-run'
  const cancelling = steering('cancel', 'cancel executions and stop their running tasks', '[id...]', cancelExample)
  withSelection(cancelling, CANCEL)
    .option('--wait', 'let running tasks finish instead of stopping them')
    .option('--no-wait', 'return without waiting for the engine to answer')
    .action(async (ids: string[], options: CancelOptions) => {
      finish(await changeAll(ids, options, CANCEL, (runner, id) => cancel(runner, id, options)))
    })
  steering('pause', 'pause executions: start no further tasks', '<id...>')
    .option('--no-wait', 'return without waiting for the engine to answer')
    .action((ids: string[], options: SteeringOptions) => all(ids, options, (runner, id) => pause(runner, id, options)))
  steering('resume', 'resume paused executions', '<id...>')
    .option('--no-wait', 'return without waiting for the engine to answer')
    .action((ids: string[], options: SteeringOptions) => all(ids, options, (runner, id) => resume(runner, id, options)))
  const retryExample = 'cloaca execution retry --workflow etl --status Failed --since 1h --dry-run'
  const retrying = 'retry ended executions; completed tasks keep their output'
  withSelection(steering('retry', retrying, '[id...]', retryExample), RETRY)
    .option('--from <task>', 'rerun this task and all tasks after it')
    .addOption(new Option('--all', 'rerun all tasks').conflicts('from'))
    .option('--keep-once', 'with --from or --all, keep stored results and children')
    .action(async (ids: string[], options: RetryOptions, command: Command) => {
      if (options.keepOnce && options.from === undefined && !options.all) {
        command.error("error: option '--keep-once' requires option '--from <task>' or '--all'")
      }
      finish(await changeAll(ids, options, RETRY, (runner, id) => retry(runner, id, options, ids.length === 0)))
    })
  for (const word of RETRY_SYNONYMS) refuseSynonym(execution, word)
  addPruneCommand(execution)
}

function addPruneCommand(execution: Command): void {
  const pruning = execution.command('prune').description('remove ended executions and all their data')
  withDatabase(withExamples(pruning, 'cloaca execution prune --older-than 7d --status Completed --dry-run'))
    .requiredOption(
      '--older-than <duration>',
      'remove executions that ended longer ago than this: 12h, 7d',
      durationParser,
    )
    .option('--status <status>', `remove only executions in this status: ${ENDED.join(', ')}`, wordParser(ENDED))
    .option('--note <text>', 'record a reason for this action')
    .option('--dry-run', 'print the number of executions, and remove none')
    .action((options: PruneOptions) => withRunner(options, (runner) => prune(runner, options)))
}

/** Synonyms of `retry`. Commander would suggest the names of other commands, which have closer spellings. */
const RETRY_SYNONYMS = ['rerun', 'restart'] as const

function refuseSynonym(execution: Command, word: string): void {
  const refusing = new Command(word).helpOption(false).allowUnknownOption().allowExcessArguments()
  refusing.action(() => refusing.error(`error: unknown command '${word}'\n(Did you mean retry?)`))
  execution.addCommand(refusing, { hidden: true })
}

/** Adds the options that select executions without their ids. */
function withSelection(command: Command, change: Change): Command {
  return withFilter(command, 'select', change.statuses, change.usual)
    .option('--limit <n>', `${change.verb} at most this many selected executions (default: 1000)`, positiveNumber)
    .option('--yes', 'change the selected executions without a question')
    .option('--dry-run', 'print the selected executions, and change none')
}

async function cancel(runner: Runner, id: string, options: CancelOptions): Promise<Done> {
  const letsEnd = options.wait === true
  const answerWithinMs = options.wait === false ? 0 : letsEnd ? Number.POSITIVE_INFINITY : CANCELLED_WITHIN_MS
  const result = await runner.executions.cancel(id, { ...action(options), answerWithinMs, wait: letsEnd })
  if (result.state === 'asked') return asked(id, 'cancel', 'cancelled', answerWithinMs > 0)
  const { lostScripts } = result
  if (lostScripts.length > 0) {
    const scripts = lostScripts.map((script) => `"${script}"`).join(', ')
    printMessage(
      `A task did not stop within 5 s, so its interpreter was restarted. These scripts lost their state in memory: ` +
        `${scripts}.`,
    )
  }
  return { line: `Execution ${id} cancelled; ${stoppedText(result.stopped, letsEnd)}.`, record: { id, ...result } }
}

/** Returns a text about the tasks that were running. */
function stoppedText(count: number, letsEnd: boolean): string {
  if (count === 0) return 'no task was running'
  const tasks = count === 1 ? 'one running task' : `${count} running tasks`
  if (letsEnd) return `${tasks} finished first`
  return `${tasks} ${count === 1 ? 'was' : 'were'} stopped`
}

async function pause(runner: Runner, id: string, options: SteeringOptions): Promise<Done> {
  const answerWithinMs = options.wait ? ANSWER_WITHIN_MS : 0
  const { state } = await runner.executions.pause(id, { ...action(options), answerWithinMs })
  if (state === 'asked') return asked(id, 'pause', 'paused', answerWithinMs > 0)
  return { line: `Execution ${id} paused. Running tasks continue; no further tasks start.`, record: { id, state } }
}

async function resume(runner: Runner, id: string, options: SteeringOptions): Promise<Done> {
  const answerWithinMs = options.wait ? ANSWER_WITHIN_MS : 0
  const { state } = await runner.executions.resume(id, { ...action(options), answerWithinMs })
  if (state === 'asked') return asked(id, 'resume', 'resumed', answerWithinMs > 0)
  return { line: `Execution ${id} resumed.`, record: { id, state } }
}

/** `isSelected`: a filter selected the execution, so it is not retried if it was retried before. */
async function retry(
  runner: Runner,
  id: string,
  { from, all, keepOnce, ...options }: RetryOptions,
  isSelected: boolean,
): Promise<Done> {
  const scope = {
    ...(from !== undefined && { from }),
    ...(all !== undefined && { all }),
    ...(keepOnce !== undefined && { keepOnce }),
  }
  let executionId: string
  try {
    executionId = await runner.executions.retry(id, { ...action(options), ...scope, once: isSelected })
  } catch (thrown) {
    const isRefused = thrown instanceof CloacaError && thrown.code === 'ACTION_REFUSED'
    if (!isSelected || !isRefused || !(await hasRetry(runner, id))) throw thrown
    return { line: `${thrown.message} Skipped.`, record: { id, state: 'skipped' }, outcome: 'skipped' }
  }
  return {
    line: `Retrying execution ${id} as ${idText(executionId)}.`,
    record: { id: executionId, retryOf: id },
  }
}

async function prune(runner: Runner, options: PruneOptions): Promise<void> {
  const { olderThan, status, dryRun, json } = options
  const filter = { ...action(options), olderThanMs: olderThan, ...(status !== undefined && { status }) }
  const found = await runner.executions.prune({ ...filter, dryRun: true })
  if (dryRun !== true && found > WORTH_A_WORD)
    printMessage(
      `Removing ${found} executions in small batches, so that engines are not delayed. If you interrupt this ` +
        `command, the executions that it has removed stay removed.`,
    )
  const count = dryRun === true ? found : await runner.executions.prune(filter)
  if (json) return printJson({ executions: count, removed: dryRun !== true })
  printLine(`${dryRun ? 'Would remove' : 'Removed'} ${countText(count)}.`)
}

function action({ note }: { readonly note?: string }): ActionOptions {
  return { source: 'cli', ...(note !== undefined && { note }) }
}

/** Returns the line for a process that has not answered, or was not waited for. */
function asked(id: string, verb: string, done: string, isAnswerAwaited: boolean): Done {
  const waited = isAnswerAwaited ? ' The engine that runs this execution has not answered yet.' : ''
  return {
    line:
      `Request to ${verb} execution ${id} stored.${waited} The execution will be ${done} when its engine ` +
      `reads the request.`,
    record: { id, state: 'asked' },
    outcome: 'requested',
  }
}
