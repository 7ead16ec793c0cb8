/** A workflow with fakes in the place of its functions. */

import { type DeclaredTask, type DeclaredWorkflow, WORKFLOW } from '../authoring/declared.ts'
import { isWorkflow } from '../authoring/definition.ts'
import { settled, shownIssues } from '../authoring/schema.ts'
import type { InputSchema } from '../authoring/types/options.ts'
import type { ModuleTask } from '../authoring/types.ts'
import { UsageError } from '../errors.ts'
import { shownValue } from '../model/arguments.ts'
import { didYouMean } from '../registry/nearest.ts'

type Run = ModuleTask['run']

/** The declaration of a workflow value. Throws `INVALID_ARGUMENT`. */
export function declaredWorkflow(workflow: unknown): DeclaredWorkflow {
  if (isWorkflow(workflow)) return workflow.declared
  const message = `The argument of runWorkflow() must be a workflow, as workflow() and task() return it, but ${shownValue(workflow)} was given.`
  throw new UsageError('INVALID_ARGUMENT', message, { path: 'workflow' })
}

/**
 * The same workflow with these fakes. All else of the tasks stays: what they are after, rules, retries, limits and callbacks.
 * Throws `INVALID_ARGUMENT` for a fake of no task, and for a Python task without one.
 */
export function withFakes(workflow: DeclaredWorkflow, fakes: unknown): { readonly declared: DeclaredWorkflow } {
  const given = fakesOf(workflow, fakes)
  const tasks = workflow.tasks.map((task) => {
    const fake = given.get(task.id)
    if (fake !== undefined) return faked(task, fake)
    if (task.runs.kind === 'function') return task
    const message = `Task "${task.id}" of workflow "${workflow.key}" is written in Python ("${task.runs.task}" in ${task.runs.script}), so it cannot run in a TypeScript unit test. Pass a fake: tasks: { ${task.id}: … }.`
    throw new UsageError('INVALID_ARGUMENT', message, { workflow: workflow.key, task: task.id })
  })
  const value = { declared: Object.freeze({ ...workflow, tasks }) }
  Object.defineProperty(value, WORKFLOW, { value: 1 })
  return value
}

function fakesOf(workflow: DeclaredWorkflow, fakes: unknown): ReadonlyMap<string, Run> {
  if (fakes === undefined) return new Map()
  if (typeof fakes !== 'object' || fakes === null) {
    const message = `The option "tasks" of runWorkflow() must be an object that maps task ids to fakes, but ${shownValue(fakes)} was given.`
    throw new UsageError('INVALID_ARGUMENT', message, { path: 'tasks' })
  }
  const ids = workflow.tasks.map(({ id }) => id)
  const runs = new Map<string, Run>()
  for (const [id, fake] of Object.entries(fakes)) {
    if (fake === undefined) continue
    if (!ids.includes(id)) {
      const message = `Workflow "${workflow.key}" has no task "${id}", so its fake is never used.${didYouMean(id, ids)}`
      throw new UsageError('INVALID_ARGUMENT', message, { workflow: workflow.key, path: `tasks.${id}` })
    }
    runs.set(id, runOf(workflow, id, fake))
  }
  return runs
}

function runOf(workflow: DeclaredWorkflow, id: string, fake: unknown): Run {
  if (typeof fake === 'function') return fake as Run
  if (typeof fake === 'object' && fake !== null) return () => fake
  const message = `The fake of task "${id}" of workflow "${workflow.key}" must be a function, or the object that the task returns, but ${shownValue(fake)} was given.`
  throw new UsageError('INVALID_ARGUMENT', message, { workflow: workflow.key, path: `tasks.${id}` })
}

function faked(task: DeclaredTask, run: Run): DeclaredTask {
  const { runs } = task
  if (runs.kind === 'function') return Object.freeze({ ...task, runs: Object.freeze({ ...runs, run }) })
  const checked = runs.adds === null ? run : checkedFake(task.id, runs.adds, run)
  return Object.freeze({
    ...task,
    runs: Object.freeze({ kind: 'function' as const, run: checked, onSuccess: null, onFailure: null }),
  })
}

/** A fake of a Python task that says what it sets: what it could not set makes a test worthless. */
function checkedFake(id: string, adds: InputSchema, run: Run): Run {
  return (context, tools) => {
    const check = (returned: unknown) =>
      settled(adds['~standard'].validate(returned ?? {}), ({ issues }) => {
        if (issues === undefined) return returned
        throw new TypeError(
          `the result of the fake of Python task "${id}" does not match its "adds" schema: ${shownIssues(issues)}`,
        )
      })
    const returned = run(context, tools)
    return returned instanceof Promise ? returned.then(check) : check(returned)
  }
}
