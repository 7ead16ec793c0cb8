/** Values of the options of the commands, checked. */

import { InvalidArgumentError } from 'commander'
import * as v from 'valibot'
import { HIGHEST_PRIORITY, LOWEST_PRIORITY } from '../model/limits/limits.ts'
import { durationMs } from '../model/time/duration.ts'
import { checkValue } from '../options/checked.ts'
import { wholeNumberAtLeast } from '../options/schemas.ts'
import { durationFrom, type ValueType, valueType, wholeNumberFrom } from '../settings/value-types.ts'

/** Returns a function that converts the text of an option, or rejects it as wrong usage. `also`: end of the message. */
export function optionParser<Value>({ schema, fromText }: ValueType<Value>, also = ''): (text: string) => Value {
  return (text) => {
    const { value, problems } = checkValue(schema, fromText(text))
    const [first] = problems
    if (first === undefined) return value
    throw new InvalidArgumentError(`Expected ${first.expected}${also}.`)
  }
}

export const wholeNumber = optionParser(wholeNumberFrom(0))

export const positiveNumber = optionParser(wholeNumberFrom(1))

/** Converts the text of a priority, from -100 to 100. */
export const priorityParser = optionParser(
  valueType(wholeNumberAtLeast(LOWEST_PRIORITY, HIGHEST_PRIORITY), {
    fromText: (text) => (/^[-+]?\d+$/.test(text.trim()) ? Number(text) : text),
  }),
)

/** Converts `90s`, `12h` or `7d` to milliseconds. */
export const durationParser = optionParser(durationFrom(0))

/** Parses a start: a duration (`2h`) before now, or a time. Other texts are wrong usage. */
export function beginningParser(text: string): { readonly at: number } | { readonly agoMs: number } {
  const agoMs = durationMs(text)
  if (typeof agoMs === 'number') return { agoMs }
  const at = isDate(text.slice(0, 10)) ? Date.parse(text) : Number.NaN
  if (!Number.isNaN(at)) return { at }
  throw new InvalidArgumentError('Expected a duration such as 2h or 7d, or a timestamp such as 2026-01-31T08:00:00Z.')
}

/** Whether the day exists: `Date` reads 30 February as 1 March. */
function isDate(text: string): boolean {
  const at = /^\d{4}-\d\d-\d\d$/.test(text) ? Date.parse(text) : Number.NaN
  return !Number.isNaN(at) && new Date(at).toISOString().startsWith(text)
}

export function beginningInstant(given: ReturnType<typeof beginningParser>, now: number): number {
  return 'at' in given ? given.at : now - given.agoMs
}

/**
 * Returns a function that converts a text to one of these words, ignoring case. `words` are completed on the command
 * line.
 */
export function wordParser<const Word extends string>(
  words: readonly Word[],
): ((text: string) => Word) & { readonly words: readonly Word[] } {
  const fromText = (text: string) => words.find((each) => each.toLowerCase() === text.toLowerCase()) ?? text
  return Object.assign(optionParser(valueType(v.picklist(words), { fromText })), { words })
}
