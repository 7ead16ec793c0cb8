/** `runWorkflow`: runs a workflow to its end, in the process of the test. */

import { declarationsOf } from '../authoring/definition.ts'
import type { AnyWorkflow, InputOf } from '../authoring/types/workflow.ts'
import { InternalError, UsageError } from '../errors.ts'
import { frozenContext } from '../functions/context-values.ts'
import { FunctionHost } from '../functions/function-host.ts'
import { shownValue } from '../model/arguments.ts'
import { type ContextText, contextTextOf, contextValueOf, type JsonObject } from '../model/context.ts'
import { durationMs } from '../model/time/duration.ts'
import { didYouMean } from '../registry/nearest.ts'
import { type SecretProvider, secretFields } from '../secrets/provider.ts'
import { takenClock } from './fake-clock.ts'
import { declaredWorkflow, withFakes } from './fakes.ts'
import { testPrinter } from './output.ts'
import { failureFields, type TaskRun, type WorkflowRun } from './results.ts'
import { Run, type RunEnd, type TaskEnd } from './run.ts'
import type { RunWorkflowOptions } from './types.ts'

/** The script that functions of a test belong to. */
export const TEST_SCRIPT = 'test'

const DEFAULT_LIMIT_MS = 300_000
const OPTIONS: readonly (keyof RunWorkflowOptions<never>)[] = ['tasks', 'clock', 'secrets', 'taskTimeout']

/**
 * Runs a workflow to its end in the process of the test, without an engine or a database. Inputs of tasks, conditions,
 * retries, time limits and callbacks work as in the engine. The `FakeClock` jumps to the next attempt or the next call
 * of a `deferUntil` condition whenever no function is running. A delay with jitter has its average length.
 *
 * @param workflow Workflow to run.
 * @param input Initial context, checked by the workflow's `input`.
 * @param options Fakes for tasks, clock, secrets.
 * @returns Result of the run and of each task. A failed task is a result, not an error.
 * @throws `UsageError`: `INVALID_CONTEXT` for an invalid input; `INVALID_ARGUMENT` for a fake of an unknown task, a
 *   Python task without a fake, and other invalid arguments.
 * @example
 * const run = await runWorkflow(orders, { order_id: 7 }, { tasks: { fetch: async () => ({ lines: [] }) } })
 * assert.equal(run.status, 'Completed')
 */
export async function runWorkflow<Flow extends AnyWorkflow>(
  workflow: Flow,
  input: InputOf<Flow>,
  options: RunWorkflowOptions<Flow> = {},
): Promise<WorkflowRun<Flow>> {
  refuseUnknown(options, OPTIONS)
  const declared = declaredWorkflow(workflow)
  const { declarations, functions } = declarationsOf([withFakes(declared, options.tasks)], TEST_SCRIPT)
  const definition = declarations.workflows[0]
  if (definition === undefined) throw new InternalError('runWorkflow() found no definition of the workflow.')
  const secrets = secretsOf(options.secrets)
  const limitMs = limitOf(options.taskTimeout, 'taskTimeout', DEFAULT_LIMIT_MS)
  const clock = takenClock(options.clock)
  clock.isTaken = true
  const host = testHost(clock, secrets)
  try {
    const check = functions.inputs.get(declared.key)
    const given = contextTextOf(input as JsonObject)
    const inputText = check === undefined ? given : contextTextOf(await check(contextValueOf(given)))
    host.use(TEST_SCRIPT, functions)
    const end = await new Run({ host, clock, definition, inputText, limitMs }).run()
    return resultOf(end) as unknown as WorkflowRun<Flow>
  } finally {
    clock.isTaken = false
    host.close()
  }
}

/** The host of one run or poll: to be closed. */
export function testHost(clock: ReturnType<typeof takenClock>, secrets: SecretProvider | null): FunctionHost {
  const printer = testPrinter()
  return new FunctionHost({
    ...{ clock, printer, secrets },
    logLimits: { attemptBytes: Number.POSITIVE_INFINITY, pollBytes: Number.POSITIVE_INFINITY },
    notice: (message) => printer.print(0, '', 'stderr', `[cloaca] ${message}\n`),
  })
}

/** Throws `INVALID_ARGUMENT`. */
export function limitOf(value: unknown, name: string, byDefault: number): number {
  if (value === undefined) return byDefault
  const ms = typeof value === 'string' ? durationMs(value) : Number.NaN
  if (typeof ms === 'number' && ms > 0) return ms
  const message = `The option "${name}" must be a duration above zero, such as '20s', but ${shownValue(value)} was given.`
  throw new UsageError('INVALID_ARGUMENT', message, { path: name })
}

/** Throws `INVALID_ARGUMENT`. */
export function refuseUnknown(options: unknown, known: readonly string[]): void {
  if (typeof options !== 'object' || options === null) {
    throw new UsageError('INVALID_ARGUMENT', `"options" must be an object, but ${shownValue(options)} was given.`, {
      path: 'options',
    })
  }
  for (const key of Object.keys(options)) {
    if (known.includes(key)) continue
    const message = `Unknown option "${key}".${didYouMean(key, known)} Valid options: ${known.join(', ')}.`
    throw new UsageError('INVALID_ARGUMENT', message, { path: key })
  }
}

function secretsOf(secrets: RunWorkflowOptions<never>['secrets']): SecretProvider | null {
  if (secrets === undefined) return null
  if (typeof secrets === 'function') return secrets
  const isWrong = typeof secrets !== 'object' || Object.values(secrets).some((fields) => secretFields(fields) === null)
  if (!isWrong) return (name) => (Object.hasOwn(secrets, name) ? (secrets[name] ?? null) : null)
  const message = `The option "secrets" must map each name to an object of strings, such as { db: { password: '…' } }.`
  throw new UsageError('INVALID_ARGUMENT', message, { path: 'secrets' })
}

function resultOf({ end, startedAt, tasks }: RunEnd) {
  const contextText: ContextText = end.finalText
  return {
    status: end.status,
    context: frozenContext(contextText),
    contextText,
    errorMessage: end.errorMessage,
    tasks: Object.fromEntries([...tasks].map(([id, task]) => [id, taskRunOf(id, task, startedAt)])),
    startedAt: new Date(startedAt),
    endedAt: new Date(end.endedAt),
  }
}

function taskRunOf(id: string, { change, inputText, attemptedAt, records }: TaskEnd, startedAt: number): TaskRun {
  return {
    id,
    status: change.status as TaskRun['status'],
    attempts: attemptedAt.length,
    attemptedAtMs: attemptedAt.map((at) => at - startedAt),
    input: inputText === null ? null : (frozenContext(inputText) as JsonObject),
    output: change.outputText === null ? null : (frozenContext(change.outputText) as JsonObject),
    ...failureFields(change.error),
    log: records,
  }
}
