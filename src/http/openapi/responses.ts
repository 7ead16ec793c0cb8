/** Problems of each operation, by kind, resource and action. A test compares them with real answers. */

import type { ErrorCode } from '../../errors.ts'
import { type Operation, textAnswer } from '../operations.ts'
import { type HttpProblemCode, statusCode, TITLES } from '../problems.ts'

type Code = ErrorCode | HttpProblemCode

const OF_HTTP: Readonly<Partial<Record<Code, number>>> = {
  BODY_NOT_JSON: 400,
  BODY_CUT_OFF: 400,
  TOKEN_REFUSED: 401,
  ORIGIN_REFUSED: 403,
  BODY_TOO_LARGE: 413,
  HOST_REFUSED: 421,
  FIRING_NOT_FOUND: 404,
  EVENT_NOT_FOUND: 404,
  TOO_MANY_LARGE_ANSWERS: 503,
}

const ALWAYS: readonly Code[] = [
  'INVALID_ARGUMENT',
  'TOKEN_REFUSED',
  'ORIGIN_REFUSED',
  'HOST_REFUSED',
  'INTERNAL',
  'DATABASE_FAILED',
  'RUNNER_CLOSED',
  'DATABASE_UNAVAILABLE',
  'DATABASE_REPLACED',
]
const WITH_BODY: readonly Code[] = ['BODY_NOT_JSON', 'BODY_CUT_OFF', 'BODY_TOO_LARGE', 'INVALID_CONTEXT']

/** Codes by the beginning or the end of the path. */
const BY_PATH: readonly (readonly [RegExp, readonly Code[]])[] = [
  [/^\/triggers\/\{/, ['TRIGGER_NOT_FOUND']],
  [/^\/triggers\/\{name\}\/state$/, ['TRIGGER_HAS_NO_STATE']],
  [/^\/workflows\/\{/, ['WORKFLOW_NOT_FOUND']],
  [/^\/executions(\/\{|$)/, ['EXECUTION_NOT_FOUND']],
  [/^\/schedules\/\{/, ['SCHEDULE_NOT_FOUND']],
  [/^\/(backfills|refires)\/\{/, ['BATCH_NOT_FOUND']],
  [/^\/sources\/\{/, ['SOURCE_NOT_FOUND']],
  [/^\/sources\/\{name\}\/events\/\{/, ['EVENT_NOT_FOUND']],
  [/^\/reactors\/\{/, ['REACTOR_NOT_FOUND']],
  [/^\/firings\/\{/, ['FIRING_NOT_FOUND']],
  [/^\/graphs\/\{/, ['GRAPH_NOT_FOUND']],
  [/^\/subscriptions\/\{/, ['SUBSCRIPTION_NOT_FOUND']],
  [/^\/approvals\/\{/, ['APPROVAL_NOT_FOUND']],
  [/^\/limits\/\{/, ['LIMIT_NOT_FOUND']],
]
const BY_ACTION: readonly (readonly [RegExp, readonly Code[]])[] = [
  [/^\/executions$|^\/schedules$|\/retry$|^\/triggers.*\/fire$/, ['WORKFLOW_NOT_FOUND']],
  [/^\/(?!subscriptions|limits).*\/(cancel|pause|resume|retry|poll|set)$/, ['ACTION_REFUSED']],
  [/\/(backfills|refires)$/, ['ACTION_REFUSED', 'WORKFLOW_NOT_FOUND']],
  [/\/refires$/, ['INVALID_TIMEZONE']],
  [/^\/triggers\/\{name\}\/state$/, ['ACTION_REFUSED', 'STATE_CHANGED']],
  [/\/retry$/, ['LIMITED']],
  [/\/(test|poll)$/, ['HOST_CLOSED']],
  [/^\/signals/, ['KEY_REUSED']],
  [/^\/approvals/, ['ALREADY_ANSWERED', 'INVALID_VALUES']],
  [/^\/sources/, ['SOURCE_NOT_PUSHABLE', 'SOURCE_FULL']],
  [/^\/subscriptions$/, ['INVALID_PREDICATE', 'REACTOR_NOT_FOUND', 'WORKFLOW_NOT_FOUND']],
  [/^\/schedules/, ['CRON_DISABLED', 'INVALID_CRON', 'INVALID_TIMEZONE']],
]

export function problemResponses(operation: Operation): Record<string, object> {
  const responses: Record<string, object> = {}
  for (const [status, codes] of Map.groupBy(codesOf(operation), httpStatusOf)) {
    responses[status] = problemResponse(status, codes)
  }
  return responses
}

function codesOf(operation: Operation): readonly Code[] {
  const { path, method, body, acceptsKey, status } = operation
  const matching = (rows: typeof BY_PATH) => rows.flatMap(([pattern, codes]) => (pattern.test(path) ? codes : []))
  const isWriting = method !== 'get'
  const codes: readonly Code[] = [
    ...ALWAYS,
    ...matching(BY_PATH),
    ...(isWriting ? matching(BY_ACTION) : []),
    ...(body === null ? [] : WITH_BODY),
    ...(acceptsKey && status === 201 ? (['KEY_REUSED', 'LIMITED'] as const) : []),
    ...(textAnswer(operation) ? ['TOO_MANY_LARGE_ANSWERS' as const] : []),
  ]
  return [...new Set(codes)]
}

function httpStatusOf(code: Code): number {
  return OF_HTTP[code] ?? statusCode(code as ErrorCode)
}

/** `415` is another reason for a body that is not JSON. */
export function problemResponse(status: number, codes: readonly Code[]): object {
  const title = TITLES[status] ?? 'Error'
  const examples = codes.map((code) => [code, { value: problemExample(status, title, code) }])
  return {
    description: `${title}: ${codes.map((code) => `\`${code}\``).join(', ')}`,
    ...((status === 503 || status === 429) && {
      headers: {
        'Retry-After': { description: 'seconds to wait before the next attempt', schema: { type: 'integer' } },
      },
    }),
    content: {
      'application/problem+json': {
        schema: { $ref: '#/components/schemas/Problem' },
        examples: Object.fromEntries(examples),
      },
    },
  }
}

function problemExample(status: number, title: string, code: Code): object {
  const detail = code === 'TRIGGER_NOT_FOUND' ? 'Trigger "inbox_watchr" not found in this database.' : `${title}.`
  return { type: `urn:cloaca:problem:${code}`, title, status, detail, code }
}
