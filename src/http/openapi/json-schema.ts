/** What valibot's schemas are in JSON Schema. */

import { toJsonSchema } from '@valibot/to-json-schema'
import type { AnySchema } from '../operations.ts'

export interface JsonSchema {
  readonly [key: string]: unknown
  readonly type?: string
  readonly format?: string
  readonly const?: unknown
  readonly enum?: readonly unknown[]
  readonly anyOf?: readonly JsonSchema[]
  readonly oneOf?: readonly JsonSchema[]
  readonly items?: JsonSchema
  readonly properties?: Readonly<Record<string, JsonSchema>>
  readonly additionalProperties?: JsonSchema | boolean
  readonly required?: readonly string[]
}

/** What is only computed from a value cannot be said in JSON Schema, and need not be. */
export function jsonSchema(schema: AnySchema, typeMode: 'input' | 'output'): JsonSchema {
  const { $schema: _, ...rest } = toJsonSchema(schema as never, { typeMode, errorMode: 'ignore' })
  return rest as unknown as JsonSchema
}
