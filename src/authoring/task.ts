/** The declaration of one task: its arguments, checked, as data. Called by `workflow.ts`. */

import { UsageError } from '../errors.ts'
import { shownValue } from '../model/arguments.ts'
import type { SourcePlace, TriggerRule } from '../model/workflow.ts'
import { didYouMean } from '../registry/nearest.ts'
import type { DeclaredFunction, DeclaredPython, DeclaredTask } from './declared.ts'
import { nameOf, type Owner, optionalFunction, optionalLimit, optionsOf, refused } from './option-checks.ts'
import { RETRY_OPTIONS, retryOf } from './retry-options.ts'
import { ruleOf } from './rules.ts'
import { isSchema } from './schema.ts'
import type { InputSchema } from './types/options.ts'
import type { ModuleTask } from './types.ts'

const COMMON = ['after', 'timeout', 'when', ...RETRY_OPTIONS]
const OPTIONS = [...COMMON, 'onSuccess', 'onFailure', 'python']
const PYTHON = ['script', 'task', 'workflow', 'adds']
const ALWAYS: TriggerRule = { type: 'Always' }

type Given = Readonly<Record<string, unknown>>

/** The workflow to which a task is added: its name, and the tasks that it has. */
export interface TasksBefore {
  readonly workflow: string
  has(id: string): boolean
  ids(): readonly string[]
}

/** `rest`: options, a function, or both, as `task` was called. */
export function declaredTask(
  before: TasksBefore,
  id: unknown,
  rest: readonly unknown[],
  place: SourcePlace | null,
): DeclaredTask {
  const taskId = newId(before, id)
  const { workflow } = before
  const owner: Owner = { what: `task "${taskId}" of workflow "${workflow}"`, facts: { workflow, task: taskId } }
  const [options, run] = typeof rest[0] === 'function' && rest.length === 1 ? [undefined, rest[0]] : rest
  const given = optionsOf(owner, options, OPTIONS)
  return Object.freeze({
    id: taskId,
    dependencies: dependenciesOf(owner, before, given.after),
    retry: retryOf(owner, given),
    timeoutMs: optionalLimit(owner, given, 'timeout'),
    rule: whenOf(owner, given.when),
    place,
    runs: given.python === undefined ? functionOf(owner, given, run) : pythonOf(owner, given, run),
  })
}

function newId(before: TasksBefore, given: unknown): string {
  const { workflow } = before
  const id = nameOf(given, `The id of a task of workflow "${workflow}"`, { workflow, path: 'id' })
  if (!before.has(id)) return id
  const message = `Workflow "${workflow}" already has a task "${id}". Use another id.`
  throw new UsageError('INVALID_ARGUMENT', message, { workflow, path: 'id', task: id })
}

function dependenciesOf(owner: Owner, before: TasksBefore, after: unknown): readonly string[] {
  if (after === undefined) return []
  const ids = (Array.isArray(after) ? after : [after]).map((each: unknown) => {
    const id = idOf(owner, before.workflow, each)
    if (before.has(id)) return id
    const known = before.ids()
    const have = known.length === 0 ? ' This is the first task of the workflow.' : didYouMean(id, known)
    const message = `"after" of ${owner.what} names "${id}", but no task with this id has been added yet.${have}`
    throw new UsageError('INVALID_ARGUMENT', message, { ...owner.facts, path: 'after' })
  })
  return Object.freeze([...new Set(ids)])
}

function idOf(owner: Owner, workflow: string, ref: unknown): string {
  if (typeof ref === 'string') return ref
  if (typeof ref !== 'object' || ref === null || !('id' in ref) || typeof ref.id !== 'string') {
    throw refused(
      owner,
      'after',
      `the id of a task, a task value such as ${workflow}.tasks.NAME, or a list of these`,
      ref,
    )
  }
  const of: unknown = 'workflow' in ref ? ref.workflow : undefined
  if (of === workflow) return ref.id
  const message = `"after" of ${owner.what} contains ${typeof of === 'string' ? `a task of workflow "${of}"` : 'an object that is not a task'}. Use a task of the same workflow.`
  throw new UsageError('INVALID_ARGUMENT', message, { ...owner.facts, path: 'after' })
}

function whenOf(owner: Owner, when: unknown): TriggerRule {
  if (when === undefined) return ALWAYS
  const rule = ruleOf(when)
  if (rule !== null) return rule
  throw refused(owner, 'when', `a rule, such as succeeded('fetch') or always()`, when)
}

function functionOf(owner: Owner, given: Given, run: unknown): DeclaredFunction {
  if (typeof run !== 'function') {
    const message = `The function of ${owner.what} must be the last argument, but ${shownValue(run)} was given. For a task written in Python, use the option "python".`
    throw new UsageError('INVALID_ARGUMENT', message, { ...owner.facts, path: 'run' })
  }
  return Object.freeze({
    kind: 'function',
    run: run as ModuleTask['run'],
    onSuccess: optionalFunction(owner, given, 'onSuccess') as ModuleTask['onSuccess'],
    onFailure: optionalFunction(owner, given, 'onFailure') as ModuleTask['onFailure'],
  })
}

function pythonOf(owner: Owner, given: Given, run: unknown): DeclaredPython {
  const python = given.python
  const expected = `an object that locates the task, such as { script: 'score.py', task: 'score' }`
  if (typeof python !== 'object' || python === null) throw refused(owner, 'python', expected, python)
  for (const key of ['onSuccess', 'onFailure']) {
    if (given[key] === undefined) continue
    throw new UsageError(
      'INVALID_ARGUMENT',
      `${owner.what[0]?.toUpperCase()}${owner.what.slice(1)} must not set "${key}", because the task is written in Python. Declare its callbacks in the Python file.`,
      { ...owner.facts, path: key },
    )
  }
  if (run !== undefined) {
    const message = `${owner.what[0]?.toUpperCase()}${owner.what.slice(1)} has both a function and the option "python". Remove one of them.`
    throw new UsageError('INVALID_ARGUMENT', message, { ...owner.facts, path: 'python' })
  }
  const inside: Owner = { what: `"python" of ${owner.what}`, facts: owner.facts }
  const where = optionsOf(inside, python, PYTHON)
  return Object.freeze({
    kind: 'python',
    script: requiredText(inside, where, 'script'),
    task: requiredText(inside, where, 'task'),
    workflow: where.workflow === undefined ? null : requiredText(inside, where, 'workflow'),
    adds: addsOf(inside, where.adds),
  })
}

function addsOf(owner: Owner, adds: unknown): InputSchema | null {
  if (adds === undefined) return null
  if (isSchema(adds)) return adds
  throw refused(owner, 'adds', 'a schema that implements Standard Schema, for example of valibot, zod or arktype', adds)
}

function requiredText(owner: Owner, given: Given, key: string): string {
  const value = given[key]
  if (typeof value === 'string' && value !== '') return value
  throw refused(owner, key, 'a non-empty string', value)
}
