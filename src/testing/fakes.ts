/** Replaces functions of a workflow by fakes. */

import { type DeclaredTask, type DeclaredWorkflow, WORKFLOW_KEY } from '../authoring/declared.ts'
import type { ModuleTask } from '../authoring/function-types.ts'
import { formatIssues, whenSettled } from '../authoring/schema-options.ts'
import type { InputSchema } from '../authoring/types/option-types.ts'
import { UsageError } from '../errors.ts'
import { didYouMean } from '../registry/nearest.ts'

type Run = ModuleTask['run']

/**
 * Returns the workflow with fakes; the rest of each task does not change. Throws `INVALID_ARGUMENT` for a fake of an
 * unknown task, and for a Python task without a fake.
 */
export function withFakes(
  workflow: DeclaredWorkflow,
  fakes: Readonly<Record<string, unknown>> = {},
): { readonly declared: DeclaredWorkflow } {
  const given = fakesOf(workflow, fakes)
  const tasks = workflow.tasks.map((task) => {
    const fake = given.get(task.id)
    if (fake !== undefined) return faked(task, fake)
    if (task.runs.kind !== 'python') return task
    const message =
      `Task "${task.id}" of workflow "${workflow.key}" is written in Python ("${task.runs.task}" in ` +
      `${task.runs.script}), so it cannot run in a TypeScript unit test. Pass a fake: tasks: { ${task.id}: … }.`
    throw new UsageError('INVALID_ARGUMENT', message, { workflow: workflow.key, task: task.id })
  })
  const value = { declared: Object.freeze({ ...workflow, tasks }) }
  Object.defineProperty(value, WORKFLOW_KEY, { value: 1 })
  return value
}

function fakesOf(workflow: DeclaredWorkflow, fakes: Readonly<Record<string, unknown>>): ReadonlyMap<string, Run> {
  const ids = workflow.tasks.map(({ id }) => id)
  const runs = new Map<string, Run>()
  for (const [id, fake] of Object.entries(fakes)) {
    if (fake === undefined) continue
    if (!ids.includes(id)) {
      const message = `Workflow "${workflow.key}" has no task "${id}", so its fake is never used.${didYouMean(id, ids)}`
      throw new UsageError('INVALID_ARGUMENT', message, { workflow: workflow.key, path: `tasks.${id}` })
    }
    runs.set(id, typeof fake === 'function' ? (fake as Run) : () => fake)
  }
  return runs
}

function faked(task: DeclaredTask, run: Run): DeclaredTask {
  const { runs } = task
  if (runs.kind === 'function') return Object.freeze({ ...task, runs: Object.freeze({ ...runs, run }) })
  const checked = runs.kind === 'wait' || runs.adds === null ? run : checkedFake(task.id, runs.adds, run)
  return Object.freeze({
    ...task,
    runs: Object.freeze({ kind: 'function' as const, run: checked, onSuccess: null, onFailure: null }),
  })
}

/** Checks the keys that a fake of a Python task adds: a test with impossible values is worthless. */
function checkedFake(id: string, adds: InputSchema, run: Run): Run {
  return (context, tools) => {
    const check = (returned: unknown) =>
      whenSettled(adds['~standard'].validate(returned ?? {}), ({ issues }) => {
        if (issues === undefined) return returned
        throw new TypeError(
          `the result of the fake of Python task "${id}" does not match its "adds" schema: ${formatIssues(issues)}`,
        )
      })
    const returned = run(context, tools)
    return returned instanceof Promise ? returned.then(check) : check(returned)
  }
}
