/**
 * Finds errors in the rules of a workflow's tasks that Python does not check: unknown names, comparisons that are never
 * true, and tasks that never run. A task without a rule of its own is skipped after a node that did not complete. Pure.
 * Used by `cloaca check`.
 */

import type { TaskDefinition, TriggerRule, WorkflowDefinition } from '../model/workflow.ts'
import { didYouMean } from './nearest.ts'
import type { RegistryProblem } from './registry.ts'

type Ending = 'Completed' | 'Failed' | 'Skipped'

interface Case {
  readonly endings: ReadonlyMap<string, Ending>
  readonly contextValues: ReadonlyMap<string, boolean>
}

/** A rule with more cases is considered satisfiable. */
const MAX_CASES = 20_000

export interface RuleFindings {
  readonly problems: readonly RegistryProblem[]
  /** Tasks with dependencies that never receive an output of them. */
  readonly warnings: readonly RegistryProblem[]
}

/** `workflow`: with tasks sorted by dependencies, without cycles. */
export function ruleProblems(workflow: WorkflowDefinition): RuleFindings {
  const byName = new Map(workflow.tasks.flatMap((task) => [[task.id, task] as const, [task.fullName, task] as const]))
  const endings = new Map<string, readonly Ending[]>()
  const stops = new Map<string, Stop>()
  const problems: RegistryProblem[] = []
  const warnings: RegistryProblem[] = []
  for (const task of workflow.tasks) {
    const wrong = conditionProblems(task, workflow, byName)
    problems.push(...wrong.map((message) => problem('badRule', message, task, workflow)))
    // A task with an invalid condition is assumed to end in any way, so that one error causes one line.
    const { canRun, canSkip } = wrong.length > 0 ? { canRun: true, canSkip: true } : waysOf(task.rule, byName, endings)
    const stop = stopBefore(task, byName, endings, stops)
    stops.set(task.id, stop)
    const stopsIt = task.hasOwnRule === undefined ? stop : 'never'
    const skips = canSkip || stopsIt !== 'never' || canTimeOutAsSkipped(task)
    endings.set(task.id, [
      ...(canRun && stopsIt !== 'always' ? (['Completed', 'Failed'] as const) : []),
      ...(skips ? (['Skipped'] as const) : []),
    ])
    if (canRun && wrong.length === 0 && isInputEmpty(task, byName, endings)) {
      warnings.push(problem('emptyInput', emptyInputText(task, workflow), task, workflow))
    }
    if (canRun) continue
    const subject = `${task.wait === undefined ? 'Task' : 'Node'} "${task.id}" of workflow "${workflow.key}"`
    const message = `${subject} never runs: its rule is false for every possible result of the other tasks.`
    problems.push(problem('unreachableTask', message, task, workflow))
  }
  return { problems, warnings }
}

/** Whether the rule of a task with dependencies is true only if none of them completes. */
function isInputEmpty(
  { rule, dependencies }: TaskDefinition,
  byName: ReadonlyMap<string, TaskDefinition>,
  endings: ReadonlyMap<string, readonly Ending[]>,
): boolean {
  const cases = casesOf(rule, byName, endings)
  if (cases === null || dependencies.length === 0) return false
  const isNamed = (id: string) => cases.tasks.some((name) => byName.get(name)?.id === id)
  if (!dependencies.every(isNamed)) return false
  for (let number = 0; number < cases.count; number += 1) {
    const given = caseOf(number, cases)
    if (!isTrue(rule, given)) continue
    const completed = [...given.endings].flatMap(([name, end]) => (end === 'Completed' ? byName.get(name)?.id : []))
    if (dependencies.some((id) => completed.includes(id))) return false
  }
  return true
}

function emptyInputText({ id, dependencies, rule }: TaskDefinition, { key }: WorkflowDefinition): string {
  const conditions = conditionsOf(rule)
  const names = dependencies.map((each) => `"${each}"`).join(' and ')
  const isSingle = dependencies.length === 1
  const verb = isSingle && conditions.length === 1 ? VERBS[conditions[0]?.type ?? ''] : undefined
  const when = `${names} ${verb ?? (isSingle ? 'does not complete' : 'do not complete')}`
  const remedy = 'so its input is empty; add a dependency that completes.'
  return `Task "${id}" of workflow "${key}" runs only if ${when}, ${remedy}`
}

const VERBS: Readonly<Record<string, string>> = { TaskFailed: 'fails', TaskSkipped: 'is skipped' }

/** Whether a node before a task, directly or through other tasks, ends without completing. */
type Stop = 'never' | 'sometimes' | 'always'

/** Follows the rule of the engine: a task with a rule of its own hides the nodes before it, unless it was skipped. */
function stopBefore(
  task: TaskDefinition,
  byName: ReadonlyMap<string, TaskDefinition>,
  endings: ReadonlyMap<string, readonly Ending[]>,
  stops: ReadonlyMap<string, Stop>,
): Stop {
  const found = task.dependencies.flatMap((id): readonly Stop[] => {
    const before = byName.get(id)
    const ends = endings.get(id) ?? []
    const own = before?.wait === undefined ? 'never' : frequencyOf(ends, (end) => end !== 'Completed')
    const passesOn = before?.hasOwnRule === undefined ? 'always' : frequencyOf(ends, (end) => end === 'Skipped')
    return [own, rarerOf(passesOn, stops.get(id) ?? 'never')]
  })
  if (found.includes('always')) return 'always'
  return found.includes('sometimes') ? 'sometimes' : 'never'
}

function frequencyOf(endings: readonly Ending[], holds: (ending: Ending) => boolean): Stop {
  if (!endings.some(holds)) return 'never'
  return endings.every(holds) ? 'always' : 'sometimes'
}

function rarerOf(one: Stop, other: Stop): Stop {
  if (one === 'never' || other === 'never') return 'never'
  return one === 'always' ? other : 'sometimes'
}

function canTimeOutAsSkipped({ wait }: TaskDefinition): boolean {
  return wait !== undefined && wait.kind !== 'delay' && wait.timeoutMs !== null && wait.onTimeout === 'skip'
}

function problem(
  kind: 'badRule' | 'unreachableTask' | 'emptyInput',
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

/** Checks all possible endings of the tasks in a rule for one that makes it true, and one that makes it false. */
function waysOf(
  rule: TriggerRule,
  byName: ReadonlyMap<string, TaskDefinition>,
  endings: ReadonlyMap<string, readonly Ending[]>,
): { readonly canRun: boolean; readonly canSkip: boolean } {
  const cases = casesOf(rule, byName, endings)
  if (cases === null) return { canRun: true, canSkip: true }
  let canRun = false
  let canSkip = false
  for (let number = 0; number < cases.count && !(canRun && canSkip); number += 1) {
    if (isTrue(rule, caseOf(number, cases))) canRun = true
    else canSkip = true
  }
  return { canRun, canSkip }
}

interface Cases {
  readonly count: number
  /** Names of tasks in the rule, with their possible endings. */
  readonly tasks: readonly string[]
  readonly choices: readonly (readonly Ending[])[]
  /** Keys of comparisons of context values. */
  readonly values: readonly string[]
}

/** Returns null if there are too many cases. */
function casesOf(
  rule: TriggerRule,
  byName: ReadonlyMap<string, TaskDefinition>,
  endings: ReadonlyMap<string, readonly Ending[]>,
): Cases | null {
  const conditions = conditionsOf(rule)
  const tasks = [...new Set(conditions.flatMap((each) => (each.type === 'ContextValue' ? [] : [each.taskName])))]
  const values = [...new Set(conditions.flatMap((each) => (each.type === 'ContextValue' ? [keyOf(each)] : [])))]
  const choices = tasks.map((name) => endings.get(byName.get(name)?.id ?? '') ?? [])
  const count = choices.reduce((product, { length }) => product * length, 2 ** values.length)
  return count > MAX_CASES ? null : { count, tasks, choices, values }
}

/** Returns a case by number. Its digits have the numbers of choices as their bases. */
function caseOf(number: number, { tasks, choices, values }: Cases): Case {
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
