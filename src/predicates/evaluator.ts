/**
 * Evaluates expressions of the CEL library within a budget. The library has no budget of its own: every part of an expression
 * goes through `run` of its evaluator, which is replaced here by one that counts. Functions whose time grows faster than the
 * length of their arguments are replaced, too. Seen with @marcbachmann/cel-js 8.0.0, whose version is pinned.
 */

import type { Environment } from '@marcbachmann/cel-js'
import type { PredicateLimits } from '../engine/graphs/predicates.ts'
import { InternalError } from '../errors.ts'
import { isSlowSearch, linearIndexOf, linearLastIndexOf, linearSplit } from '../patterns/text-search.ts'
import { Budget, OverBudget } from './budget.ts'
import { patternOf } from './patterns.ts'

/** A part of an expression, as the library has it. */
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

/** Is given the receiver and the arguments of a call. */
type Method = (values: readonly unknown[]) => unknown

/** Parts that can make a text or list which the expression does not contain, or that look at all of one. */
const LINEAR_OPERATIONS: ReadonlySet<string> = new Set(['+', 'call', 'rcall', 'in', '==', '!='])
const CHARACTERS_PER_STEP = 64
const ELEMENTS_PER_STEP = 8
/** Number of characters of a duration. The library's pattern backtracks over longer ones. */
const MAX_DURATION_LENGTH = 64

let budget: Budget | null = null

/** Makes the evaluator of an environment count. To be called once, before anything is evaluated. */
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
  // The operators that go on after an error must not go on after this one.
  evaluator.tryEval = function tryEval(node, context) {
    try {
      return this.run(node, context)
    } catch (thrown) {
      if (thrown instanceof OverBudget) throw thrown
      return thrown
    }
  }
}

/** Calls `evaluate`, which evaluates the expression, within a budget. Throws `OverBudget`, and what `evaluate` throws. */
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

/** An operator of ours is the only function that the library hands its evaluator to. */
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

/** Returns the node, which from now on calls our function if the library's is slow. */
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
  if (typeof text === 'string' && text.length > MAX_DURATION_LENGTH) throw new Error('Invalid duration string')
  return (node.handle as unknown as CallHandle)(values, node, evaluator)
}

/** By name. Undefined: the library's own function is quick enough, or refuses the arguments with a message of its own. */
const METHODS: ReadonlyMap<string, Method> = new Map<string, Method>([
  [
    'matches',
    ([text, pattern]) => (areTexts([text, pattern]) ? patternOf(String(pattern)).test(String(text)) : undefined),
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
  // The library refuses other places.
  if (typeof from !== 'bigint' || from < 0n || from >= BigInt(String(text).length)) return undefined
  return search(String(text), String(part), Number(from))
}

/** Splits a text as the library does: the last of `limit` pieces is the rest. Undefined for an invalid limit. */
function splitWithin(text: string, part: string, limit: unknown): string[] | undefined {
  if (limit !== undefined && typeof limit !== 'bigint') return undefined
  const pieces = linearSplit(text, part)
  const most = Number(limit ?? -1)
  if (most < 0 || pieces.length <= most) return pieces
  return most === 0 ? [] : [...pieces.slice(0, most - 1), pieces.slice(most - 1).join(part)]
}

/** The library joins: a list that names one long text a thousand times would make one of gigabytes. */
function chargeJoin([list, separator]: readonly unknown[]): undefined {
  if (!Array.isArray(list)) return
  let length = typeof separator === 'string' ? separator.length * list.length : 0
  for (const each of list) if (typeof each === 'string') length += each.length
  budget?.charge(Math.floor(length / CHARACTERS_PER_STEP))
}
