/** `runWorkflow`: runs a workflow to its end, in the process of the test. */

import * as v from 'valibot'
import { isWorkflow, moduleDeclarations } from '../authoring/definition.ts'
import type { AnyWorkflow, InputOf } from '../authoring/types/workflow-types.ts'
import { InternalError, UsageError } from '../errors.ts'
import { frozenContext } from '../functions/context-values.ts'
import { FunctionHost } from '../functions/function-host.ts'
import { type ContextText, type JsonObject, parseContext, toContextText } from '../model/context.ts'
import type { WorkflowDefinition } from '../model/workflow.ts'
import { type OptionSchema, type Owner, parseOptions } from '../options/checked.ts'
import { durationAtLeast, isTable, optionsSchema, tableSchema } from '../options/schemas.ts'
import { type SecretProvider, secretFields } from '../secrets/provider.ts'
import { takenClock } from './fake-clock.ts'
import { withFakes } from './fakes.ts'
import { EVENT_OPTIONS, GivenEvents } from './given-events.ts'
import { testPrinter } from './output.ts'
import type { RunChild } from './test-memory.ts'
import type { RunWorkflowOptions } from './test-options.ts'
import { failureFields, type TaskRun, type WorkflowRun } from './test-results.ts'
import { type RunEnd, type TaskEnd, TestRun } from './test-run.ts'

/** Script of functions in a test. */
export const TEST_SCRIPT = 'test'

const DEFAULT_LIMIT_MS = 300_000
const WORKFLOW = v.custom<AnyWorkflow>(isWorkflow, 'a workflow, as workflow() and task() return it')
const FAKE = v.custom<object>(
  (fake) => typeof fake === 'function' || (typeof fake === 'object' && fake !== null),
  'a function, or the object that the task returns',
)
const SECRETS = v.custom<NonNullable<RunWorkflowOptions<never>['secrets']>>(
  (secrets) => typeof secrets === 'function' || areSecrets(secrets),
  "a function, or an object that maps each name to an object of strings, such as { db: { password: '…' } }",
)
const OPTIONS = optionsSchema({
  tasks: tableSchema(v.optional(FAKE), 'an object that maps task ids to fakes'),
  clock: v.unknown(),
  secrets: SECRETS,
  taskTimeout: durationAtLeast(1),
  children: v.array(WORKFLOW),
  ...EVENT_OPTIONS,
} satisfies Record<keyof RunWorkflowOptions<never>, OptionSchema>)
const OWNER: Owner = { what: 'runWorkflow()' }

/**
 * Runs a workflow to its end in the process of the test, without an engine or a database. Inputs of tasks, conditions,
 * retries, time limits and callbacks work as in the engine. The `FakeClock` jumps to the next attempt or the next call
 * of a `deferUntil` condition whenever no function is running. A delay with jitter has its average length.
 *
 * Nodes such as `delay` end on the clock too. The signals and approvals of the test are given when their nodes open. A
 * timeout passes if the test gives none.
 *
 * Limits and priorities delay no task, but the values of `per` are checked as in the engine. After `TryLater` the clock
 * moves by the delay, and the task begins again, at most 100 times. These attempts are not in the result.
 *
 * @param workflow Workflow to run.
 * @param input Initial context, checked by the workflow's `input`.
 * @param options Fakes for tasks, clock, secrets, signals and approvals.
 * @returns Result of the run and of each task. A failed task is a result, not an error.
 * @throws `UsageError`: `INVALID_CONTEXT` for an invalid input, also for the limit of the workflow; `INVALID_ARGUMENT`
 *   for a fake of an unknown task, a Python task without a fake, a node without a timeout that waits for an event that
 *   the test does not give, and other invalid arguments.
 * @example
 * const run = await runWorkflow(orders, { order_id: 7 }, { tasks: { fetch: async () => ({ lines: [] }) } })
 * assert.equal(run.status, 'Completed')
 */
export async function runWorkflow<Flow extends AnyWorkflow>(
  workflow: Flow,
  input: InputOf<Flow>,
  options: RunWorkflowOptions<Flow> = {},
): Promise<WorkflowRun<Flow>> {
  const { declared } = parseOptions(WORKFLOW, workflow, 'workflow', OWNER)
  const given = parseOptions(OPTIONS, options, '', { ...OWNER, facts: { workflow: declared.key } })
  const children = (given.children ?? []).map((child) => withFakes(child.declared))
  const { declarations, functions } = moduleDeclarations([withFakes(declared, given.tasks), ...children], TEST_SCRIPT)
  const definition = declarations.workflows[0]
  if (definition === undefined) throw new InternalError('runWorkflow() found no definition of the workflow.')
  const events = await GivenEvents.of(given, definition)
  const secrets = secretsOf(given.secrets)
  const clock = takenClock(given.clock, 'runWorkflow()')
  clock.isTaken = true
  const host = testHost(clock, secrets)
  try {
    host.use(TEST_SCRIPT, functions)
    const limits = new Map(declarations.limits?.map((limit) => [limit.name, limit]))
    const limitMs = given.taskTimeout ?? DEFAULT_LIMIT_MS
    const start = async (tested: WorkflowDefinition, whole: ContextText): Promise<RunEnd> => {
      const check = functions.inputs.get(tested.key)
      const inputText = check === undefined ? whole : toContextText(await check(parseContext(whole)))
      return await new TestRun({ host, clock, definition: tested, limits, inputText, limitMs, events, runChild }).run()
    }
    const runChild: RunChild = async ({ workflow: key, inputText }) =>
      childOf(await start(childDefinition(declarations.workflows, key), inputText))
    return resultOf(await start(definition, toContextText(input as JsonObject))) as unknown as WorkflowRun<Flow>
  } finally {
    clock.isTaken = false
    host.close()
  }
}

/** Returns the host of a run or poll. The caller must close it. */
export function testHost(clock: ReturnType<typeof takenClock>, secrets: SecretProvider | null): FunctionHost {
  const printer = testPrinter()
  return new FunctionHost({
    ...{ clock, printer, secrets },
    logLimits: { attemptBytes: Number.POSITIVE_INFINITY, pollBytes: Number.POSITIVE_INFINITY },
    notice: (message) => printer.print(0, {}, 'stderr', `[cloaca] ${message}\n`),
  })
}

function childDefinition(workflows: readonly WorkflowDefinition[], key: string): WorkflowDefinition {
  const found = workflows.find((each) => each.key === key)
  if (found !== undefined) return found
  const message = `Workflow "${key}" cannot run as a child. Pass it to runWorkflow(…, { children: [${key}] }).`
  throw new UsageError('WORKFLOW_NOT_FOUND', message, { workflow: key })
}

function childOf({ end, startedAt }: RunEnd): Awaited<ReturnType<RunChild>> {
  const { status, errorMessage, endedAt, finalText } = end
  return { status, errorMessage, startedAt, endedAt, contextText: finalText }
}

function secretsOf(secrets: RunWorkflowOptions<never>['secrets']): SecretProvider | null {
  if (secrets === undefined) return null
  if (typeof secrets === 'function') return secrets
  return (name) => (Object.hasOwn(secrets, name) ? (secrets[name] ?? null) : null)
}

function areSecrets(value: unknown): boolean {
  return isTable(value) && Object.values(value).every((fields) => secretFields(fields) !== null)
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
