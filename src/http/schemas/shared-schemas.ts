/** Parts of several schemas. */

import * as v from 'valibot'
import { isDate } from '../../model/time/instant.ts'

export const INSTANT = v.pipe(v.string(), v.isoTimestamp(), v.description('RFC 3339 timestamp in UTC'))
export const INSTANT_OR_NULL = v.nullable(INSTANT)
export const TEXT_OR_NULL = v.nullable(v.string())
export const COUNT = v.pipe(v.number(), v.integer(), v.minValue(0))
export const NUMBER_OR_NULL = v.nullable(v.number())
export const TAGS_OR_NULL = v.pipe(
  v.nullable(v.record(v.string(), v.string())),
  v.description('tags in the code of the trigger; null if it has the tags of its workflow'),
)

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

export const NO_CONTENT = v.strictObject({})

/** Schema of a whole number in a query, which is a text. */
export function numberText(pattern: RegExp, least: number, most: number) {
  const expected = `a whole number from ${least} to ${most}`
  return v.pipe(
    v.string(),
    v.regex(pattern, expected),
    v.transform(Number),
    v.minValue(least, expected),
    v.maxValue(most, expected),
  )
}

export const PAGE = {
  limit: v.optional(numberText(/^\d{1,4}$/, 1, 1_000), '100'),
  cursor: v.optional(v.pipe(v.string(), v.description('`nextCursor` of the previous page'))),
}

export const INSTANT_PARAMETER = v.pipe(
  v.string(),
  v.isoTimestamp('an RFC 3339 timestamp such as 2026-01-31T08:00:00Z'),
  v.check((text) => isDate(text.slice(0, 10)), 'a date that exists'),
  v.transform(Date.parse),
)

/** Selection by time. In a query, `+` of an offset is a space unless it is written as `%2B`; `Z` is safe. */
export const TIME_FIELDS = {
  since: v.optional(v.pipe(INSTANT_PARAMETER, v.description('include only items at or after this time'))),
  until: v.optional(v.pipe(INSTANT_PARAMETER, v.description('include only items before this time'))),
}

export function barCount(usual: number) {
  return v.optional(numberText(/^[1-9]\d{0,2}$/, 1, 500), String(usual))
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

export const QUERY_FLAG = v.pipe(
  v.picklist(['true', 'false'], 'true or false'),
  v.transform((text) => text === 'true'),
)

export function listSchema<Item extends v.GenericSchema<unknown, unknown>>(item: Item) {
  return v.strictObject({ items: v.array(item), nextCursor: TEXT_OR_NULL })
}

/** Reason of an action. */
export const NOTE_FIELD = {
  note: v.optional(v.pipe(v.string(), v.maxLength(1_000, 'a string of at most 1000 characters'))),
}

export const PROBLEM = v.object({
  type: v.string(),
  title: v.string(),
  status: v.number(),
  detail: v.string(),
  code: v.string(),
})
