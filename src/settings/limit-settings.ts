/** Type of the setting `limit`: tables that override the limits of the code. Pure; used by `engine-settings.ts`. */

import * as v from 'valibot'
import { parseRate, RATE_FORM, rateText } from '../model/limits/limit-rate.ts'
import type { LimitRate } from '../model/limits/limits.ts'
import type { OptionSchema } from '../options/checked.ts'
import { convertedBy, isTable, tableSchema, wholeNumberAtLeast } from '../options/schemas.ts'
import { jsonInText, type ValueType, valueType } from './value-types.ts'

/** Values of a limit that the settings give in place of those of the code. */
export interface LimitSetting {
  readonly maxActive?: number
  readonly rate?: LimitRate
}

/** Schema of a text such as `100/1m`, which it converts. */
export const RATE = convertedBy(RATE_FORM, (value) =>
  typeof value === 'string' ? (parseRate(value) ?? undefined) : undefined,
)

const TABLE = 'a table with "max-active" and "rate" of a limit; limits of resources are in the table "limits"'
const AT_LEAST_ONE = 'a table with at least one of "max-active" and "rate"'

const LIMIT = v.pipe(
  v.custom<object>(isTable, TABLE),
  v.strictObject({ 'max-active': v.optional(wholeNumberAtLeast(1)), rate: v.optional(RATE) }),
  v.check((limit) => limit['max-active'] !== undefined || limit.rate !== undefined, AT_LEAST_ONE),
  v.transform(({ 'max-active': maxActive, rate }): LimitSetting => {
    return { ...(maxActive !== undefined && { maxActive }), ...(rate !== undefined && { rate }) }
  }),
)

const NAMES = 'names of limits: 1 to 100 ASCII letters, digits, "_", "-" and "."'

const LIMITS = v.pipe(
  tableSchema(LIMIT as v.GenericSchema<unknown, LimitSetting>, 'a table of limits'),
  v.check((limits) => Object.keys(limits).every((name) => /^[\w.-]{1,100}$/.test(name)), NAMES),
)

/** Limits by name. A variable contains the same as JSON. */
export const LIMIT_SETTINGS: ValueType<Readonly<Record<string, LimitSetting>>> = valueType(
  LIMITS as OptionSchema<Readonly<Record<string, LimitSetting>>>,
  {
    fromText: jsonInText,
    show: (limits) =>
      Object.entries(limits)
        .map(([name, limit]) => `${name}: ${shownLimit(limit)}`)
        .join(', '),
  },
)

function shownLimit({ maxActive, rate }: LimitSetting): string {
  const parts = [
    ...(maxActive === undefined ? [] : [`max-active ${maxActive}`]),
    ...(rate === undefined ? [] : [`rate ${rateText(rate)}`]),
  ]
  return parts.join(' and ')
}
