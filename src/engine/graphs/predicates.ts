/**
 * Predicates of subscriptions: expressions in CEL, the Common Expression Language, over `payload`, `reactor` and `tenant`.
 * Pure. Whole numbers of a payload are CEL's int without a limit, others its double; the two compare with each other.
 *
 * The library passes 872 of the 1,015 conformance tests of CEL that need no protobuf. What it fails is bytes, unsigned literals,
 * integers beside 2**63, and expressions that it refuses by their types: nothing that a JSON payload brings.
 */

import { Environment } from '@marcbachmann/cel-js'
import { toError, UsageError } from '../../errors.ts'
import type { ReactorFiring, ValueText } from '../../model/graphs/rows.ts'

/** Whether a firing is for a subscription. Throws what the expression comes to when it has no answer. */
export type Predicate = (firing: Pick<ReactorFiring, 'payloadText' | 'reactor'>, tenant: string) => boolean

const VARIABLES = { payload: 'dyn', reactor: 'string', tenant: 'string' } as const
const UNKNOWN_VARIABLE = /Unknown variable: ([^\s]+)/

// A list may hold anything, as in JSON; and 1.0 == 1 is no mistake.
const environment = new Environment({ unlistedVariablesAreDyn: false, homogeneousAggregateLiterals: false })
environment.registerOperator('double == int', (left: number, right: bigint) => left === Number(right))
for (const [name, type] of Object.entries(VARIABLES)) environment.registerVariable(name, type)

/** Throws `INVALID_PREDICATE`: it cannot be read, names something else, or does not give a bool. */
export function predicateOf(expression: string): Predicate {
  const evaluate = checked(expression)
  return ({ payloadText, reactor }, tenant) => {
    const answer: unknown = evaluate({ payload: celValue(payloadText), reactor, tenant })
    if (typeof answer === 'boolean') return answer
    throw new Error(`it gives ${typeof answer === 'bigint' ? 'an int' : `a ${typeof answer}`}, and not a bool`)
  }
}

function checked(expression: string): (variables: Record<string, unknown>) => unknown {
  const unknown = unknownVariables(expression)
  if (unknown.length > 0) {
    const available = Object.keys(VARIABLES).join(', ')
    throw invalid(expression, `unknown variable(s): ${unknown.join(', ')}. Available variables are: ${available}`)
  }
  const parsed = parse(expression, environment)
  const { valid, type, error } = parsed.check()
  if (!valid) throw invalid(expression, firstLine(error))
  if (type !== 'bool' && type !== 'dyn') throw invalid(expression, `it gives ${type}, and has to give a bool`)
  return (variables) => parsed(variables)
}

/** All of them, and not only the first that the library finds. */
function unknownVariables(expression: string): readonly string[] {
  const unknown: string[] = []
  const wider = environment.clone()
  for (;;) {
    const { valid, error } = parse(expression, wider).check()
    const name = valid ? undefined : UNKNOWN_VARIABLE.exec(error?.message ?? '')?.[1]
    if (name === undefined || unknown.includes(name)) return unknown
    unknown.push(name)
    wider.registerVariable(name, 'dyn')
  }
}

function parse(expression: string, within: Environment) {
  try {
    return within.parse(expression)
  } catch (thrown) {
    throw invalid(expression, firstLine(thrown))
  }
}

/** The rest shows the expression with a mark below it. */
function firstLine(thrown: unknown): string {
  return toError(thrown).message.split('\n', 1)[0] ?? ''
}

function invalid(expression: string, reason: string): UsageError {
  return new UsageError('INVALID_PREDICATE', `Invalid predicate expression: ${reason}. It is: ${expression}`, {
    reason,
  })
}

type Reviver = (key: string, value: unknown, context: { readonly source?: string }) => unknown

const WHOLE = /^-?\d+$/

/** Whole numbers as bigints, by how they are written. */
function celValue(text: ValueText): unknown {
  const revive: Reviver = (_key, value, { source }) =>
    typeof value === 'number' && source !== undefined && WHOLE.test(source) ? BigInt(source) : value
  return JSON.parse(text, revive as (key: string, value: unknown) => unknown)
}
