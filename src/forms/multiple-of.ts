/** Keyword `multipleOf` of JSON Schema, exact for decimal numbers such as 0.01. */

import type { FuncKeywordDefinition } from 'ajv/dist/2020.js'

export const MULTIPLE_OF: FuncKeywordDefinition = {
  keyword: 'multipleOf',
  type: 'number',
  schemaType: 'number',
  validate: isMultiple,
  error: { message: ({ schema }) => `must be multiple of ${schema}` },
  errors: false,
}

function isMultiple(step: number, value: number): boolean {
  const [one, other] = [decimal(value), decimal(step)]
  const exponent = Math.min(one.exponent, other.exponent)
  const scaled = (given: Decimal): bigint => given.digits * 10n ** BigInt(given.exponent - exponent)
  return scaled(one) % scaled(other) === 0n
}

/** `digits` times ten to the power of `exponent`. */
interface Decimal {
  readonly digits: bigint
  readonly exponent: number
}

/** Returns the shortest decimal number that is read as this number. */
function decimal(value: number): Decimal {
  const [digits = '', exponent] = value.toExponential().split('e')
  const [whole = '', fraction = ''] = digits.split('.')
  return { digits: BigInt(whole + fraction), exponent: Number(exponent) - fraction.length }
}
