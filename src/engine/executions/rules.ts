/**
 * Trigger rules: whether a task runs at all, decided once when all its dependencies are final. Pure.
 * A context is looked at as text, so that 1 and 1.0 stay different and integers have no limit.
 */

import type { ContextText } from '../../model/context.ts'
import type { TaskStatus } from '../../model/execution.ts'
import type { ContextOperator, TriggerRule } from '../../model/workflow.ts'
import type { ContextCodec } from '../ports.ts'

/** What a rule may ask about. */
export interface RuleView {
  /** The status of a task by short id or full name; null when the workflow has no such task. */
  statusOf(taskName: string): TaskStatus | null
  /** The context that the task would receive. Called only when a rule looks at it. */
  inputText(): ContextText
}

export function meetsRule(rule: TriggerRule, view: RuleView, codec: ContextCodec): boolean {
  switch (rule.type) {
    case 'Always':
      return true
    case 'TaskSuccess':
      return view.statusOf(rule.taskName) === 'Completed'
    case 'TaskFailed':
      return view.statusOf(rule.taskName) === 'Failed'
    case 'TaskSkipped':
      return view.statusOf(rule.taskName) === 'Skipped'
    case 'ContextValue':
      return meetsOperator(rule.operator, codec.pick(view.inputText(), rule.key), rule.valueText, codec)
    case 'All':
      return rule.conditions.every((condition) => meetsRule(condition, view, codec))
    case 'Any':
      return rule.conditions.some((condition) => meetsRule(condition, view, codec))
    case 'None':
      return !rule.conditions.some((condition) => meetsRule(condition, view, codec))
  }
}

/** `storedText` is null when the key is absent. Both texts are JSON. */
function meetsOperator(
  operator: ContextOperator,
  storedText: string | null,
  valueText: string,
  codec: ContextCodec,
): boolean {
  switch (operator) {
    case 'Exists':
      return storedText !== null
    case 'NotExists':
      return storedText === null
    case 'Equals':
      return storedText !== null && isJsonEqual(storedText, valueText, codec)
    case 'NotEquals':
      return storedText === null || !isJsonEqual(storedText, valueText, codec)
    case 'GreaterThan':
      return storedText !== null && compareNumbers(storedText, valueText) === 1
    case 'LessThan':
      return storedText !== null && compareNumbers(storedText, valueText) === -1
    case 'Contains':
      return storedText !== null && contains(storedText, valueText, codec)
    case 'NotContains':
      return storedText === null || !contains(storedText, valueText, codec)
  }
}

function isJsonEqual(left: string, right: string, codec: ContextCodec): boolean {
  return codec.canonicalize(left) === codec.canonicalize(right)
}

/** -1, 0 or 1; null unless both texts are numbers. Integers are compared to the last digit. */
function compareNumbers(left: string, right: string): -1 | 0 | 1 | null {
  const leftValue = numberOf(left)
  const rightValue = numberOf(right)
  if (leftValue === null || rightValue === null) return null
  if (leftValue < rightValue) return -1
  return leftValue > rightValue ? 1 : 0
}

/** JavaScript compares a bigint with a number by their mathematical values. */
function numberOf(text: string): number | bigint | null {
  const token = text.trim()
  if (/^-?\d+$/.test(token)) return BigInt(token)
  return /^-?\d/.test(token) ? Number(token) : null
}

function contains(storedText: string, valueText: string, codec: ContextCodec): boolean {
  const stored = storedText.trimStart()
  if (stored.startsWith('"')) {
    if (!valueText.trimStart().startsWith('"')) return false
    return (JSON.parse(storedText) as string).includes(JSON.parse(valueText) as string)
  }
  return stored.startsWith('[') && hasElement(storedText, valueText, codec)
}

/** A merge adds an element to a list only when the list does not have it. */
function hasElement(listText: string, elementText: string, codec: ContextCodec): boolean {
  const list = `{"list":${listText}}`
  const withElement = codec.merge([list, `{"list":[${elementText}]}`])
  return codec.canonicalize(withElement) === codec.canonicalize(codec.merge([list, '{"list":[]}']))
}
