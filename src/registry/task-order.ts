/**
 * Sorts the tasks of a workflow by their dependencies, or returns all errors. Pure. Called once per declaration, so
 * that the engine never gets a cycle or an unknown dependency.
 */

import type { TaskDefinition } from '../model/workflow.ts'

export type GraphProblem =
  | { readonly kind: 'unknownDependency'; readonly task: string; readonly dependency: string }
  /** Full names along the cycle; the first one is repeated at the end. */
  | { readonly kind: 'cycle'; readonly fullNames: readonly string[] }

export type OrderedGraph =
  | { readonly kind: 'ordered'; readonly tasks: readonly TaskDefinition[] }
  | { readonly kind: 'broken'; readonly problems: readonly GraphProblem[] }

/** Sorts tasks so that dependencies come first, and otherwise keeps the given order. */
export function orderTasks(tasks: readonly TaskDefinition[]): OrderedGraph {
  const byId = new Map(tasks.map((task) => [task.id, task]))
  const unknown = unknownDependencies(tasks, byId)
  if (unknown.length > 0) return { kind: 'broken', problems: unknown }
  if (isOrdered(tasks)) return { kind: 'ordered', tasks }

  const ordered = withoutCycles(tasks)
  if (ordered.length === tasks.length) return { kind: 'ordered', tasks: ordered }
  const placed = new Set(ordered.map((task) => task.id))
  const fullNames = someCycle(tasks.filter((task) => !placed.has(task.id)))
  return { kind: 'broken', problems: [{ kind: 'cycle', fullNames }] }
}

function unknownDependencies(
  tasks: readonly TaskDefinition[],
  byId: ReadonlyMap<string, TaskDefinition>,
): readonly GraphProblem[] {
  return tasks.flatMap((task) =>
    task.dependencies
      .filter((dependency) => !byId.has(dependency))
      .map((dependency): GraphProblem => ({ kind: 'unknownDependency', task: task.id, dependency })),
  )
}

function isOrdered(tasks: readonly TaskDefinition[]): boolean {
  const seen = new Set<string>()
  return tasks.every((task) => {
    const isInOrder = task.dependencies.every((dependency) => seen.has(dependency))
    seen.add(task.id)
    return isInOrder
  })
}

/** Kahn's algorithm. Omits tasks on a cycle, and tasks that depend on one. */
function withoutCycles(tasks: readonly TaskDefinition[]): readonly TaskDefinition[] {
  const missing = new Map(tasks.map((task) => [task.id, new Set(task.dependencies).size]))
  const dependents = new Map<string, TaskDefinition[]>()
  for (const task of tasks) {
    for (const dependency of new Set(task.dependencies)) {
      const known = dependents.get(dependency)
      if (known === undefined) dependents.set(dependency, [task])
      else known.push(task)
    }
  }

  const ordered = tasks.filter((task) => task.dependencies.length === 0)
  for (const task of ordered) {
    for (const dependent of dependents.get(task.id) ?? []) {
      const left = (missing.get(dependent.id) ?? 0) - 1
      missing.set(dependent.id, left)
      if (left === 0) ordered.push(dependent)
    }
  }
  return ordered
}

/** Follows dependencies until a task repeats. Every given task depends on a given one. */
function someCycle(tasks: readonly TaskDefinition[]): readonly string[] {
  const byId = new Map(tasks.map((task) => [task.id, task]))
  const path: TaskDefinition[] = []
  let task = tasks[0]
  while (task !== undefined) {
    const start = path.indexOf(task)
    if (start >= 0) return [...path.slice(start), task].map((step) => step.fullName)
    path.push(task)
    const next = task.dependencies.find((dependency) => byId.has(dependency))
    task = next === undefined ? undefined : byId.get(next)
  }
  return path.map((step) => step.fullName)
}
