/** Standard Schema: checks contexts with schemas of any library, and reports all problems in one message. */

import type { StandardSchemaV1 } from '@standard-schema/spec'
import * as v from 'valibot'
import { UsageError } from '../errors.ts'
import { formatValue, shortenText } from '../model/arguments.ts'
import type { JsonObject } from '../model/context.ts'
import { formatPath } from '../options/checked.ts'
import type { ContextCheck } from './function-types.ts'
import type { InputSchema } from './types/option-types.ts'

/** Maximum number of problems that are shown. The rest is counted. */
const MAX_SHOWN = 10
/** Maximum number of problems in the facts of an error. */
const MAX_PROBLEMS = 50

/** Whether a value is a schema that follows Standard Schema 1. Some libraries have functions for schemas. */
export function isSchema(value: unknown): value is InputSchema {
  if ((typeof value !== 'object' && typeof value !== 'function') || value === null) return false
  const props: unknown = (value as { readonly '~standard'?: unknown })['~standard']
  return typeof props === 'object' && props !== null && typeof (props as { validate?: unknown }).validate === 'function'
}

export const SCHEMA_OPTION = v.custom<InputSchema>(
  isSchema,
  'a schema that implements Standard Schema, for example of valibot, zod or arktype',
)

/** Returns the check of initial contexts of a workflow. Its result is the output of the schema, with its defaults. */
export function inputCheck(workflow: string, schema: InputSchema): ContextCheck {
  const what = `The input of workflow "${workflow}"`
  return (context) =>
    whenSettled(schema['~standard'].validate(context), (result) => {
      if (result.issues === undefined) return result.value as JsonObject
      const { issues } = result
      const problems = issues.slice(0, MAX_PROBLEMS).map(problemOf)
      throw new UsageError('INVALID_CONTEXT', `${what} does not match its schema: ${formatIssues(issues)}.`, {
        workflow,
        problems,
      })
    })
}

/** Returns `order_id: expected a number; lines[2].sku: missing`. */
export function formatIssues(issues: readonly StandardSchemaV1.Issue[]): string {
  const shown = issues.slice(0, MAX_SHOWN).map((issue) => {
    const { path, message } = problemOf(issue)
    return path === '' ? message : `${path}: ${message}`
  })
  const more = issues.length - shown.length
  return more > 0 ? `${shown.join('; ')}; and ${more} more` : shown.join('; ')
}

function problemOf({ path, message }: StandardSchemaV1.Issue) {
  return {
    path: formatPath((path ?? []).map((segment) => (typeof segment === 'object' ? segment.key : segment))),
    message: shortenText(typeof message === 'string' ? message : formatValue(message)),
  }
}

/** Calls a function with the value of a promise, or immediately with another value, so that it stays synchronous. */
export function whenSettled<Value, Result>(
  value: Value | Promise<Value>,
  then: (value: Value) => Result,
): Result | Promise<Result> {
  return value instanceof Promise ? value.then(then) : then(value)
}
