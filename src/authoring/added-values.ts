/**
 * Checks the values that Python tasks add against the schemas of their workflow. The first TypeScript tasks after them
 * run the checks, because their types contain the values.
 */

import type { JsonObject } from '../model/context.ts'
import type { TriggerRule } from '../model/workflow.ts'
import type { DeclaredFunction, DeclaredTask, DeclaredWorkflow } from './declared.ts'
import type { ModuleTask } from './function-types.ts'
import { formatIssues, whenSettled } from './schema-options.ts'
import type { InputSchema } from './types/option-types.ts'

interface Added {
  readonly task: string
  readonly schema: InputSchema
}

/** Returns the TypeScript tasks of a workflow, which first check the additions of Python tasks before them. */
export function checkedTasks(workflow: DeclaredWorkflow): ReadonlyMap<string, ModuleTask> {
  const hasPython = workflow.tasks.some((task) => task.runs.kind === 'python')
  const byId: TasksById = new Map(hasPython ? workflow.tasks.map((task) => [task.id, task]) : [])
  return new Map(
    workflow.tasks.flatMap((task): readonly (readonly [string, ModuleTask])[] =>
      task.runs.kind === 'function' ? [[task.id, checkedTask(workflow.key, byId, task, task.runs)]] : [],
    ),
  )
}

type TasksById = ReadonlyMap<string, DeclaredTask>

function checkedTask(workflow: string, byId: TasksById, task: DeclaredTask, functions: DeclaredFunction): ModuleTask {
  const { run, onSuccess, onFailure } = functions
  const added = addedBefore(byId, task)
  if (added.length === 0) return functions
  const what = `Task "${task.id}" of workflow "${workflow}"`
  return Object.freeze({
    onSuccess,
    onFailure,
    run: (context: JsonObject, tools) => {
      const checks = added.map((each) =>
        whenSettled(each.schema['~standard'].validate(context), ({ issues }) => {
          if (issues === undefined) return
          throw new TypeError(
            `${what} was not called, because the Python task "${each.task}" failed or set values that do not match ` +
              `the schema in its option "adds": ${formatIssues(issues)}.`,
          )
        }),
      )
      const waiting = checks.filter((check) => check instanceof Promise)
      return waiting.length === 0 ? run(context, tools) : Promise.all(waiting).then(() => run(context, tools))
    },
  } satisfies ModuleTask)
}

/**
 * Returns the Python tasks whose additions arrive here without a check by a TypeScript task. Excludes tasks that may
 * have added nothing, as the rule of the task says: it runs if they failed, or in any case.
 */
function addedBefore(byId: TasksById, task: DeclaredTask): readonly Added[] {
  const added = new Map<string, Added>()
  const waiting = task.dependencies.filter((id) => !mayHaveEndedOtherwise(task.rule, id))
  for (let id = waiting.pop(); id !== undefined; id = waiting.pop()) {
    const before = byId.get(id)
    if (before === undefined || before.runs.kind !== 'python' || added.has(id)) continue
    waiting.push(...before.dependencies)
    const { adds } = before.runs
    if (adds !== null) added.set(id, { task: id, schema: adds })
  }
  return [...added.values()]
}

/** Whether a rule accepts another end of a task than completion. */
function mayHaveEndedOtherwise(rule: TriggerRule, id: string): boolean {
  const conditions = rule.type === 'All' ? rule.conditions : [rule]
  return conditions.some((each) => each.type !== 'TaskSuccess' && speaksOf(each, id))
}

function speaksOf(rule: TriggerRule, id: string): boolean {
  if ('conditions' in rule) return rule.conditions.some((each) => speaksOf(each, id))
  return 'taskName' in rule && (rule.taskName === id || rule.taskName.endsWith(`::${id}`))
}
