/** The OpenAPI 3.1 document of the operations. Made when it is asked for first. */

import { toJsonSchema } from '@valibot/to-json-schema'
import { type AnySchema, CONTEXT_TEXT, type Operation } from './operations.ts'
import { packageVersion } from './package-version.ts'
import { PROBLEM } from './schemas/parts.ts'

interface JsonSchema {
  readonly [key: string]: unknown
  readonly properties?: Readonly<Record<string, JsonSchema>>
  readonly required?: readonly string[]
}

const CONTEXT_CONTENT = { 'application/json': { schema: { type: 'object' } } }

export function openApiDocument(operations: readonly Operation[], root: string) {
  const paths: Record<string, Record<string, unknown>> = {}
  for (const operation of operations) {
    const path = `${root}${operation.path}`
    paths[path] = { ...paths[path], [operation.method]: described(operation) }
  }
  return {
    openapi: '3.1.0',
    info: { title: 'cloaca', version: packageVersion(), description: 'What the engine did, and ways to act.' },
    paths,
    components: {
      schemas: { Problem: jsonSchema(PROBLEM, 'output') },
      securitySchemes: { token: { type: 'http', scheme: 'bearer', description: 'CLOACA_HTTP_TOKEN' } },
    },
  }
}

function described(operation: Operation) {
  const { method, path, tag, summary, body, answer, status } = operation
  const parameters = [...pathParameters(path), ...queryParameters(operation.query)]
  return {
    operationId: operationId(method, path),
    tags: [tag],
    summary,
    ...(parameters.length > 0 && { parameters }),
    ...(body !== null && { requestBody: requestBody(body) }),
    ...(method !== 'get' && { security: [{}, { token: [] }] }),
    responses: {
      [status]: { description: 'done', content: content(answer, 'output') },
      default: {
        description: 'an RFC 9457 problem',
        content: { 'application/problem+json': { schema: { $ref: '#/components/schemas/Problem' } } },
      },
    },
  }
}

function requestBody(body: AnySchema | typeof CONTEXT_TEXT) {
  const isNeeded = body !== CONTEXT_TEXT && (jsonSchema(body, 'input').required?.length ?? 0) > 0
  return { required: isNeeded, content: content(body, 'input') }
}

function content(schema: AnySchema | typeof CONTEXT_TEXT, mode: 'input' | 'output') {
  return schema === CONTEXT_TEXT ? CONTEXT_CONTENT : { 'application/json': { schema: jsonSchema(schema, mode) } }
}

function pathParameters(path: string) {
  return [...path.matchAll(/\{(\w+)\}/g)].map(([, name]) => {
    return { name, in: 'path', required: true, schema: { type: 'string' } }
  })
}

function queryParameters(query: AnySchema) {
  const { properties = {}, required = [] } = jsonSchema(query, 'input')
  return Object.entries(properties).map(([name, { description, ...schema }]) => {
    const words = description === undefined ? {} : { description }
    return { name, in: 'query', required: required.includes(name), ...words, schema }
  })
}

/** What is only computed from a value cannot be said in JSON Schema, and need not be. */
function jsonSchema(schema: AnySchema, typeMode: 'input' | 'output'): JsonSchema {
  const { $schema: _, ...rest } = toJsonSchema(schema as never, { typeMode, errorMode: 'ignore' })
  return rest as unknown as JsonSchema
}

function operationId(method: string, path: string): string {
  const words = path.replace(/[{}]/g, '').split('/').filter(Boolean)
  return [method, ...words].map((word, index) => (index === 0 ? word : word[0]?.toUpperCase() + word.slice(1))).join('')
}
