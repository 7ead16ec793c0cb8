/**
 * Evaluates CEL expressions within a budget, which the library does not have. Replaces `run` of its evaluator, which
 * every part of an expression uses, by one that adds up steps. Replaces functions whose time is not linear, too. Seen
 * with @marcbachmann/cel-js 8.0.0, whose version is pinned.
 */

import type { Environment } from '@marcbachmann/cel-js'
import type { PredicateLimits } from '../engine/graphs/predicates.ts'
import { InternalError } from '../errors.ts'
import { isSlowSearch, linearIndexOf, linearLastIndexOf, linearSplit } from '../patterns/text-search.ts'
import { Budget, OverBudget } from './budget.ts'
import { compilePattern } from './patterns.ts'

interface Node {
  readonly op: string
  readonly args: unknown
  /** Receiver and arguments, if the part calls a method. */
  readonly receiverWithArgs?: readonly Node[]
  readonly handle: (args: readonly unknown[], evaluator: Evaluator, node: Node) => unknown
  evaluate(evaluator: Evaluator, node: Node, context: unknown): unknown
}

interface Evaluator {
  run(node: Node, context: unknown): unknown
  tryEval(node: Node, context: unknown): unknown
}

type Method = (values: readonly unknown[]) => unknown

/** Operations that can build a text or list, or read all of one. */
const LINEAR_OPERATIONS: ReadonlySet<string> = new Set(['+', 'call', 'rcall', 'in', '==', '!='])
const CHARACTERS_PER_STEP = 64
const ELEMENTS_PER_STEP = 8
/** Maximum length of a duration. The library's pattern backtracks over longer ones. */
const MAX_DURATION_LENGTH = 64

let budget: Budget | null = null

/** Replaces the evaluator of an environment. Call it once, before the first evaluation. */
export function countSteps(environment: Environment): void {
  const evaluator = evaluatorOf(environment)
  evaluator.run = function run(node, context) {
    budget?.charge(1)
    const value = replaced(node).evaluate(this, node, context)
    if (!LINEAR_OPERATIONS.has(node.op)) return value
    budget?.charge(stepsFor(value))
    budget?.checkTime()
    return value
  }
  // Operators that continue after an error must not continue after this one.
  evaluator.tryEval = function tryEval(node, context) {
    try {
      return this.run(node, context)
    } catch (thrown) {
      if (thrown instanceof OverBudget) throw thrown
      return thrown
    }
  }
}

/** Calls `evaluate` within a budget. Throws `OverBudget`, and errors of `evaluate`. */
export function withinBudget(root: unknown, limits: PredicateLimits, evaluate: () => unknown): unknown {
  // The library evaluates the root without `run`.
  replaced(root as Node)
  budget = new Budget(limits)
  try {
    const value = evaluate()
    budget.checkTime()
    return value
  } finally {
    budget = null
  }
}

/** Finds the evaluator through an operator of ours, the only function that the library passes it to. */
function evaluatorOf(environment: Environment): Evaluator {
  let found: Evaluator | null = null
  const equals = (left: number, right: bigint, _node: unknown, evaluator: Evaluator): boolean => {
    found ??= evaluator
    return left === Number(right)
  }
  environment.registerOperator('double == int', equals as (left: number, right: bigint) => boolean)
  environment.evaluate('1.0 == 1')
  const evaluator = found as Evaluator | null
  if (typeof evaluator?.run === 'function' && typeof evaluator.tryEval === 'function') return evaluator
  throw new InternalError('Cannot evaluate predicates: the evaluator of the CEL library lacks the expected functions.')
}

function stepsFor(value: unknown): number {
  if (typeof value === 'string' || value instanceof Uint8Array) return Math.floor(value.length / CHARACTERS_PER_STEP)
  return Array.isArray(value) ? Math.floor(value.length / ELEMENTS_PER_STEP) : 0
}

/** Makes a node call our function if the library's is slow, and returns it. */
function replaced(node: Node): Node {
  if (node.evaluate === callMethod || node.evaluate === callDuration) return node
  const [name] = Array.isArray(node.args) ? (node.args as readonly unknown[]) : []
  if (node.op === 'rcall' && METHODS.has(name as string)) node.evaluate = callMethod
  if (node.op === 'call' && name === 'duration') node.evaluate = callDuration
  return node
}

function callMethod(evaluator: Evaluator, node: Node, context: unknown): unknown {
  const values = (node.receiverWithArgs ?? []).map((each) => evaluator.run(each, context))
  const [name = ''] = node.args as readonly string[]
  return METHODS.get(name)?.(values) ?? node.handle(values, evaluator, node)
}

type CallHandle = (args: readonly unknown[], node: Node, evaluator: Evaluator) => unknown

function callDuration(evaluator: Evaluator, node: Node, context: unknown): unknown {
  const [, args] = node.args as readonly [string, readonly Node[]]
  const values = args.map((each) => evaluator.run(each, context))
  const [text] = values
  // Uncoded: the message of the library for such text
  if (typeof text === 'string' && text.length > MAX_DURATION_LENGTH) throw new Error('Invalid duration string')
  return (node.handle as unknown as CallHandle)(values, node, evaluator)
}

/** Undefined: the library's function is fast enough, or rejects the arguments with its own message. */
const METHODS: ReadonlyMap<string, Method> = new Map<string, Method>([
  [
    'matches',
    ([text, pattern]) => (areTexts([text, pattern]) ? compilePattern(String(pattern)).test(String(text)) : undefined),
  ],
  ['contains', (values) => slowSearch(values, (text, part) => linearIndexOf(text, part) >= 0)],
  ['indexOf', (values) => slowSearch(values, (text, part, from) => BigInt(linearIndexOf(text, part, from)))],
  ['lastIndexOf', (values) => slowSearch(values, (text, part, from) => BigInt(linearLastIndexOf(text, part, from)))],
  [
    'split',
    ([text, part, limit]) => (isSlow([text, part]) ? splitWithin(String(text), String(part), limit) : undefined),
  ],
  ['join', chargeJoin],
])

function areTexts(values: readonly unknown[]): values is readonly string[] {
  return values.every((each) => typeof each === 'string')
}

function isSlow(values: readonly unknown[]): boolean {
  if (!areTexts(values)) return false
  const [text = '', part = ''] = values
  return part !== '' && isSlowSearch(text, part)
}

/** Calls `search` if the library's own search may take long. */
function slowSearch<Answer>(
  [text, part, from]: readonly unknown[],
  search: (text: string, part: string, from: number | undefined) => Answer,
): Answer | undefined {
  if (!isSlow([text, part])) return undefined
  if (from === undefined) return search(String(text), String(part), undefined)
  if (typeof from !== 'bigint' || from < 0n || from >= BigInt(String(text).length)) return undefined
  return search(String(text), String(part), Number(from))
}

/** Splits as the library does: the last of `limit` pieces is the rest. Returns undefined for an invalid limit. */
function splitWithin(text: string, part: string, limit: unknown): string[] | undefined {
  if (limit !== undefined && typeof limit !== 'bigint') return undefined
  const pieces = linearSplit(text, part)
  const most = Number(limit ?? -1)
  if (most < 0 || pieces.length <= most) return pieces
  return most === 0 ? [] : [...pieces.slice(0, most - 1), pieces.slice(most - 1).join(part)]
}

/** Counts the result of a join: a list with one long text a thousand times would become gigabytes. */
function chargeJoin([list, separator]: readonly unknown[]): undefined {
  if (!Array.isArray(list)) return
  let length = typeof separator === 'string' ? separator.length * list.length : 0
  for (const each of list) if (typeof each === 'string') length += each.length
  budget?.charge(Math.floor(length / CHARACTERS_PER_STEP))
}
