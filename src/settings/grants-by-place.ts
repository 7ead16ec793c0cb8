/** Grants of a setting to scripts by place. Pure; used by `settings-table.ts`. */

import * as v from 'valibot'
import { convertedBy, isTable, NON_EMPTY_TEXT } from '../options/schemas.ts'
import { jsonInText, type ValueType, valueType } from './value-types.ts'

/** Grants of scripts: lists of texts, and whether scripts may call native code (`ffi`). */
export interface GrantedSettings {
  readonly read?: readonly string[]
  readonly write?: readonly string[]
  readonly net?: readonly string[]
  readonly env?: readonly string[]
  readonly ffi?: boolean
}

type GrantsByPlace = Readonly<Record<string, GrantedSettings | false>>

/** Unlike other lists, it can be empty. Then it grants nothing. */
const LIST = v.optional(v.array(NON_EMPTY_TEXT))
const NOT_RESTRICTED = v.strictObject({ restrict: v.literal(false) })
const GRANTED = v.strictObject({
  restrict: v.optional(v.literal(true)),
  ...{ read: LIST, write: LIST, net: LIST, env: LIST },
  ffi: v.optional(v.boolean()),
})

/** Grants by place; false for a place that is not restricted. A variable contains the same as JSON. */
export const GRANTS_BY_PLACE: ValueType<GrantsByPlace> = valueType(
  convertedBy(
    'a table for each file, folder or module, which contains either only restrict = false, ' +
      'or lists of strings (read, write, net, env) and true or false (ffi)',
    grantsByPlaceIn,
  ),
  { fromText: jsonInText, show: (byPlace) => JSON.stringify(byPlace) },
)

function grantsByPlaceIn(value: unknown): GrantsByPlace | undefined {
  if (!isTable(value)) return undefined
  const read = Object.entries(value).map(([place, granted]) => [place, grantedIn(granted)] as const)
  if (read.length === 0 || read.some(([place, granted]) => place === '' || granted === undefined)) return undefined
  return Object.freeze(Object.fromEntries(read) as Record<string, GrantedSettings | false>)
}

function grantedIn(value: unknown): GrantedSettings | false | undefined {
  if (value === false || v.is(NOT_RESTRICTED, value)) return false
  const { success, output } = v.safeParse(GRANTED, value)
  if (!success || Array.isArray(value)) return undefined
  const { restrict: _, ...granted } = output
  return Object.freeze(granted) as GrantedSettings
}
