/** Examples for the OpenAPI document, from the schemas and the names of the values. */

import type { JsonSchema } from './json-schema.ts'

const EXECUTION = '5d7e0c66-4a0e-4c0b-9a5a-0c4f4a4b8f5e'
const ID = '0b7f2f8e-3c55-4d0e-8c39-2f5a0d8f6a11'

const TEXTS: Readonly<Record<string, string>> = {
  id: ID,
  executionId: EXECUTION,
  firingId: ID,
  tickId: ID,
  triggerId: ID,
  scheduleId: ID,
  target: EXECUTION,
  retryOf: EXECUTION,
  source: 'probe',
  reactor: 'oven',
  graph: 'alarm',
  subscription: ID,
  subscriptionId: ID,
  errorFiringId: ID,
  owner: ID,
  sources: 'probe',
  waiting: 'oven',
  inputs: 'probe',
  next: 'warn',
  variant: 'hot',
  node: 'warn',
  predicate: 'payload.probe.c > 80.0',
  when: 'payload.probe.c > 80.0',
  sequence: '12',
  eventText: '{"c": 91.0}',
  valueText: '{"c": 91.0}',
  lastValueText: '{"c": 91.0}',
  payloadText: '{"probe": {"c": 91.0}}',
  resultText: '{"alarm": 91.0}',
  nodesText: '{"judge": ["hot", 91.0]}',
  byHand: 'cli: a try',
  nextCursor: 'MTAwIDViNw',
  cursor: 'MTAwIDViNw',
  endCursor: '12',
  name: 'inbox_watcher',
  trigger: 'inbox_watcher',
  triggerName: 'nightly',
  workflow: 'import_parcels',
  key: 'import_parcels',
  title: 'import_parcels',
  description: 'Imports parcels from the inbox',
  instanceName: 'berlin',
  schedule: 'nightly',
  backfillId: ID,
  refireId: ID,
  task: 'read',
  limit: 'crm',
  limits: 'crm',
  rate: '100/1m',
  per: 'tenant',
  value: 'acme',
  heldBy: EXECUTION,
  receiver: 'oncall',
  response: 'status 204',
  subject: 'import_parcels',
  taskId: 'read',
  from: 'read',
  to: 'book',
  nodes: 'read',
  fullName: 'public::embedded::import_parcels::read',
  dependencies: 'read',
  tenant: 'public',
  package: 'embedded',
  version: '5d41402abc4b2a76',
  script: 'jobs/inbox.py',
  lostScripts: 'jobs/inbox.py',
  late: 'inbox_watcher',
  file: 'jobs/inbox.py',
  place: 'jobs/inbox.py:12',
  kind: 'cancel',
  contextHash: '0cc175b9c0f1b6a8',
  contextText: '{"parcel": 7, "weight": 1.0}',
  paramsText: '{"city": "Berlin"}',
  reason: 'the inbox is empty',
  note: 'the shop is closed today',
  errorType: 'ConnectionError',
  errorMessage: '1 task(s) failed: read',
  cause: 'read: ConnectionError: the shop does not answer (1 of 3 tasks failed)',
  error: 'the shop does not answer',
  message: 'the shop does not answer',
  traceback: 'Traceback (most recent call last):\n  …\nConnectionError: the shop does not answer\n',
  level: 'WARNING',
  logger: 'shop',
  host: 'jobs-1',
  expression: '0 3 * * *',
  timezone: 'Europe/Berlin',
}

const INSTANTS: Readonly<Record<string, string>> = {
  endedAt: '2026-01-31T08:00:02.250+00:00',
  updatedAt: '2026-01-31T08:00:02.250+00:00',
  completedAt: '2026-01-31T08:00:02.250+00:00',
  sinceAt: '2026-01-31T08:00:02.250+00:00',
  closedUntil: '2026-01-31T08:10:00.000+00:00',
  nextRuns: '2026-02-01T02:00:00.000+00:00',
}
const INSTANT = '2026-01-31T08:00:00.000+00:00'

const NUMBERS: Readonly<Record<string, number>> = {
  attempt: 1,
  attempts: 1,
  maxAttempts: 3,
  pid: 4_711,
  line: 12,
  pollIntervalMs: 5_000,
  timeoutMs: 30_000,
  jitterMs: 250,
  maxActive: 1,
  priority: 10,
  forMs: 600_000,
  pauseAfter: 5,
  expectFireMs: 93_600_000,
  deadlineMs: 1_800_000,
  failuresInRow: 0,
  durationMs: 12,
  latenessMs: 1,
  initialDelayMs: 1_000,
  maxDelayMs: 60_000,
  olderThanMs: 604_800_000,
  stopped: 1,
  limit: 10_000,
}

/** Returns a value that fits the schema. `name`: name of the property, or of the list that contains the value. */
export function exampleValue(schema: JsonSchema, name: string): unknown {
  if ('const' in schema) return schema.const
  if (schema.enum !== undefined) return schema.enum[0]
  if (schema.examples !== undefined) return schema.examples[0]
  const choices = schema.anyOf ?? schema.oneOf
  if (choices !== undefined) return exampleValue(choices.find(({ type }) => type !== 'null') ?? {}, name)
  switch (schema.type) {
    case 'string':
      return schema.format === 'date-time' ? (INSTANTS[name] ?? INSTANT) : (TEXTS[name] ?? 'text')
    case 'number':
    case 'integer':
      return NUMBERS[name] ?? 1
    case 'boolean':
      return true
    case 'array':
      return schema.items === undefined ? [] : [exampleValue(schema.items, name)]
    case 'object':
      return objectOf(schema, name)
    default:
      return null
  }
}

function objectOf({ properties = {}, additionalProperties }: JsonSchema, name: string): object {
  const own = Object.entries(properties).map(([key, each]) => [key, exampleValue(each, key)])
  if (own.length > 0 || typeof additionalProperties !== 'object') return Object.fromEntries(own)
  const key = name === 'executions' || name === 'counts' ? 'Completed' : 'parcel'
  return { [key]: exampleValue(additionalProperties, key) }
}

/** Body that is any JSON. */
export const JSON_EXAMPLE = { c: 91.5 }

/** Body or parameter that is a context. */
export const CONTEXT_EXAMPLE = { parcel: 7, weight: 1.5 }
