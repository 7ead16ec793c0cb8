/**
 * Predicates of subscriptions: CEL expressions (Common Expression Language) over `payload`, `reactor` and `tenant`.
 * Pure. Whole numbers are CEL's int, without a limit, others its double; both can be compared. The library passes 872
 * of the 1,015 CEL conformance tests that need no protobuf. Failures concern bytes, unsigned literals, integers near
 * 2**63 and type checks, which JSON payloads do not need.
 */

import { Environment } from '@marcbachmann/cel-js'
import type { PredicateLimits, PredicateQuestion } from '../engine/graphs/predicates.ts'
import { toError } from '../errors.ts'
import { celValue } from './cel-values.ts'
import { countSteps, withinBudget } from './evaluator.ts'
import { wrongPattern } from './patterns.ts'
import { payloadFields } from './payload-fields.ts'

export interface Predicate {
  /** Returns whether a subscription matches a firing. Throws the reason if the expression has no answer. */
  holds(question: Omit<PredicateQuestion, 'expression'>): boolean
  /** Fields of the payload that the expression names. */
  readonly fields: readonly string[]
}

/** Error of an unusable expression. The message states the reason, without a full stop. */
export class PredicateRefused extends Error {}

const MAX_EXPRESSION_LENGTH = 10_000
const MAX_NAMES_IN_MESSAGE = 10
const VARIABLES = { payload: 'dyn', reactor: 'string', tenant: 'string' } as const
const UNKNOWN_VARIABLE = /Unknown variable: ([^\s]+)/

// Lists may contain mixed types, as in JSON.
const environment = new Environment({ unlistedVariablesAreDyn: false, homogeneousAggregateLiterals: false })
countSteps(environment)
for (const [name, type] of Object.entries(VARIABLES)) environment.registerVariable(name, type)

/** Throws `PredicateRefused` for a syntax error, an unknown name, or a result that is not a bool. */
export function compilePredicate(expression: string): Predicate {
  const { evaluate, fields } = checked(expression)
  return {
    fields,
    holds({ firing: { payloadText, reactor }, tenant, limits }) {
      const answer = evaluate({ payload: celValue(payloadText), reactor, tenant }, limits)
      if (typeof answer === 'boolean') return answer
      // Uncoded: the cause of a failed predicate
      throw new Error(
        `the expression returns ${typeof answer === 'bigint' ? 'an int' : `a ${typeof answer}`}, not a bool`,
      )
    },
  }
}

interface CheckedExpression extends Pick<Predicate, 'fields'> {
  readonly evaluate: (variables: Record<string, unknown>, limits: PredicateLimits) => unknown
}

function checked(expression: string): CheckedExpression {
  if (expression.length > MAX_EXPRESSION_LENGTH) {
    throw new PredicateRefused(`the expression is longer than ${MAX_EXPRESSION_LENGTH} characters`)
  }
  // PostgreSQL cannot store it.
  if (expression.includes('\0')) throw new PredicateRefused('the expression contains U+0000. Write it as \\u0000')
  const unknown = unknownVariables(expression)
  if (unknown.length > 0) {
    const available = Object.keys(VARIABLES).join(', ')
    throw new PredicateRefused(`unknown variable(s): ${unknown.join(', ')}. Available variables are: ${available}`)
  }
  const parsed = parse(expression, environment)
  const { valid, type, error } = parsed.check()
  if (!valid) throw new PredicateRefused(firstLine(error))
  const wrong = wrongPattern(parsed.ast)
  if (wrong !== null) throw new PredicateRefused(wrong)
  if (type !== 'bool' && type !== 'dyn')
    throw new PredicateRefused(`the expression returns ${type}, but must return a bool`)
  return {
    fields: payloadFields(parsed.ast),
    evaluate: (variables, limits) => withinBudget(parsed.ast, limits, () => parsed(variables)),
  }
}

/** Returns the first few unknown variables. The library reports only one. */
function unknownVariables(expression: string): readonly string[] {
  const unknown: string[] = []
  const wider = environment.clone()
  while (unknown.length < MAX_NAMES_IN_MESSAGE) {
    const { valid, error } = parse(expression, wider).check()
    const name = valid ? undefined : UNKNOWN_VARIABLE.exec(error?.message ?? '')?.[1]
    if (name === undefined || unknown.includes(name)) return unknown
    unknown.push(name)
    wider.registerVariable(name, 'dyn')
  }
  return unknown
}

function parse(expression: string, within: Environment) {
  try {
    return within.parse(expression)
  } catch (thrown) {
    throw new PredicateRefused(firstLine(thrown))
  }
}

/** Returns the first line. The others show the expression with a marker. */
function firstLine(thrown: unknown): string {
  return toError(thrown).message.split('\n', 1)[0] ?? ''
}
