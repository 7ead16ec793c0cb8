/** Schemas of options that several rooms use. Their messages are the expected values, for `checked.ts`. */

import * as v from 'valibot'
import { isStorable, STORABLE } from '../model/arguments.ts'
import { durationMs } from '../model/time/duration.ts'

/** Schema of an object whose members are optional. `undefined` stands for an empty object. */
export function optionsSchema<Entries extends v.ObjectEntries>(entries: Entries) {
  return v.optional(v.pipe(v.custom<object>(isTable, 'an object'), v.partial(v.strictObject(entries))), {})
}

/** Schema of an object with any keys. Unlike `v.record`, it keeps keys such as "constructor". */
export function tableSchema<Value>(value: v.GenericSchema<unknown, Value>, expected = 'an object') {
  const members = v.lazy((table) =>
    v.object(Object.fromEntries(Object.keys(table as object).map((key) => [key, value]))),
  )
  // `checked.ts` finds the schema of a member as that of an item of a list.
  return v.pipe(v.custom<object>(isTable, expected), { ...members, item: value })
}

/** Schema of a whole number that a database can store. */
export function wholeNumberAtLeast(least: number, most = Number.MAX_SAFE_INTEGER) {
  const range = most === Number.MAX_SAFE_INTEGER ? `, ${least} or more` : ` from ${least} to ${most}`
  const expected = `a whole number${range}`
  return v.pipe(v.number(expected), v.integer(expected), v.minValue(least, expected), v.maxValue(most, expected))
}

/** Schema of tags: texts by name. */
export const TAGS = tableSchema(v.string(), 'an object of strings')

const LENGTH = `a number of milliseconds from 0 to ${Number.MAX_SAFE_INTEGER}`
/** Schema of a length of time. */
export const MILLISECONDS = v.pipe(v.number(LENGTH), v.minValue(0, LENGTH), v.maxValue(Number.MAX_SAFE_INTEGER, LENGTH))

export const FINITE_NUMBER = v.pipe(v.number('a finite number'), v.finite('a finite number'))

export const DURATION = 'a duration such as "30s", "5m" or "12h"'

/** Schema of a text such as "30s", which it converts to milliseconds. */
export function durationAtLeast(leastMs: number, parse = durationMs) {
  const expected = leastMs === 0 ? DURATION : `${DURATION}, at least ${leastMs}ms`
  return v.pipe(
    v.string(expected),
    v.rawTransform<string, number>(({ dataset, addIssue, NEVER }) => {
      const ms = parse(dataset.value)
      if (typeof ms === 'number' && ms >= leastMs) return ms
      addIssue({ message: typeof ms === 'number' ? expected : `${expected} (${ms.reason})` })
      return NEVER
    }),
  )
}

/** Schema of values that `read` converts. It returns undefined for other values. */
export function convertedBy<Value>(expected: string, read: (value: unknown) => Value | undefined) {
  return v.pipe(
    v.unknown(),
    v.rawTransform<unknown, Value>(({ dataset, addIssue, NEVER }) => {
      const value = read(dataset.value)
      if (value !== undefined) return value
      addIssue({ message: expected })
      return NEVER
    }),
  )
}

export function textSchema(expected: string, fits: (text: string) => boolean) {
  return v.pipe(v.string(expected), v.check(fits, expected))
}

export const NON_EMPTY_TEXT = textSchema('a non-empty string', (text) => text.trim() !== '')

export const STORABLE_TEXT = textSchema(STORABLE, isStorable)

/** Schema of a token that an HTTP header transmits unchanged: no line breaks, and no characters outside ASCII. */
export const HTTP_TOKEN = textSchema(
  'a string of at most 4,096 characters from "!" to "~", without spaces and line breaks',
  (text) => /^[!-~]{1,4096}$/.test(text),
)

export const NAME = v.pipe(
  v.string('a non-empty string'),
  v.minLength(1, 'a non-empty string'),
  v.check(isStorable, STORABLE),
)

export function isTable(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value) && !(value instanceof Date)
}

export const TIME_OF_DAY = textSchema('a time of day from 00:00 to 23:59, such as "07:00"', (text) =>
  /^([01][0-9]|2[0-3]):[0-5][0-9]$/.test(text),
)

export const TIME_ZONE = textSchema('the IANA name of a time zone, such as "Europe/Berlin" or "UTC"', isZone)

/** Intl also accepts offsets such as "+01:00". */
function isZone(name: string): boolean {
  try {
    return /^[A-Za-z]/.test(name) && Intl.DateTimeFormat(undefined, { timeZone: name }) !== null
  } catch {
    return false
  }
}
