/** What a setting grants to the scripts of single places. Pure; used by `table.ts`. */

import type { ValueType } from './value-types.ts'

/** Grants of scripts: lists of texts, and whether scripts may call native code (`ffi`). */
export interface GrantedSettings {
  readonly read?: readonly string[]
  readonly write?: readonly string[]
  readonly net?: readonly string[]
  readonly env?: readonly string[]
  readonly ffi?: boolean
}

const LISTS = ['read', 'write', 'net', 'env']

type GrantsByPlace = Readonly<Record<string, GrantedSettings | false>>

/** By place; false for one that is not restricted. In a variable, the same as JSON. */
export const GRANTS_BY_PLACE: ValueType<GrantsByPlace> = {
  expected:
    'a table for each file, folder or module, which contains either only restrict = false, ' +
    'or lists of strings (read, write, net, env) and true or false (ffi)',
  read: grantsByPlaceIn,
  readText: (text) => grantsByPlaceIn(parsed(text)),
  show: (byPlace) => JSON.stringify(byPlace),
}

function grantedIn(value: unknown): GrantedSettings | false | undefined {
  if (value === false) return false
  if (!isTable(value)) return undefined
  const { restrict, ...granted } = value
  if (restrict === false) return Object.keys(granted).length === 0 ? false : undefined
  const isKnown = restrict === undefined || restrict === true
  const fits = Object.entries(granted).every(([key, each]) =>
    key === 'ffi' ? typeof each === 'boolean' : LISTS.includes(key) && isListOfTexts(each),
  )
  return isKnown && fits ? Object.freeze(granted) : undefined
}

/** Unlike other lists it may be empty: nothing is granted. */
function isListOfTexts(value: unknown): boolean {
  return Array.isArray(value) && value.every((each) => typeof each === 'string' && each.trim() !== '')
}

function isTable(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

function grantsByPlaceIn(value: unknown): GrantsByPlace | undefined {
  if (!isTable(value)) return undefined
  const read = Object.entries(value).map(([place, granted]) => [place, grantedIn(granted)] as const)
  if (read.length === 0 || read.some(([place, granted]) => place === '' || granted === undefined)) return undefined
  return Object.freeze(Object.fromEntries(read) as Record<string, GrantedSettings | false>)
}
