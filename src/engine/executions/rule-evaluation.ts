/**
 * Trigger rules: decide once, when all dependencies of a task are final, whether the task runs. Pure.
 * Contexts are compared as text, so that 1 and 1.0 stay different and integers have no limit.
 */

import type { ContextText } from '../../model/context.ts'
import type { TaskStatus } from '../../model/execution.ts'
import type { ContextOperator, TriggerRule } from '../../model/workflow.ts'
import { linearIncludes } from '../../patterns/text-search.ts'
import type { ContextCodec } from '../ports.ts'

const INTEGER = /^-?\d+$/
/** Number of characters of the longest integer that a double can exceed. */
const MAX_DOUBLE_DIGITS = 310
/** Integers that replace all longer ones: every finite double is between them. */
const BEYOND_DOUBLES = [-(10n ** 310n), 10n ** 310n] as const

export interface RuleView {
  /** Returns the status of a task by short id or full name, or null if the workflow does not have it. */
  statusOf(taskName: string): TaskStatus | null
  /** Returns the input of the task. Called only by rules that read it. */
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

/** Returns -1, 0 or 1, or null unless both texts are numbers. Integers are compared to the last digit. */
function compareNumbers(left: string, right: string): -1 | 0 | 1 | null {
  const [leftToken, rightToken] = [left.trim(), right.trim()]
  if (INTEGER.test(leftToken) && INTEGER.test(rightToken)) return compareIntegers(leftToken, rightToken)
  const leftValue = numberOf(leftToken)
  const rightValue = numberOf(rightToken)
  if (leftValue === null || rightValue === null) return null
  if (leftValue < rightValue) return -1
  return leftValue > rightValue ? 1 : 0
}

/** Compares lengths and digits: JSON has no leading zeros. `BigInt` takes 14 s for 8,000,000 digits (Node 26). */
function compareIntegers(left: string, right: string): -1 | 0 | 1 {
  if (left === right || (isZero(left) && isZero(right))) return 0
  const isLeftNegative = left.startsWith('-')
  if (isLeftNegative !== right.startsWith('-')) return isLeftNegative ? -1 : 1
  const isLeftLonger = left.length === right.length ? left > right : left.length > right.length
  return isLeftLonger === isLeftNegative ? -1 : 1
}

function isZero(integer: string): boolean {
  return integer === '0' || integer === '-0'
}

/** JavaScript compares a bigint with a number by their mathematical values. */
function numberOf(token: string): number | bigint | null {
  if (INTEGER.test(token))
    return token.length <= MAX_DOUBLE_DIGITS ? BigInt(token) : BEYOND_DOUBLES[token.startsWith('-') ? 0 : 1]
  return /^-?\d/.test(token) ? Number(token) : null
}

function contains(storedText: string, valueText: string, codec: ContextCodec): boolean {
  const stored = storedText.trimStart()
  if (stored.startsWith('"')) {
    if (!valueText.trimStart().startsWith('"')) return false
    return linearIncludes(JSON.parse(storedText) as string, JSON.parse(valueText) as string)
  }
  return stored.startsWith('[') && hasElement(storedText, valueText, codec)
}

/** A merge adds an element to a list only when the list does not have it. */
function hasElement(listText: string, elementText: string, codec: ContextCodec): boolean {
  const list = `{"list":${listText}}`
  const withElement = codec.merge([list, `{"list":[${elementText}]}`])
  return codec.canonicalize(withElement) === codec.canonicalize(codec.merge([list, '{"list":[]}']))
}
