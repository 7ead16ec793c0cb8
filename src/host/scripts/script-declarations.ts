/**
 * Decodes Python's declarations once, at the border. All later code gets typed and complete values. A wrong value is a
 * defect of our Python code, so the error contains its path (script, registration, field).
 */

import * as v from 'valibot'
import { InternalError } from '../../errors.ts'
import { EMPTY_CONTEXT, type JsonObject } from '../../model/context.ts'
import type { Declarations } from '../../model/declarations.ts'
import type { LimitDefinition } from '../../model/limits/limits.ts'
import type { TriggerDefinition } from '../../model/trigger.ts'
import type { SourcePlace, TaskDefinition, TriggerRule, WorkflowDefinition } from '../../model/workflow.ts'
import { OVERFLOWS } from '../../model/workflow.ts'
import { GraphAssembly, graphSchema, reactorSchema, sourceSchema } from './graph-declarations.ts'

export interface ScriptDeclarations extends Declarations {
  /** Numbers of triggers in poll requests. */
  readonly pollNumbers: ReadonlyMap<string, number>
}

/** Function of a trigger or task that cannot be called with the arguments that are passed to it. */
export interface BadParameters {
  readonly kind: 'unfilledParameter' | 'cronTakesState' | 'withoutContext'
  readonly message: string
  readonly place: SourcePlace | null
}

const place = { file: v.nullable(v.string()), line: v.nullable(v.number()) }

const triggerSchema = v.object({
  kind: v.literal('trigger'),
  name: v.string(),
  pollNumber: v.number(),
  workflow: v.string(),
  timing: v.variant('kind', [
    v.object({ kind: v.literal('poll'), intervalMs: v.number() }),
    v.object({
      kind: v.literal('cron'),
      expression: v.string(),
      timezone: v.string(),
      catchup: v.picklist(['skip', 'all', 'none']),
    }),
  ]),
  allowConcurrent: v.boolean(),
  policy: v.object({
    timeoutMs: v.nullable(v.number()),
    jitterMs: v.nullable(v.number()),
    maxActive: v.nullable(v.number()),
    pauseAfter: v.nullable(v.number()),
    onChange: v.boolean(),
    expectFireMs: v.nullable(v.number()),
    keyTtlMs: v.nullable(v.union([v.number(), v.literal('never')])),
  }),
  priority: v.nullable(v.number()),
  takesState: v.boolean(),
  unfilled: v.array(v.string()),
  function: v.string(),
  tags: v.nullable(v.record(v.string(), v.string())),
  description: v.string(),
  ...place,
})

const ruleSchema: v.GenericSchema<TriggerRule> = v.variant('type', [
  v.object({ type: v.literal('Always') }),
  v.object({ type: v.picklist(['TaskSuccess', 'TaskFailed', 'TaskSkipped']), taskName: v.string() }),
  v.object({
    type: v.literal('ContextValue'),
    key: v.string(),
    operator: v.picklist([
      'Equals',
      'NotEquals',
      'GreaterThan',
      'LessThan',
      'Contains',
      'NotContains',
      'Exists',
      'NotExists',
    ]),
    valueText: v.string(),
  }),
  v.object({ type: v.picklist(['All', 'Any', 'None']), conditions: v.array(v.lazy(() => ruleSchema)) }),
])

const retrySchema = v.object({
  maxAttempts: v.number(),
  backoff: v.variant('kind', [
    v.object({ kind: v.literal('fixed') }),
    v.object({ kind: v.literal('linear'), multiplier: v.number() }),
    v.object({ kind: v.literal('exponential'), base: v.number(), multiplier: v.number() }),
  ]),
  initialDelayMs: v.number(),
  maxDelayMs: v.number(),
  jitter: v.boolean(),
  condition: v.variant('kind', [
    v.object({ kind: v.picklist(['never', 'transient', 'all']) }),
    v.object({ kind: v.literal('pattern'), patterns: v.array(v.string()) }),
  ]),
})

const timeLimit = { timeoutMs: v.nullable(v.number()), onTimeout: v.picklist(['fail', 'skip', 'continue']) }

const waitSchema = v.variant('kind', [
  v.object({
    kind: v.literal('delay'),
    end: v.variant('kind', [
      v.object({ kind: v.literal('after'), ms: v.number() }),
      v.object({ kind: v.literal('until'), time: v.object({ time: v.string(), timezone: v.string() }) }),
    ]),
  }),
  v.object({ kind: v.literal('signal'), signal: v.string(), key: v.string(), ...timeLimit }),
  v.object({
    kind: v.literal('approval'),
    title: v.string(),
    form: v.nullable(v.custom<JsonObject>((form) => typeof form === 'object' && form !== null)),
    ...timeLimit,
  }),
])

const taskSchema = v.object({
  id: v.string(),
  function: v.string(),
  takesContext: v.boolean(),
  unfilled: v.array(v.string()),
  fullName: v.string(),
  dependencies: v.array(v.string()),
  retry: retrySchema,
  timeoutMs: v.nullable(v.number()),
  deadlineMs: v.nullable(v.number()),
  rule: ruleSchema,
  hasOwnRule: v.boolean(),
  wait: v.nullable(waitSchema),
  limits: v.array(v.string()),
  invokes: v.nullable(v.string()),
  ...place,
})

const workflowSchema = v.object({
  kind: v.literal('workflow'),
  key: v.string(),
  title: v.string(),
  description: v.string(),
  tags: v.record(v.string(), v.string()),
  deadlineMs: v.nullable(v.number()),
  doneBy: v.nullable(v.object({ time: v.string(), timezone: v.string() })),
  limit: v.nullable(v.object({ maxActive: v.number(), per: v.nullable(v.string()), overflow: v.picklist(OVERFLOWS) })),
  priority: v.nullable(v.number()),
  tenant: v.string(),
  package: v.string(),
  version: v.string(),
  tasks: v.array(taskSchema),
  ...place,
})

const limitSchema = v.object({
  kind: v.literal('limit'),
  name: v.string(),
  maxActive: v.nullable(v.number()),
  rate: v.nullable(v.object({ count: v.number(), windowMs: v.number() })),
  per: v.nullable(v.string()),
  ...place,
})

const faultSchema = v.object({
  type: v.string(),
  message: v.string(),
  traceback: v.string(),
  place: v.nullable(v.object({ file: v.string(), line: v.number() })),
})
const placeSchema = v.object({ file: v.string(), line: v.number() })
const twinSchema = v.object({
  kind: v.picklist(['trigger', 'workflow', 'task', 'source', 'reactor', 'graph']),
  name: v.string(),
  earlier: placeSchema,
  place: placeSchema,
})
const requirementsSchema = v.object({ file: v.string(), unmet: v.array(v.string()) })
const declarationSchema = v.variant('kind', [
  triggerSchema,
  workflowSchema,
  limitSchema,
  sourceSchema,
  reactorSchema,
  graphSchema,
])
const loadResultSchema = v.object({
  declarations: v.array(declarationSchema),
  files: v.array(v.string()),
  fault: v.nullable(faultSchema),
  twins: v.array(twinSchema),
  requirements: v.nullable(requirementsSchema),
})

export type UnmetRequirements = v.InferOutput<typeof requirementsSchema>
export type LoadFault = v.InferOutput<typeof faultSchema>

export function decodeDeclarations(script: string, json: string): ScriptDeclarations {
  return assemble(script, decode(v.array(declarationSchema), script, json))
}

/** Name that a script declares in two places. The later one applies. */
export type Twin = v.InferOutput<typeof twinSchema>

/** Returns the message for a name that is declared twice. */
export function twinText({ kind, name, earlier, place }: Twin): string {
  const where = earlier.file === place.file ? `line ${earlier.line}` : `"${earlier.file}", line ${earlier.line}`
  const noun = `${kind.charAt(0).toUpperCase()}${kind.slice(1)}`
  return `${noun} "${name}" is already declared in ${where}, and this one replaces it. Rename one of them.`
}

export interface LoadResult extends ScriptDeclarations {
  readonly files: readonly string[]
  readonly fault: LoadFault | null
  readonly twins: readonly Twin[]
  /**
   * Triggers and tasks whose function requires parameters that are never passed, tasks without a parameter for the
   * context, and cron triggers that take a state.
   */
  readonly badParameters: readonly BadParameters[]
  /** Requirements file beside the script, with the requirements that are not installed. */
  readonly requirements: UnmetRequirements | null
}

export function decodeLoadResult(script: string, json: string): LoadResult {
  const { declarations, ...rest } = decode(loadResultSchema, script, json)
  return { ...assemble(script, declarations), badParameters: declarations.flatMap(badParameters), ...rest }
}

function decode<Output>(schema: v.GenericSchema<unknown, Output>, script: string, json: string): Output {
  const result = v.safeParse(schema, JSON.parse(json))
  if (result.success) return result.output
  const [issue] = result.issues
  const path = `${script}: ${v.getDotPath(issue) ?? 'declarations'}`
  throw new InternalError(`Cannot decode a declaration that Python sent (${path}): ${issue.message}.`, {
    script,
    path,
  })
}

function assemble(
  script: string,
  declarations: readonly v.InferOutput<typeof declarationSchema>[],
): ScriptDeclarations {
  const triggers: TriggerDefinition[] = []
  const workflows: WorkflowDefinition[] = []
  const limits: LimitDefinition[] = []
  const pollNumbers = new Map<string, number>()
  const graphs = new GraphAssembly(script)
  for (const declaration of declarations) {
    if (declaration.kind === 'trigger') {
      triggers.push(triggerOf(script, declaration))
      pollNumbers.set(declaration.name, declaration.pollNumber)
    } else if (declaration.kind === 'workflow') {
      workflows.push(workflowOf(script, declaration))
    } else if (declaration.kind === 'limit') {
      const { kind: _, file, line, ...rest } = declaration
      limits.push({ ...rest, script, place: placeOf(file, line) })
    } else graphs.add(declaration)
  }
  return { triggers, workflows, ...(limits.length > 0 && { limits }), pollNumbers, graphs: graphs.declarations }
}

function triggerOf(script: string, declaration: v.InferOutput<typeof triggerSchema>): TriggerDefinition {
  const { kind: _, pollNumber: __, unfilled: ___, function: ____, ...known } = declaration
  const { file, line, tags, priority, takesState, ...rest } = known
  return {
    ...rest,
    ...(takesState && rest.timing.kind === 'poll' && { initialStateText: EMPTY_CONTEXT }),
    ...(tags !== null && { tags }),
    ...(priority !== null && { priority }),
    script,
    place: placeOf(file, line),
  }
}

function workflowOf(script: string, declaration: v.InferOutput<typeof workflowSchema>): WorkflowDefinition {
  const { kind: _, file, line, tasks, deadlineMs, doneBy, limit, priority, ...rest } = declaration
  return {
    ...rest,
    ...(deadlineMs !== null && { deadlineMs }),
    ...(doneBy !== null && { doneBy }),
    ...(limit !== null && { limit }),
    ...(priority !== null && { priority }),
    tasks: tasks.map(taskOf),
    script,
    place: placeOf(file, line),
  }
}

function taskOf(declaration: v.InferOutput<typeof taskSchema>): TaskDefinition {
  const { file, line, invokes, deadlineMs, hasOwnRule, wait, limits, ...known } = declaration
  const { function: _, takesContext: __, unfilled: ___, ...rest } = known
  return {
    ...rest,
    ...(hasOwnRule && { hasOwnRule }),
    ...(wait !== null && { wait }),
    ...(limits.length > 0 && { limits }),
    ...(deadlineMs !== null && { deadlineMs }),
    ...(invokes !== null && { invokes }),
    place: placeOf(file, line),
  }
}

function badParameters(declaration: v.InferOutput<typeof declarationSchema>): readonly BadParameters[] {
  if (declaration.kind === 'workflow')
    return declaration.tasks.flatMap((task) => badTaskParameters(task, declaration.key))
  if (declaration.kind !== 'trigger') return []
  const { name, timing, takesState, unfilled, function: called, file, line } = declaration
  const place = placeOf(file, line)
  if (timing.kind === 'cron') {
    if (!takesState) return []
    const message =
      `Trigger "${name}" has a cron schedule, so its function ${called}() is never called and cannot take a state. ` +
      'Remove the parameter "state", or use a poll interval instead of "cron".'
    return [{ kind: 'cronTakesState', message, place }]
  }
  if (unfilled.length === 0) return []
  const names = unfilled.map((each) => `"${each}"`).join(', ')
  const message =
    `Trigger "${name}" cannot be polled: its function ${called}() requires ${names}, but a poll passes only the ` +
    'parameter "state". Give each other parameter a default value, or remove it.'
  return [{ kind: 'unfilledParameter', message, place }]
}

function badTaskParameters(
  { id, function: called, takesContext, unfilled, file, line }: v.InferOutput<typeof taskSchema>,
  workflow: string,
): readonly BadParameters[] {
  const place = placeOf(file, line)
  const cannot = `Task "${id}" of workflow "${workflow}" cannot run: its function ${called}()`
  if (!takesContext) {
    const message = `${cannot} has no parameter for the context. Add one, as in ${called}(context).`
    return [{ kind: 'withoutContext', message, place }]
  }
  if (unfilled.length === 0) return []
  const names = unfilled.map((each) => `"${each}"`).join(', ')
  const message =
    `${cannot} requires ${names}, but an attempt passes only the context and the parameter "handle". ` +
    'Give each other parameter a default value, or remove it.'
  return [{ kind: 'unfilledParameter', message, place }]
}

function placeOf(file: string | null, line: number | null) {
  return file === null ? null : { file, line: line ?? 0 }
}
