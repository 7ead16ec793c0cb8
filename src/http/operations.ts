/** What a route is: data, from which the routes and the OpenAPI document are made. */

import * as v from 'valibot'
import { UsageError } from '../errors.ts'
import { didYouMean } from '../registry/nearest.ts'
import type { Runner } from '../runner/runner.ts'
import { NOTHING } from './schemas/parts.ts'

export type AnySchema = v.GenericSchema<unknown, unknown>

/** What a request asks for, checked. */
export interface Call<Query, Body> {
  readonly runner: Runner
  /** A part of the path. */
  param(name: string): string
  readonly query: Query
  readonly body: Body
  /** Unchanged text of the body, or of its member `context` for an operation with `bringsContext`; null for none. */
  readonly bodyText: string | null
}

/** Kind of a body, or of an answer (a `StoredContext`): the unchanged text of a context, which is a JSON object. */
export const CONTEXT_TEXT = 'context'

/** Kind of a body or an answer: the unchanged text of any JSON value. */
export const JSON_TEXT = 'json'

export interface Operation {
  readonly method: 'get' | 'post' | 'delete'
  /** `/triggers/{name}`, below `/api/v1`. */
  readonly path: string
  readonly tag: string
  readonly summary: string
  readonly query: AnySchema
  /** Schema of the body; null for no body. The kinds `CONTEXT_TEXT` and `JSON_TEXT` are not parsed. */
  readonly body: AnySchema | typeof CONTEXT_TEXT | typeof JSON_TEXT | null
  /** Whether the body may have a member `context`. Its text is the `bodyText` of the call, unchanged. */
  readonly bringsContext: boolean
  readonly answer: AnySchema | typeof CONTEXT_TEXT | typeof JSON_TEXT
  /** Whether equal requests share an answer for a second. */
  readonly isShared: boolean
  /** Of its answer. */
  readonly status: 200 | 201 | 202
  handle(call: Call<unknown, unknown>): Promise<unknown>
}

interface OperationOptions<Query extends AnySchema, Body extends AnySchema> {
  readonly path: string
  readonly tag: string
  readonly summary: string
  readonly query?: Query
  readonly body?: Body
  readonly bringsContext?: true
  readonly isShared?: true
  readonly answer: AnySchema | typeof CONTEXT_TEXT | typeof JSON_TEXT
  readonly status?: 200 | 201 | 202
  handle(call: Call<v.InferOutput<Query>, v.InferOutput<Body>>): Promise<unknown>
}

const DEFAULTS = { status: 200, query: NOTHING, bringsContext: false, isShared: false } as const

export function reading<Query extends AnySchema = typeof NOTHING>(
  options: Omit<OperationOptions<Query, AnySchema>, 'body'>,
): Operation {
  return { ...DEFAULTS, ...options, method: 'get', body: null } as Operation
}

export function writing<Query extends AnySchema = typeof NOTHING, Body extends AnySchema = typeof NOTHING>(
  options: OperationOptions<Query, Body>,
): Operation {
  return { ...DEFAULTS, body: NOTHING, ...options, method: 'post' } as Operation
}

/** What removes something takes no body: its note is in the query. */
export function removing<Query extends AnySchema = typeof NOTHING>(
  options: Omit<OperationOptions<Query, AnySchema>, 'body'>,
): Operation {
  return { ...DEFAULTS, ...options, method: 'delete', body: null } as Operation
}

/** A write whose body is a context, kept to the letter. */
export function sendingContext<Query extends AnySchema = typeof NOTHING>(
  options: Omit<OperationOptions<Query, AnySchema>, 'body'>,
): Operation {
  return { ...DEFAULTS, ...options, method: 'post', body: CONTEXT_TEXT } as Operation
}

/** A write whose body is any JSON value, kept to the letter. */
export function sendingJson<Query extends AnySchema = typeof NOTHING>(
  options: Omit<OperationOptions<Query, AnySchema>, 'body'>,
): Operation {
  return { ...DEFAULTS, ...options, method: 'post', body: JSON_TEXT } as Operation
}

/** Its answer is a `StoredContext`. */
export function answersText({ answer }: Operation): boolean {
  return answer === CONTEXT_TEXT || answer === JSON_TEXT
}

/** What fits, or `INVALID_ARGUMENT` with everything that does not. `what`: `query` or `body`. */
export function checked(schema: AnySchema, value: unknown, what: string): unknown {
  const result = v.safeParse(schema, value)
  if (result.success) return result.output
  const problems = result.issues.map((issue) => problemText(schema, issue, what))
  throw new UsageError('INVALID_ARGUMENT', problems.join(' '), {
    path: (result.issues[0] && v.getDotPath(result.issues[0])) ?? what,
  })
}

/** Describes one problem as a sentence. */
function problemText(schema: AnySchema, issue: v.BaseIssue<unknown>, what: string): string {
  const path = v.getDotPath(issue)
  const subject = path === null ? what : `${what === 'query' ? 'parameter' : 'field'} "${path}" in the ${what}`
  const keys = (issue.path ?? []).map(({ key }) => String(key))
  // Valibot's own text for an unknown field is "Expected never".
  if (issue.expected === 'never') {
    return `Unknown ${subject}.${didYouMean(keys.at(-1) ?? '', fieldsAt(schema, keys.slice(0, -1)))}`
  }
  const isMissing = issue.received === 'undefined' && issue.expected === JSON.stringify(keys.at(-1))
  if (isMissing) return `Missing ${subject}.`
  return `Invalid ${subject}: ${issue.message.replace(/^Invalid \w+: Expected/, 'expected')}.`
}

/** Returns the names of the fields that a schema has at a path; none where it is not an object. */
function fieldsAt(schema: unknown, path: readonly string[]): readonly string[] {
  const { wrapped, item, entries = {} } = (schema ?? {}) as SchemaParts
  if (wrapped !== undefined) return fieldsAt(wrapped, path)
  const [key, ...rest] = path
  if (key === undefined) return Object.keys(entries)
  return fieldsAt(item ?? (Object.hasOwn(entries, key) ? entries[key] : undefined), rest)
}

/** Parts of a schema of Valibot: of an optional one, of a list, and of an object. */
interface SchemaParts {
  readonly wrapped?: unknown
  readonly item?: unknown
  readonly entries?: Readonly<Record<string, unknown>>
}

type Given<Options> = { readonly [Key in keyof Options]?: Exclude<Options[Key], undefined> }

/** Without what was left out. */
export function given<Options extends object>(options: Options): Given<Options> {
  return Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined)) as Given<Options>
}
