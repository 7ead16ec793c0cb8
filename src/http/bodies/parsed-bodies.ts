/**
 * Parses bodies and returns parts of them: in the calling thread, or for large bodies in the thread of
 * `body-thread-entry.ts`. Results are plain data and as small as possible, because sending a large value between
 * threads takes as long as parsing it.
 */

import { CloacaError, type ErrorCode, type ErrorFacts } from '../../errors.ts'
import { codec } from '../../native/index.ts'
import { elementRanges } from './json-elements.ts'

export interface BodyProblem {
  readonly code: ErrorCode | 'BODY_NOT_JSON'
  readonly message: string
  readonly facts: ErrorFacts
}

/** JSON text of a body without its member `context`, and the unchanged text of that member; null if there is none. */
export interface WithoutContext {
  readonly restText: string
  readonly contextText: string | null
}

export type BodyQuestion =
  | { readonly kind: 'withoutContext'; readonly text: string }
  | { readonly kind: 'elements'; readonly text: string }

export type BodyAnswer =
  | ({ readonly kind: 'withoutContext' } & WithoutContext)
  | { readonly kind: 'elements'; readonly ranges: Uint32Array<ArrayBuffer> | null }
  | { readonly kind: 'refused'; readonly problem: BodyProblem }

export function bodyAnswer({ kind, text }: BodyQuestion): BodyAnswer {
  try {
    const value: unknown = JSON.parse(text)
    if (kind === 'elements') return { kind, ranges: elementRanges(text) }
    return { kind, ...withoutContext(value, text) }
  } catch (thrown) {
    return { kind: 'refused', problem: problemOf(thrown) }
  }
}

/** Empties lists and objects in the rest: the schema checks only their types. */
function withoutContext(value: unknown, text: string): WithoutContext {
  const isObject = typeof value === 'object' && value !== null && !Array.isArray(value)
  if (!isObject) return { restText: JSON.stringify(emptied(value)), contextText: null }
  const rest = Object.entries(value).map(([key, member]) => [key, emptied(member)])
  const contextText = 'context' in value ? codec.pick(text, 'context') : null
  return { restText: JSON.stringify(Object.fromEntries(rest)), contextText }
}

function emptied(value: unknown): unknown {
  if (typeof value !== 'object' || value === null) return value
  return Array.isArray(value) ? [] : {}
}

function problemOf(thrown: unknown): BodyProblem {
  if (thrown instanceof CloacaError) return { code: thrown.code, message: thrown.message, facts: thrown.facts }
  return { code: 'BODY_NOT_JSON', message: `The body is not valid JSON: ${(thrown as Error).message}.`, facts: {} }
}
