/** Standard Schema: checks of contexts by schemas of whatever library, with every problem in one message. */

import type { StandardSchemaV1 } from '@standard-schema/spec'
import { UsageError } from '../errors.ts'
import { shortened, shownValue } from '../model/arguments.ts'
import type { JsonObject } from '../model/context.ts'
import type { InputSchema } from './types/options.ts'
import type { ContextCheck } from './types.ts'

/** Problems that are shown; the rest is counted. */
const MOST_SHOWN = 10

export type { InputSchema }

/** Whether a value is a schema that follows Standard Schema 1. Some libraries have functions for schemas. */
export function isSchema(value: unknown): value is InputSchema {
  if ((typeof value !== 'object' && typeof value !== 'function') || value === null) return false
  const props: unknown = (value as { readonly '~standard'?: unknown })['~standard']
  return typeof props === 'object' && props !== null && typeof (props as { validate?: unknown }).validate === 'function'
}

/** The check of what executions of a workflow begin with: that is what the schema makes of it, with its defaults. */
export function inputCheck(workflow: string, schema: InputSchema): ContextCheck {
  const what = `The input of workflow "${workflow}"`
  return (context) =>
    settled(schema['~standard'].validate(context), (result) => {
      if (result.issues === undefined) return result.value as JsonObject
      throw new UsageError('INVALID_CONTEXT', `${what} does not match its schema: ${shownIssues(result.issues)}.`, {
        workflow,
      })
    })
}

/** `order_id: expected a number; lines[2].sku: missing` */
export function shownIssues(issues: readonly StandardSchemaV1.Issue[]): string {
  const shown = issues.slice(0, MOST_SHOWN).map(({ path, message }) => {
    const where = shownPath(path ?? [])
    const text = shortened(typeof message === 'string' ? message : shownValue(message))
    return where === '' ? text : `${where}: ${text}`
  })
  const more = issues.length - shown.length
  return more > 0 ? `${shown.join('; ')}; and ${more} more` : shown.join('; ')
}

function shownPath(path: NonNullable<StandardSchemaV1.Issue['path']>): string {
  return path.reduce<string>((before, segment) => {
    const key = typeof segment === 'object' ? segment.key : segment
    if (typeof key === 'number') return `${before}[${key}]`
    return before === '' ? String(key) : `${before}.${String(key)}`
  }, '')
}

/** Goes on at once where there is no promise, so that what is synchronous stays so. */
export function settled<Value, Result>(
  value: Value | Promise<Value>,
  then: (value: Value) => Result,
): Result | Promise<Result> {
  return value instanceof Promise ? value.then(then) : then(value)
}
