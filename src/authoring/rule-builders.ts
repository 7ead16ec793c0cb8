/** Conditions for tasks: `succeeded('fetch')`, `all(…)`, `value('rows', '>', 0)`. The engine evaluates them. */

import * as v from 'valibot'
import { UsageError } from '../errors.ts'
import { textArgument } from '../model/arguments.ts'
import type { JsonValue } from '../model/context.ts'
import { plainJson } from '../model/plain-json.ts'
import type { ContextOperator, TriggerRule } from '../model/workflow.ts'
import { parseOptions } from '../options/checked.ts'

const RULE = Symbol.for('cloaca.rule')
const DEEPEST = 100
/** Key of a type that has no value. */
declare const COMPLETED: unique symbol

/** In place of an id: the condition is true only if some dependency has completed. */
export type SomeDependency = '(some dependency)'

/**
 * Condition for running a task, made by `succeeded`, `failed`, `skipped`, `always`, `all`, `any`, `none` or `value`.
 * `Completed`: ids of the tasks that have completed if it is true.
 */
export interface Rule<Tasks extends string = string, Completed = unknown> {
  /** Condition as the engine stores it. */
  readonly rule: TriggerRule
  /** Ids of the tasks that the condition names. */
  readonly tasks: readonly Tasks[]
  readonly [COMPLETED]?: () => Completed
}

type TasksIn<One> = One extends Rule<infer Tasks> ? Tasks : never

type CompletedBy<One> = One extends Rule<string, infer Completed> ? Completed : never

/** Tasks that have completed if any of the conditions is true. */
type CompletedByAny<Rules extends readonly Rule[]> = Rules extends readonly [
  infer First,
  ...infer Rest extends readonly Rule[],
]
  ? Rest extends readonly []
    ? CompletedBy<First>
    : Extract<CompletedBy<First>, CompletedByAny<Rest>>
  : never

/** Comparison operator of `value`. */
export type Comparison = '==' | '!=' | '>' | '<' | 'contains' | 'notContains' | 'exists' | 'notExists'

/** A missing value meets the other comparisons. */
type CompletedIf<How> = [How] extends ['==' | '>' | '<' | 'contains' | 'exists'] ? SomeDependency : never

const OPERATORS: Readonly<Record<Comparison, ContextOperator>> = {
  '==': 'Equals',
  '!=': 'NotEquals',
  '>': 'GreaterThan',
  '<': 'LessThan',
  contains: 'Contains',
  notContains: 'NotContains',
  exists: 'Exists',
  notExists: 'NotExists',
}

/**
 * Returns the condition that is always true, so the task runs even if its dependencies failed. This is the default
 * condition of a task.
 */
export function always(): Rule<never, never> {
  return made({ type: 'Always' }, [])
}

/**
 * Returns the condition that is true if a task completed.
 *
 * @param task Id of a task of the same workflow, normally a task that `after` lists.
 */
export function succeeded<const Task extends string>(task: Task): Rule<Task, Task> {
  return made({ type: 'TaskSuccess', taskName: textArgument(task, 'task') }, [task])
}

/**
 * Returns the condition that is true if a task failed after all its attempts.
 *
 * @param task Id of a task of the same workflow, normally a task that `after` lists.
 */
export function failed<const Task extends string>(task: Task): Rule<Task, never> {
  return made({ type: 'TaskFailed', taskName: textArgument(task, 'task') }, [task])
}

/**
 * Returns the condition that is true if a task was skipped.
 *
 * @param task Id of a task of the same workflow, normally a task that `after` lists.
 */
export function skipped<const Task extends string>(task: Task): Rule<Task, never> {
  return made({ type: 'TaskSkipped', taskName: textArgument(task, 'task') }, [task])
}

/** Returns the condition that is true if every given condition is true. True without conditions. */
export function all<const Rules extends readonly Rule[]>(
  ...rules: Rules
): Rule<TasksIn<Rules[number]>, CompletedBy<Rules[number]>> {
  return combined('All', rules)
}

/** Returns the condition that is true if at least one given condition is true. False without conditions. */
export function any<const Rules extends readonly Rule[]>(
  ...rules: Rules
): Rule<TasksIn<Rules[number]>, CompletedByAny<Rules>> {
  return combined('Any', rules)
}

/** Returns the condition that is true if no given condition is true. True without conditions. */
export function none<const Rules extends readonly Rule[]>(...rules: Rules): Rule<TasksIn<Rules[number]>, never> {
  return combined('None', rules)
}

/**
 * Returns a condition on a value of the context that the task would receive. `'=='` compares how numbers are written,
 * so `1` does not equal Python's `1.0`. `'<'` and `'>'` compare the values of numbers.
 *
 * @param key Key of the context.
 * @param comparison `'=='`, `'!='`, `'>'`, `'<'`, `'contains'`, `'notContains'`, `'exists'` or `'notExists'`.
 * @param operand JSON value to compare with. Omit it for `'exists'` and `'notExists'`.
 * @throws `UsageError`: `INVALID_ARGUMENT` for an unknown comparison, `INVALID_CONTEXT` for an operand that is not
 *   JSON.
 * @example
 * value('rows', '>', 0)
 */
export function value<const How extends 'exists' | 'notExists'>(
  key: string,
  comparison: How,
): Rule<never, CompletedIf<How>>
export function value<const How extends Exclude<Comparison, 'exists' | 'notExists'>>(
  key: string,
  comparison: How,
  operand: JsonValue,
): Rule<never, CompletedIf<How>>
export function value(key: string, comparison: Comparison, operand: JsonValue = null): Rule<never> {
  textArgument(key, 'key')
  parseOptions(v.picklist(Object.keys(OPERATORS)), comparison, 'comparison')
  const valueText = JSON.stringify(plainJson(operand, 'operand'))
  return made({ type: 'ContextValue', key, operator: OPERATORS[comparison], valueText }, [])
}

/** Expected value of `isRule`, for messages. */
export const A_RULE = "a rule, such as succeeded('fetch') or always()"

export function isRule(value: unknown): value is Rule {
  return typeof value === 'object' && value !== null && RULE in value
}

/** Converts the option `when` to the engine's form: a single condition becomes an `all` of it. */
export function toTriggerRule({ rule }: Rule): TriggerRule {
  return ['Always', 'All', 'Any', 'None'].includes(rule.type) ? rule : { type: 'All', conditions: [rule] }
}

function combined<Tasks extends string, Completed>(
  type: 'All' | 'Any' | 'None',
  rules: readonly Rule[],
): Rule<Tasks, Completed> {
  for (const [index, each] of rules.entries()) {
    parseOptions(v.custom(isRule, A_RULE), each, `rules[${index}]`, { what: `${type.toLowerCase()}()` })
  }
  const conditions = rules.map(({ rule }) => rule)
  if (depthOf({ type, conditions }) > DEEPEST) {
    throw new UsageError('INVALID_ARGUMENT', `Rules are nested more than ${DEEPEST} levels deep. Simplify them.`, {
      path: 'rules',
    })
  }
  return made(
    { type, conditions },
    rules.flatMap(({ tasks }) => tasks as readonly Tasks[]),
  )
}

function depthOf(rule: TriggerRule): number {
  return 'conditions' in rule ? 1 + Math.max(0, ...rule.conditions.map(depthOf)) : 0
}

function made<Tasks extends string, Completed>(rule: TriggerRule, tasks: readonly Tasks[]): Rule<Tasks, Completed> {
  const made = { rule: Object.freeze(rule), tasks: Object.freeze(tasks) }
  Object.defineProperty(made, RULE, { value: 1 })
  return Object.freeze(made)
}
