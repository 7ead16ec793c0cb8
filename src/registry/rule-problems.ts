/**
 * What is wrong with the rules of a workflow's tasks, beyond what Python checks when they are declared: names that mean
 * nothing, comparisons that are never true, and tasks that never run, however the others end. Pure; asked by `cloaca check`.
 */

import type { TaskDefinition, TriggerRule, WorkflowDefinition } from '../model/workflow.ts'
import { didYouMean } from './nearest.ts'
import type { RegistryProblem } from './registry.ts'

type Ending = 'Completed' | 'Failed' | 'Skipped'

/** What the conditions of a rule may come to in one case. */
interface Case {
  readonly endings: ReadonlyMap<string, Ending>
  readonly contextValues: ReadonlyMap<string, boolean>
}

/** Beyond so many cases a rule is taken to be satisfiable. */
const MOST_CASES = 20_000

/** `workflow`: ordered, so that dependencies come first, and without circles. */
export function ruleProblems(workflow: WorkflowDefinition): readonly RegistryProblem[] {
  const byName = new Map(workflow.tasks.flatMap((task) => [[task.id, task] as const, [task.fullName, task] as const]))
  const endings = new Map<string, readonly Ending[]>()
  const problems: RegistryProblem[] = []
  for (const task of workflow.tasks) {
    const wrong = conditionProblems(task, workflow, byName)
    problems.push(...wrong.map((message) => problem('badRule', message, task, workflow)))
    // A task of which a condition means nothing is taken for one that may end in any way: one mistake, one line.
    const { canRun, canSkip } = wrong.length > 0 ? { canRun: true, canSkip: true } : waysOf(task.rule, byName, endings)
    endings.set(task.id, [
      ...(canRun ? (['Completed', 'Failed'] as const) : []),
      ...(canSkip ? (['Skipped'] as const) : []),
    ])
    if (canRun) continue
    const message =
      `Task "${task.id}" of workflow "${workflow.key}" never runs: its rule is false for every possible ` +
      'result of the other tasks.'
    problems.push(problem('unreachableTask', message, task, workflow))
  }
  return problems
}

function problem(
  kind: 'badRule' | 'unreachableTask',
  message: string,
  task: TaskDefinition,
  workflow: WorkflowDefinition,
): RegistryProblem {
  const { script, key } = workflow
  return { kind, message, script, workflow: key, task: task.id, place: task.place ?? workflow.place }
}

function conditionProblems(
  task: TaskDefinition,
  workflow: WorkflowDefinition,
  byName: ReadonlyMap<string, TaskDefinition>,
): readonly string[] {
  const who = `The rule of task "${task.id}" of workflow "${workflow.key}"`
  return conditionsOf(task.rule).flatMap((condition) => {
    if (condition.type === 'ContextValue') {
      const { operator, key, valueText } = condition
      const isOrder = operator === 'GreaterThan' || operator === 'LessThan'
      if (!isOrder || /^\s*-?\d/.test(valueText)) return []
      return [
        `${who} compares "${key}" with ${valueText}, which is not a number, so the condition ` +
          `${operator} is never true.`,
      ]
    }
    const other = byName.get(condition.taskName)
    if (other === undefined) {
      const known = workflow.tasks.map(({ id }) => id)
      return [
        `${who} refers to task "${condition.taskName}", which is not in the ` +
          `workflow.${didYouMean(condition.taskName, known)}`,
      ]
    }
    if (other.id === task.id) return [`${who} refers to the task itself, which has not run when the rule is evaluated.`]
    if (isBefore(other, task, byName)) return []
    return [
      `${who} refers to task "${other.id}", which may not have ended when the rule is evaluated. Make it a dependency.`,
    ]
  })
}

type Condition = Exclude<TriggerRule, { readonly type: 'Always' | 'All' | 'Any' | 'None' }>

function conditionsOf(rule: TriggerRule): readonly Condition[] {
  switch (rule.type) {
    case 'Always':
      return []
    case 'All':
    case 'Any':
    case 'None':
      return rule.conditions.flatMap(conditionsOf)
    default:
      return [rule]
  }
}

/** Whether the rule is true in some case, and false in some: of all endings that the tasks it asks about may have. */
function waysOf(
  rule: TriggerRule,
  byName: ReadonlyMap<string, TaskDefinition>,
  endings: ReadonlyMap<string, readonly Ending[]>,
): { readonly canRun: boolean; readonly canSkip: boolean } {
  const conditions = conditionsOf(rule)
  const tasks = [...new Set(conditions.flatMap((each) => (each.type === 'ContextValue' ? [] : [each.taskName])))]
  const values = [...new Set(conditions.flatMap((each) => (each.type === 'ContextValue' ? [keyOf(each)] : [])))]
  const choices = tasks.map((name) => endings.get(byName.get(name)?.id ?? '') ?? [])
  const cases = choices.reduce((product, { length }) => product * length, 2 ** values.length)
  if (cases > MOST_CASES) return { canRun: true, canSkip: true }
  let canRun = false
  let canSkip = false
  for (let number = 0; number < cases && !(canRun && canSkip); number += 1) {
    if (isTrue(rule, caseOf(number, tasks, choices, values))) canRun = true
    else canSkip = true
  }
  return { canRun, canSkip }
}

/** The case of this number: its digits, in a system whose bases are the numbers of choices. */
function caseOf(
  number: number,
  tasks: readonly string[],
  choices: readonly (readonly Ending[])[],
  values: readonly string[],
): Case {
  let rest = number
  const digit = (base: number): number => {
    const taken = rest % base
    rest = Math.floor(rest / base)
    return taken
  }
  const endings = new Map<string, Ending>()
  for (const [index, name] of tasks.entries()) {
    const choice = choices[index] ?? []
    const ending = choice[digit(choice.length)]
    if (ending !== undefined) endings.set(name, ending)
  }
  return { endings, contextValues: new Map(values.map((key) => [key, digit(2) === 1])) }
}

function isTrue(rule: TriggerRule, given: Case): boolean {
  switch (rule.type) {
    case 'Always':
      return true
    case 'TaskSuccess':
      return given.endings.get(rule.taskName) === 'Completed'
    case 'TaskFailed':
      return given.endings.get(rule.taskName) === 'Failed'
    case 'TaskSkipped':
      return given.endings.get(rule.taskName) === 'Skipped'
    case 'ContextValue':
      return given.contextValues.get(keyOf(rule)) === true
    case 'All':
      return rule.conditions.every((condition) => isTrue(condition, given))
    case 'Any':
      return rule.conditions.some((condition) => isTrue(condition, given))
    case 'None':
      return !rule.conditions.some((condition) => isTrue(condition, given))
  }
}

function keyOf({ key, operator, valueText }: Extract<Condition, { readonly type: 'ContextValue' }>): string {
  return JSON.stringify([key, operator, valueText])
}

/** Whether a task must have ended before another begins. */
function isBefore(other: TaskDefinition, task: TaskDefinition, byName: ReadonlyMap<string, TaskDefinition>): boolean {
  const seen = new Set<string>()
  const waiting = [...task.dependencies]
  for (let id = waiting.pop(); id !== undefined; id = waiting.pop()) {
    if (id === other.id) return true
    if (seen.has(id)) continue
    seen.add(id)
    waiting.push(...(byName.get(id)?.dependencies ?? []))
  }
  return false
}
