/** OpenAPI 3.1 document of the operations and other addresses. Created with the first request. */

import type { OptionSchema } from '../../options/checked.ts'
import { CONTEXT_TEXT, JSON_TEXT, type Operation } from '../operations.ts'
import { packageVersion } from '../package-version.ts'
import { KEY_HEADER, MAX_HEADER_BYTES, REPLAYED_HEADER } from '../routes/start-key.ts'
import { PROBLEM } from '../schemas/shared-schemas.ts'
import { SENT_SIGNAL } from '../schemas/wait-schemas.ts'
import { CONTEXT_EXAMPLE, exampleValue, JSON_EXAMPLE } from './examples.ts'
import { jsonSchema } from './json-schema.ts'
import { OTHER_PATHS } from './other-paths.ts'
import { problemResponse, problemResponses } from './responses.ts'

const DESCRIPTION = `Read the state of triggers, workflows and executions, and control them.

The \`Host\` of a request must be an address that the engine listens on, or a name in the setting \`http.hosts\`.
If a token is set, every request needs it, except for \`/healthz\`, \`/readyz\` and the files of the page.
Without a token, the engine accepts requests from its own machine only, and a request that changes something needs the
header \`Origin\` with the address of the engine.

Times are RFC 3339 timestamps, and durations are in milliseconds. Errors are RFC 9457 problems with a stable \`code\`.`

const TAGS: Readonly<Record<string, string>> = {
  triggers: 'Polled triggers, their ticks (poll results), firings and refires',
  workflows: 'Workflows and their task graphs',
  executions: 'Executions of workflows, with their tasks, attempts, logs and contexts',
  sources: 'Sources of events for reactors',
  reactors: 'Reactors, their firings, and the subscriptions of workflows',
  graphs: 'Computation graphs',
  schedules: 'Cron schedules, their firings and their backfills',
  signals: 'Signals, for which nodes of executions wait',
  approvals: 'Approvals, with which people let executions continue',
  limits: 'Limits of tasks and workflows by key: their slots, values and overrides',
  system: 'Engines and their health, alerts, and the actions of users',
}

const KEY_PARAMETER = {
  name: KEY_HEADER,
  in: 'header',
  required: false,
  description:
    'Key with which the workflow starts once. A request with a known key and an equal context starts nothing; with ' +
    'another context it is rejected with `KEY_REUSED`. Keys are remembered for the setting `retention.keys`.',
  schema: { type: 'string', minLength: 1, maxLength: MAX_HEADER_BYTES },
  example: 'invoice-7',
}

const REPLAYED = {
  description: 'The key is known: the execution that was started first',
  headers: { [REPLAYED_HEADER]: { schema: { type: 'string', const: 'true' } } },
}

const REPEATED_SIGNAL = { ...REPLAYED, description: 'The id is known: the answer to the first request with the id' }

/** `root`: address of the operations; `base`: prefix of all addresses. */
export function openApiDocument(operations: readonly Operation[], root: string, base: string) {
  const paths: Record<string, Record<string, unknown>> = {}
  for (const operation of operations) {
    const path = `${root}${operation.path}`
    paths[path] = { ...paths[path], [operation.method]: described(operation) }
  }
  for (const [path, item] of Object.entries(OTHER_PATHS)) paths[`${base}${path}`] = item
  return {
    openapi: '3.1.0',
    info: {
      title: 'cloaca',
      version: packageVersion(),
      description: DESCRIPTION,
      license: { name: 'Apache-2.0', identifier: 'Apache-2.0' },
    },
    servers: [{ url: '/' }],
    tags: Object.entries(TAGS).map(([name, description]) => ({ name, description })),
    security: [{}, { token: [] }],
    paths,
    components: {
      schemas: { Problem: jsonSchema(PROBLEM, 'output') },
      securitySchemes: {
        token: { type: 'http', scheme: 'bearer', description: 'Value of CLOACA_HTTP_TOKEN' },
      },
    },
  }
}

function described(operation: Operation) {
  const { method, path, tag, summary, body, answer, status, acceptsKey } = operation
  const parameters = [
    ...pathParameters(path),
    ...queryParameters(operation.query),
    ...(acceptsKey ? [KEY_PARAMETER] : []),
  ]
  return {
    operationId: operationId(method, path),
    tags: [tag],
    summary,
    ...(parameters.length > 0 && { parameters }),
    ...(body !== null && { requestBody: requestBody(body) }),
    responses: {
      [status]: {
        description: status === 201 ? 'Created' : 'Success',
        content: content(answer, 'output'),
      },
      ...(acceptsKey && status === 201 && { 200: { ...REPLAYED, content: content(answer, 'output') } }),
      ...(answer === SENT_SIGNAL && { 200: { ...REPEATED_SIGNAL, content: content(answer, 'output') } }),
      ...problemResponses(operation),
      ...(body !== null && { 415: problemResponse(415, ['BODY_NOT_JSON']) }),
    },
  }
}

function requestBody(body: OptionSchema | typeof CONTEXT_TEXT | typeof JSON_TEXT) {
  if (body === JSON_TEXT) return { required: true, content: content(body, 'input') }
  const isNeeded = body !== CONTEXT_TEXT && (jsonSchema(body, 'input').required?.length ?? 0) > 0
  return { required: isNeeded, content: content(body, 'input') }
}

function content(schema: OptionSchema | typeof CONTEXT_TEXT | typeof JSON_TEXT, mode: 'input' | 'output') {
  if (schema === CONTEXT_TEXT) return { 'application/json': { schema: { type: 'object' }, example: CONTEXT_EXAMPLE } }
  if (schema === JSON_TEXT) return { 'application/json': { schema: {}, example: JSON_EXAMPLE } }
  const json = jsonSchema(schema, mode)
  return { 'application/json': { schema: json, example: exampleValue(json, '') } }
}

function pathParameters(path: string) {
  return [...path.matchAll(/\{(\w+)\}/g)].map(([, name = '']) => {
    const schema = { type: 'string' }
    const [, resource = ''] = /^\/(\w+)s\/\{name\}/.exec(path) ?? []
    const example = exampleValue(schema, name === 'name' ? resource : name)
    return { name, in: 'path', required: true, schema, example }
  })
}

function queryParameters(query: OptionSchema) {
  const { properties = {}, required = [] } = jsonSchema(query, 'input')
  return Object.entries(properties).map(([name, { description, ...schema }]) => {
    const words = description === undefined ? {} : { description }
    return { name, in: 'query', required: required.includes(name), ...words, schema }
  })
}

function operationId(method: string, path: string): string {
  const words = path.replace(/[{}]/g, '').split('/').filter(Boolean)
  return [method, ...words].map((word, index) => (index === 0 ? word : word[0]?.toUpperCase() + word.slice(1))).join('')
}
