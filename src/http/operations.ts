/** Routes as data, from which the routes and the OpenAPI document are made. */

import type * as v from 'valibot'
import { type OptionSchema, parseOptions } from '../options/checked.ts'
import type { Runner } from '../runner/runner.ts'
import { NO_CONTENT } from './schemas/shared-schemas.ts'

/** Checked content of a request. */
interface Call<Query, Body> {
  readonly runner: Runner
  /** Returns a part of the path. */
  param(name: string): string
  readonly query: Query
  readonly body: Body
  /** Unchanged text of the body, or of its member `context` for an operation with `bringsContext`; null for none. */
  readonly bodyText: string | null
  /** Key of the header `Idempotency-Key`, for an operation with `acceptsKey`; undefined for none. */
  readonly key: string | undefined
}

/** Kind of a body, or of an answer (a `StoredContext`): the unchanged text of a context, which is a JSON object. */
export const CONTEXT_TEXT = 'context'

/** Kind of a body or an answer: the unchanged text of any JSON value. */
export const JSON_TEXT = 'json'

export interface Operation {
  readonly method: 'get' | 'post' | 'put' | 'delete'
  /** Path below `/api/v1`, such as `/triggers/{name}`. */
  readonly path: string
  readonly tag: string
  readonly summary: string
  readonly query: OptionSchema
  /** Schema of the body; null for no body. The kinds `CONTEXT_TEXT` and `JSON_TEXT` are not parsed. */
  readonly body: OptionSchema | typeof CONTEXT_TEXT | typeof JSON_TEXT | null
  /** Whether the body may have a member `context`. Its text is the `bodyText` of the call, unchanged. */
  readonly bringsContext: boolean
  /** Maximum size of the body in MiB. Null: the usual limit for the kind of body. */
  readonly maxBodyMebibytes: number | null
  /** Whether the operation starts an execution, once for each key. A repeated request is answered with `Replayed`. */
  readonly acceptsKey: boolean
  readonly answer: OptionSchema | typeof CONTEXT_TEXT | typeof JSON_TEXT
  /** Whether equal requests share an answer for a second. */
  readonly isShared: boolean
  readonly status: 200 | 201 | 202
  handle(call: Call<unknown, unknown>): Promise<unknown>
}

interface OperationOptions<Query extends OptionSchema, Body extends OptionSchema> {
  readonly path: string
  readonly tag: string
  readonly summary: string
  readonly query?: Query
  readonly body?: Body
  readonly bringsContext?: true
  readonly maxBodyMebibytes?: number
  readonly acceptsKey?: true
  readonly isShared?: true
  readonly answer: OptionSchema | typeof CONTEXT_TEXT | typeof JSON_TEXT
  readonly status?: 200 | 201 | 202
  handle(call: Call<v.InferOutput<Query>, v.InferOutput<Body>>): Promise<unknown>
}

const DEFAULTS = {
  status: 200,
  query: NO_CONTENT,
  bringsContext: false,
  maxBodyMebibytes: null,
  acceptsKey: false,
  isShared: false,
} as const

export function readOperation<Query extends OptionSchema = typeof NO_CONTENT>(
  options: Omit<OperationOptions<Query, OptionSchema>, 'body'>,
): Operation {
  return { ...DEFAULTS, ...options, method: 'get', body: null } as Operation
}

export function writeOperation<
  Query extends OptionSchema = typeof NO_CONTENT,
  Body extends OptionSchema = typeof NO_CONTENT,
>(options: OperationOptions<Query, Body>): Operation {
  return { ...DEFAULTS, body: NO_CONTENT, ...options, method: 'post' } as Operation
}

/** Replaces what the path names. The `bodyText` of the call is the whole body. */
export function replaceOperation<Body extends OptionSchema>(
  options: OperationOptions<typeof NO_CONTENT, Body>,
): Operation {
  return { ...DEFAULTS, ...options, method: 'put' } as Operation
}

/** A deletion has no body: its note is in the query. */
export function removeOperation<Query extends OptionSchema = typeof NO_CONTENT>(
  options: Omit<OperationOptions<Query, OptionSchema>, 'body'>,
): Operation {
  return { ...DEFAULTS, ...options, method: 'delete', body: null } as Operation
}

/** A write whose body is an unchanged context. */
export function contextBody<Query extends OptionSchema = typeof NO_CONTENT>(
  options: Omit<OperationOptions<Query, OptionSchema>, 'body'>,
): Operation {
  return { ...DEFAULTS, ...options, method: 'post', body: CONTEXT_TEXT } as Operation
}

/** A write whose body is any unchanged JSON value. */
export function jsonBody<Query extends OptionSchema = typeof NO_CONTENT>(
  options: Omit<OperationOptions<Query, OptionSchema>, 'body'>,
): Operation {
  return { ...DEFAULTS, ...options, method: 'post', body: JSON_TEXT } as Operation
}

/** Whether the answer is a `StoredContext`. */
export function textAnswer({ answer }: Operation): boolean {
  return answer === CONTEXT_TEXT || answer === JSON_TEXT
}

/** Returns what a schema makes of a query or a body. Throws `INVALID_ARGUMENT` with all problems. */
export function checkedInput<Value>(schema: OptionSchema<Value>, value: unknown, what: 'query' | 'body'): Value {
  return parseOptions(schema, value, '', { what: `the ${what}`, noun: what === 'query' ? 'parameter' : 'field' })
}

type WithoutUndefined<Options> = { readonly [Key in keyof Options]?: Exclude<Options[Key], undefined> }

export function withoutUndefined<Options extends object>(options: Options): WithoutUndefined<Options> {
  return Object.fromEntries(
    Object.entries(options).filter(([, value]) => value !== undefined),
  ) as WithoutUndefined<Options>
}
