/** Converts the arguments of `task` to checked data. Called by `workflow-function.ts`. */

import * as v from 'valibot'
import { UsageError } from '../errors.ts'
import { formatValue } from '../model/arguments.ts'
import type { SourcePlace, TriggerRule } from '../model/workflow.ts'
import { type OptionSchema, type Owner, parseOptions } from '../options/checked.ts'
import { durationAtLeast, NAME, NON_EMPTY_TEXT, optionsSchema } from '../options/schemas.ts'
import { didYouMean } from '../registry/nearest.ts'
import type { DeclaredFunction, DeclaredPython, DeclaredTask } from './declared.ts'
import type { ModuleTask } from './function-types.ts'
import { declaredLimits, LIMITS_OPTION } from './limit-function.ts'
import { RETRY_OPTIONS, toRetryPolicy } from './retry-options.ts'
import { A_RULE, isRule, type Rule, toTriggerRule } from './rule-builders.ts'
import { SCHEMA_OPTION } from './schema-options.ts'
import type { PythonTask } from './types/option-types.ts'

const TASK_REF = v.union([
  v.string(),
  v.custom<{ readonly id: string; readonly workflow?: unknown }>(
    (ref) => typeof ref === 'object' && ref !== null && 'id' in ref && typeof ref.id === 'string',
  ),
])
/** Option `after` of tasks and nodes. */
export const AFTER_OPTION = v.union(
  [TASK_REF, v.array(TASK_REF)],
  'the id of a task, a task value such as orders.tasks.fetch, or a list of these',
)
const OPTIONS = optionsSchema({
  after: AFTER_OPTION,
  timeout: durationAtLeast(1),
  deadline: durationAtLeast(1),
  when: v.custom<Rule>(isRule, A_RULE),
  limits: LIMITS_OPTION,
  ...RETRY_OPTIONS,
  onSuccess: v.function(),
  onFailure: v.function(),
  python: v.strictObject(
    {
      script: NON_EMPTY_TEXT,
      task: NON_EMPTY_TEXT,
      workflow: v.optional(NON_EMPTY_TEXT),
      adds: v.optional(SCHEMA_OPTION),
    } satisfies Record<keyof PythonTask, OptionSchema>,
    `an object that locates the task, such as { script: 'score.py', task: 'score' }`,
  ),
})
type CheckedOptions = v.InferOutput<typeof OPTIONS>
const ALWAYS: TriggerRule = { type: 'Always' }

/** Name and existing tasks of the workflow of a new task. */
export interface PrecedingTasks {
  readonly workflow: string
  has(id: string): boolean
  ids(): readonly string[]
}

/** `rest`: the options, the function, or both. */
export function declaredTask(
  before: PrecedingTasks,
  id: unknown,
  rest: readonly unknown[],
  place: SourcePlace | null,
): DeclaredTask {
  const taskId = newId(before, id)
  const { workflow } = before
  const owner: Owner = { what: `task "${taskId}" of workflow "${workflow}"`, facts: { workflow, task: taskId } }
  const [options, run] = typeof rest[0] === 'function' && rest.length === 1 ? [undefined, rest[0]] : rest
  const given = parseOptions(OPTIONS, options, '', owner)
  return Object.freeze({
    id: taskId,
    dependencies: checkedDependencies(owner, before, given.after),
    retry: toRetryPolicy(owner, given),
    timeoutMs: given.timeout ?? null,
    ...(given.deadline !== undefined && { deadlineMs: given.deadline }),
    ...ruleFrom(given.when),
    limits: declaredLimits(given.limits ?? []),
    place,
    runs: given.python === undefined ? functionOf(owner, given, run) : pythonOf(owner, given.python, given, run),
  })
}

/** Returns the rule of the option `when`, and whether it was given. */
export function ruleFrom(when: Rule | undefined): Pick<DeclaredTask, 'rule' | 'hasOwnRule'> {
  return { rule: when === undefined ? ALWAYS : toTriggerRule(when), hasOwnRule: when !== undefined }
}

export function newId(before: PrecedingTasks, given: unknown): string {
  const { workflow } = before
  const id = parseOptions(NAME, given, 'id', { what: `a task of workflow "${workflow}"`, facts: { workflow } })
  if (!before.has(id)) return id
  const message = `Workflow "${workflow}" already has a task "${id}". Use another id.`
  throw new UsageError('INVALID_ARGUMENT', message, { workflow, path: 'id', task: id })
}

export function checkedDependencies(
  owner: Owner,
  before: PrecedingTasks,
  after: CheckedOptions['after'] = [],
): readonly string[] {
  const ids = (Array.isArray(after) ? after : [after]).map((each) => {
    const id = idOf(owner, before.workflow, each)
    if (before.has(id)) return id
    const known = before.ids()
    const have = known.length === 0 ? ' This is the first task of the workflow.' : didYouMean(id, known)
    const message = `"after" of ${owner.what} names "${id}", but no task with this id has been added yet.${have}`
    throw new UsageError('INVALID_ARGUMENT', message, { ...owner.facts, path: 'after' })
  })
  return Object.freeze([...new Set(ids)])
}

function idOf(owner: Owner, workflow: string, ref: v.InferOutput<typeof TASK_REF>): string {
  if (typeof ref === 'string') return ref
  const of = ref.workflow
  if (of === workflow) return ref.id
  const message =
    `"after" of ${owner.what} contains ` +
    `${typeof of === 'string' ? `a task of workflow "${of}"` : 'an object that is not a task'}. Use a task of the ` +
    `same workflow.`
  throw new UsageError('INVALID_ARGUMENT', message, { ...owner.facts, path: 'after' })
}

function functionOf(owner: Owner, given: CheckedOptions, run: unknown): DeclaredFunction {
  if (typeof run !== 'function') {
    const message =
      `The function of ${owner.what} must be the last argument, but ${formatValue(run)} was given. ` +
      `For a task written in Python, use the option "python".`
    throw new UsageError('INVALID_ARGUMENT', message, { ...owner.facts, path: 'run' })
  }
  return Object.freeze({
    kind: 'function',
    run: run as ModuleTask['run'],
    onSuccess: (given.onSuccess ?? null) as ModuleTask['onSuccess'],
    onFailure: (given.onFailure ?? null) as ModuleTask['onFailure'],
  })
}

function pythonOf(owner: Owner, python: PythonTask, given: CheckedOptions, run: unknown): DeclaredPython {
  const { workflow: of, task: id } = owner.facts ?? {}
  const refuse = (path: string, why: string) =>
    new UsageError('INVALID_ARGUMENT', `Task "${id}" of workflow "${of}" ${why}`, { ...owner.facts, path })
  for (const key of ['onSuccess', 'onFailure'] as const) {
    if (given[key] === undefined) continue
    const remedy = 'Declare its callbacks in the Python file.'
    throw refuse(key, `must not set "${key}", because the task is written in Python. ${remedy}`)
  }
  if (run !== undefined) throw refuse('python', 'has both a function and the option "python". Remove one of them.')
  const { script, task, workflow = null, adds = null } = python
  return Object.freeze({ kind: 'python', script, task, workflow, adds })
}
