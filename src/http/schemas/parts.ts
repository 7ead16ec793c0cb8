/** What several schemas have in common. */

import * as v from 'valibot'
import { isDate } from '../../model/time/instant.ts'

export const INSTANT = v.pipe(v.string(), v.isoTimestamp(), v.description('RFC 3339 timestamp in UTC'))
export const INSTANT_OR_NULL = v.nullable(INSTANT)
export const TEXT_OR_NULL = v.nullable(v.string())
export const COUNT = v.pipe(v.number(), v.integer(), v.minValue(0))
/** A whole number that a database can store. */
export function wholeFrom(least: number) {
  return v.pipe(
    v.number(),
    v.integer('expected a whole number'),
    v.minValue(least, `expected ${least} or more`),
    v.maxValue(Number.MAX_SAFE_INTEGER),
  )
}
export const NUMBER_OR_NULL = v.nullable(v.number())

/** A value to the letter. */
export const SHORT_TEXT = v.pipe(
  TEXT_OR_NULL,
  v.description('JSON text, unchanged; null if there is no value or if it has more than 10,000 characters'),
)
export const LENGTH_OR_NULL = v.pipe(
  v.nullable(COUNT),
  v.description('number of characters; null if there is no value'),
)

export const FAULT = v.nullable(v.strictObject({ type: v.string(), message: v.string(), traceback: v.string() }))
export const PLACE = v.nullable(v.strictObject({ file: v.string(), line: v.number() }))

/** Of what takes nothing. */
export const NOTHING = v.strictObject({})

export const PAGE = {
  limit: v.optional(
    v.pipe(
      v.string(),
      v.regex(/^\d{1,4}$/, 'expected a whole number from 1 to 1000'),
      v.transform(Number),
      v.minValue(1, 'expected a whole number from 1 to 1000'),
      v.maxValue(1_000, 'expected a whole number from 1 to 1000'),
    ),
    '100',
  ),
  cursor: v.optional(v.pipe(v.string(), v.description('`nextCursor` of the previous page'))),
}

export const ASKED_INSTANT = v.pipe(
  v.string(),
  v.isoTimestamp('expected an RFC 3339 timestamp such as 2026-01-31T08:00:00Z'),
  v.check((text) => isDate(text.slice(0, 10)), 'the date does not exist'),
  v.transform(Date.parse),
)

/** Which time. `+` of an offset is a space in a query, unless it is written as `%2B`: `Z` is safe. */
export const TIMES = {
  since: v.optional(v.pipe(ASKED_INSTANT, v.description('include only items at or after this time'))),
  until: v.optional(v.pipe(ASKED_INSTANT, v.description('include only items before this time'))),
}

/** How many parts of a time. */
export function barsOf(usual: number) {
  return v.optional(
    v.pipe(
      v.string(),
      v.regex(/^[1-9]\d{0,2}$/, 'expected a whole number from 1 to 500'),
      v.transform(Number),
      v.maxValue(500, 'expected a whole number from 1 to 500'),
    ),
    String(usual),
  )
}

export const TREND = v.strictObject({
  items: v.array(
    v.strictObject({
      at: v.pipe(INSTANT, v.description('start of the period that is counted')),
      counts: v.record(v.string(), COUNT),
      isEstimate: v.pipe(
        v.boolean(),
        v.description('true if the counts are estimates, because there are too many records'),
      ),
    }),
  ),
  until: INSTANT,
})

export const FLAG = v.pipe(
  v.picklist(['true', 'false'], 'expected true or false'),
  v.transform((text) => text === 'true'),
)

export function listOf<Item extends v.GenericSchema<unknown, unknown>>(item: Item) {
  return v.strictObject({ items: v.array(item), nextCursor: TEXT_OR_NULL })
}

/** Who does something says why. */
export const NOTED = { note: v.optional(v.pipe(v.string(), v.maxLength(1_000, 'expected at most 1000 characters'))) }

export const PROBLEM = v.object({
  type: v.string(),
  title: v.string(),
  status: v.number(),
  detail: v.string(),
  code: v.string(),
})
