/** `cloaca execution cancel | pause | resume | retry`: done at once, or asked of the process that runs the execution. */

import { Command, Option } from 'commander'
import { type ActionOptions, CloacaError, type Runner } from '../../index.ts'
import { type DatabaseOptions, withDatabase, withRunner } from '../database.ts'
import { idText } from '../display.ts'
import { withExamples } from '../help.ts'
import { duration, oneOf } from '../option-values.ts'
import { printError, printJson, printLine, printMessage } from '../print.ts'

const ANSWER_WITHIN_MS = 2_000
/** What is cancelled has 5 s for its `finally` blocks. */
const CANCELLED_WITHIN_MS = 10_000

type SteeringOptions = DatabaseOptions & {
  readonly note?: string
  /** `--no-wait`: false. */
  readonly wait: boolean
}
type CancelOptions = DatabaseOptions & { readonly note?: string; readonly wait?: boolean }
type RetryOptions = DatabaseOptions & { readonly note?: string; readonly from?: string; readonly all?: true }

type PruneOptions = DatabaseOptions & {
  readonly olderThan: number
  readonly status?: (typeof ENDED)[number]
  readonly dryRun?: true
}

/** So many executions take some seconds to remove. */
const WORTH_A_WORD = 1_000

const ENDED = ['Completed', 'Failed', 'Cancelled'] as const

/** One line for each execution, and what `--json` prints of it. */
interface Done {
  readonly line: string
  readonly record: object
}

export function addSteeringCommands(execution: Command, finish: (exitCode: number) => void): void {
  const steering = (name: string, description: string) => {
    const command = execution
      .command(name)
      .description(description)
      .argument('<id...>', 'execution ids, or their first characters')
      .option('--note <text>', 'record a reason for this action')
    return withDatabase(withExamples(command, `cloaca execution ${name} 5b9debd0 --note "wrong day"`))
  }
  const all = async (
    ids: readonly string[],
    options: DatabaseOptions,
    one: (runner: Runner, id: string) => Promise<Done>,
  ) => finish(await withRunner(options, (runner) => each(runner, ids, options, one)))

  steering('cancel', 'cancel executions and stop their running tasks')
    .option('--wait', 'let running tasks finish instead of stopping them')
    .option('--no-wait', 'return without waiting for the engine to answer')
    .action((ids: string[], options: CancelOptions) => all(ids, options, (runner, id) => cancel(runner, id, options)))
  steering('pause', 'pause executions: start no further tasks')
    .option('--no-wait', 'return without waiting for the engine to answer')
    .action((ids: string[], options: SteeringOptions) => all(ids, options, (runner, id) => pause(runner, id, options)))
  steering('resume', 'resume paused executions')
    .option('--no-wait', 'return without waiting for the engine to answer')
    .action((ids: string[], options: SteeringOptions) => all(ids, options, (runner, id) => resume(runner, id, options)))
  steering('retry', 'retry ended executions; completed tasks keep their output')
    .option('--from <task>', 'rerun this task and all tasks after it')
    .addOption(new Option('--all', 'rerun all tasks').conflicts('from'))
    .action((ids: string[], options: RetryOptions) => all(ids, options, (runner, id) => retry(runner, id, options)))
  for (const word of RETRY_SYNONYMS) refuseSynonym(execution, word)
  const pruning = execution.command('prune').description('remove ended executions and all their data')
  withDatabase(withExamples(pruning, 'cloaca execution prune --older-than 7d --status Completed --dry-run'))
    .requiredOption('--older-than <duration>', 'remove executions that ended longer ago than this: 12h, 7d', duration)
    .option('--status <status>', `remove only executions in this status: ${ENDED.join(', ')}`, oneOf('status', ENDED))
    .option('--dry-run', 'print the number of executions, and remove none')
    .action((options: PruneOptions) => withRunner(options, (runner) => prune(runner, options)))
}

/** Other words for `retry`. By their letters they are closer to the names of other commands, which would be suggested. */
const RETRY_SYNONYMS = ['rerun', 'restart'] as const

function refuseSynonym(execution: Command, word: string): void {
  const refusing = new Command(word).helpOption(false).allowUnknownOption().allowExcessArguments()
  refusing.action(() => refusing.error(`error: unknown command '${word}'\n(Did you mean retry?)`))
  execution.addCommand(refusing, { hidden: true })
}

/** The process that runs them answers many at once as soon as one. */
const AT_ONCE = 500

/** What cannot be done of one is said, and the others go on. */
async function each(
  runner: Runner,
  ids: readonly string[],
  { json }: DatabaseOptions,
  one: (runner: Runner, id: string) => Promise<Done>,
): Promise<number> {
  const records: object[] = []
  let exitCode = 0
  for (let first = 0; first < ids.length; first += AT_ONCE) {
    const some = ids.slice(first, first + AT_ONCE)
    // In JSON ids are whole, as everywhere.
    const steer = async (id: string) => one(runner, json ? (await runner.executions.overview(id)).id : id)
    for (const [index, ended] of (await Promise.allSettled(some.map(steer))).entries()) {
      if (ended.status === 'fulfilled') {
        records.push(ended.value.record)
        if (!json) printLine(ended.value.line)
      } else {
        const thrown: unknown = ended.reason
        if (!(thrown instanceof CloacaError)) throw thrown
        records.push({ id: some[index], state: 'refused', code: thrown.code, message: thrown.message })
        printError(thrown)
        exitCode = 1
      }
    }
  }
  if (json) printJson(records)
  return exitCode
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
      `A task did not stop within 5 s, so its interpreter was restarted. These scripts lost their state in memory: ${scripts}.`,
    )
  }
  return { line: `Execution ${id} cancelled; ${stoppedText(result.stopped, letsEnd)}.`, record: { id, ...result } }
}

/** Says what became of the tasks that were running. */
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

async function retry(runner: Runner, id: string, { from, all, ...options }: RetryOptions): Promise<Done> {
  const scope = { ...(from !== undefined && { from }), ...(all !== undefined && { all }) }
  const executionId = await runner.executions.retry(id, { ...action(options), ...scope })
  return {
    line: `Retrying execution ${id} as ${idText(executionId)}.`,
    record: { id: executionId, retryOf: id },
  }
}

async function prune(runner: Runner, { olderThan, status, dryRun, json }: PruneOptions): Promise<void> {
  const filter = { olderThanMs: olderThan, ...(status !== undefined && { status }) }
  const found = await runner.executions.prune({ source: 'cli', ...filter, dryRun: true })
  if (dryRun !== true && found > WORTH_A_WORD)
    printMessage(
      `Removing ${found} executions in small batches, so that engines are not delayed. If you interrupt this command, the executions that it has removed stay removed.`,
    )
  const count = dryRun === true ? found : await runner.executions.prune({ source: 'cli', ...filter })
  if (json) return printJson({ executions: count, removed: dryRun !== true })
  const executions = count === 1 ? 'one execution' : `${count} executions`
  printLine(dryRun ? `Would remove ${executions}.` : `Removed ${executions}.`)
}

function action({ note }: { readonly note?: string }): ActionOptions {
  return { source: 'cli', ...(note !== undefined && { note }) }
}

/** The process that runs it has not answered, or was not waited for. */
function asked(id: string, verb: string, done: string, isAnswerAwaited: boolean): Done {
  const waited = isAnswerAwaited ? ' The engine that runs this execution has not answered yet.' : ''
  return {
    line: `Request to ${verb} execution ${id} stored.${waited} The execution will be ${done} when its engine reads the request.`,
    record: { id, state: 'asked' },
  }
}
