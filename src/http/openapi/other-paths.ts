/** Addresses that are not operations: probes, metrics, events, and the document itself. */

import { problemResponse } from './responses.ts'

const READINESS = {
  type: 'object',
  properties: {
    status: { enum: ['ready', 'not ready'] },
    database: {
      type: ['string', 'null'],
      description: 'reason why the database accepts no writes; null if it accepts writes',
    },
    python: {
      type: ['string', 'null'],
      description: 'reason why no interpreter answers; null if an interpreter answers',
    },
  },
  required: ['status', 'database', 'python'],
}
const readiness = (description: string, example: object) => ({
  description,
  content: { 'application/json': { schema: READINESS, example } },
})
const OK = { type: 'object', properties: { status: { const: 'ok' } }, required: ['status'] }
/** Refusals on the paths of probes, which need no token. */
const HOST_REFUSALS = { 400: problemResponse(400, ['HOST_REFUSED']), 421: problemResponse(421, ['HOST_REFUSED']) }
const REFUSALS = {
  ...HOST_REFUSALS,
  401: problemResponse(401, ['TOKEN_REFUSED']),
  403: problemResponse(403, ['ORIGIN_REFUSED']),
}

const EVENTS_EXAMPLE = `id: 1f0c2a9b-0
event: hello
data: {"isComplete":true,"isResumed":false}

id: 1f0c2a9b-1
event: executionStarted
data: {"executionId":"5d7e0c66-4a0e-4c0b-9a5a-0c4f4a4b8f5e","workflow":"import_parcels","origin":{"kind":"call"},"at":"2026-01-31T08:00:00.000+00:00","isResumed":false}
`

export const OTHER_PATHS = {
  '/healthz': {
    get: {
      operationId: 'healthz',
      tags: ['system'],
      summary: 'Check that the process answers',
      security: [{}],
      responses: {
        200: {
          description: 'The process answers',
          content: { 'application/json': { schema: OK, example: { status: 'ok' } } },
        },
        ...HOST_REFUSALS,
      },
    },
  },
  '/readyz': {
    get: {
      operationId: 'readyz',
      tags: ['system'],
      summary: 'Check that the database accepts a write and an interpreter answers, each within 2 s',
      security: [{}],
      responses: {
        200: readiness('The engine is ready', { status: 'ready', database: null, python: null }),
        503: readiness('The engine is not ready', {
          status: 'not ready',
          database: null,
          python: 'No interpreter responded within 2000 ms.',
        }),
        ...HOST_REFUSALS,
      },
    },
  },
  '/metrics': {
    get: {
      operationId: 'metrics',
      tags: ['system'],
      summary: 'Get metrics for Prometheus',
      responses: {
        200: {
          description: 'Metrics in the Prometheus text format, version 0.0.4',
          content: {
            'text/plain': { schema: { type: 'string' }, example: 'cloaca_firings_total{trigger="inbox_watcher"} 7\n' },
          },
        },
        ...REFUSALS,
      },
    },
  },
  '/api/v1/events': {
    get: {
      operationId: 'events',
      tags: ['system'],
      summary: 'Stream engine events as server-sent events until the client disconnects',
      parameters: [
        {
          name: 'Last-Event-ID',
          in: 'header',
          description: 'id of the last event that the client received; the stream resumes after it',
          schema: { type: 'string' },
        },
      ],
      responses: {
        200: {
          description: 'Event stream; the first event is `hello`',
          content: { 'text/event-stream': { schema: { type: 'string' }, example: EVENTS_EXAMPLE } },
        },
        ...REFUSALS,
        503: problemResponse(503, ['TOO_MANY_STREAMS']),
      },
    },
  },
} as const
