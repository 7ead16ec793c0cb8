/** Converts schemas of valibot to JSON Schema. */

import { toJsonSchema } from '@valibot/to-json-schema'
import type { OptionSchema } from '../../options/checked.ts'

export interface JsonSchema {
  readonly [key: string]: unknown
  readonly type?: string
  readonly format?: string
  readonly const?: unknown
  readonly enum?: readonly unknown[]
  readonly examples?: readonly unknown[]
  readonly anyOf?: readonly JsonSchema[]
  readonly oneOf?: readonly JsonSchema[]
  readonly items?: JsonSchema
  readonly properties?: Readonly<Record<string, JsonSchema>>
  readonly additionalProperties?: JsonSchema | boolean
  readonly required?: readonly string[]
}

/** Omits conversions of values, which JSON Schema cannot express. */
export function jsonSchema(schema: OptionSchema, typeMode: 'input' | 'output'): JsonSchema {
  const { $schema: _, ...rest } = toJsonSchema(schema as never, { typeMode, errorMode: 'ignore' })
  return rest as unknown as JsonSchema
}
