/**
 * Converts schemas of payloads, forms and inputs to JSON Schema. The converted schema describes the values before the
 * conversions of the schema, because they are stored as they are sent.
 */

import type { StandardJSONSchemaV1 } from '@standard-schema/spec'
import { toJsonSchema } from '@valibot/to-json-schema'
import { toError, UsageError } from '../../errors.ts'
import type { JsonObject } from '../../model/context.ts'
import { plainJson } from '../../model/plain-json.ts'
import type { Owner } from '../../options/checked.ts'
import { isSchema } from '../schema-options.ts'
import type { InputSchema } from '../types/option-types.ts'

const TARGET = 'draft-2020-12'

/** Throws `INVALID_ARGUMENT` for a schema that JSON Schema cannot express. `path`: the option. */
export function schemaAsJson(owner: Owner, path: string, schema: InputSchema | JsonObject): JsonObject {
  const refuse = (why: string, cause: unknown) =>
    new UsageError('INVALID_ARGUMENT', `"${path}" of ${owner.what} ${why}`, { ...owner.facts, path, cause })
  let found: Readonly<Record<string, unknown>>
  try {
    found = isSchema(schema) ? converted(schema, 'throw') : schema
  } catch (thrown) {
    throw refuse(`cannot be expressed in JSON Schema: ${toError(thrown).message}`, thrown)
  }
  try {
    const { $schema: _, ...rest } = found
    return plainJson(rest, path) as JsonObject
  } catch (thrown) {
    const at = thrown instanceof UsageError ? thrown.facts.path : path
    throw refuse(`must contain only JSON values, but "${at}" is not one.`, thrown)
  }
}

/** Returns the JSON Schema of the input of a workflow, or null if JSON Schema cannot express it. */
export function inputAsJson(schema: InputSchema): JsonObject | null {
  try {
    const { $schema: _, ...rest } = converted(schema, 'ignore')
    return plainJson(rest, 'input') as JsonObject
  } catch {
    // Ignored: only forms use the JSON Schema, and the schema itself checks the input
    return null
  }
}

/** `errorMode`: whether parts of a schema of valibot that JSON Schema cannot express are left out. */
function converted(schema: InputSchema, errorMode: 'throw' | 'ignore'): Readonly<Record<string, unknown>> {
  const props: InputSchema['~standard'] & Partial<StandardJSONSchemaV1.Props> = schema['~standard']
  if (props.jsonSchema !== undefined) return props.jsonSchema.input({ target: TARGET })
  if (props.vendor === 'valibot') {
    return { ...toJsonSchema(schema as never, { target: TARGET, typeMode: 'input', errorMode }) }
  }
  const remedy = 'Use valibot, zod or arktype, or another library that implements Standard JSON Schema.'
  // Uncoded: the caller adds the name of the option.
  throw new TypeError(`the library "${props.vendor}" does not convert its schemas. ${remedy}`)
}
