/** RFC 9457 problems for errors, with the codes of `errors.ts` and a few of HTTP alone. */

import { CloacaError, type ErrorCode, toError } from '../errors.ts'
import type { LogSink } from '../runner/log/event-log-lines.ts'

/** Problems of requests that do not reach the engine. */
export type HttpProblemCode =
  | 'ROUTE_NOT_FOUND'
  | 'METHOD_NOT_ALLOWED'
  | 'HOST_REFUSED'
  | 'ORIGIN_REFUSED'
  | 'TOKEN_REFUSED'
  | 'BODY_TOO_LARGE'
  | 'BODY_NOT_JSON'
  | 'BODY_CUT_OFF'
  | 'TOO_MANY_STREAMS'
  | 'TOO_MANY_LARGE_ANSWERS'
  | 'TICK_NOT_FOUND'
  | 'FIRING_NOT_FOUND'
  | 'EVENT_NOT_FOUND'

const STATUS: Readonly<Partial<Record<ErrorCode, number>>> = {
  INVALID_ARGUMENT: 400,
  INVALID_CONTEXT: 400,
  INVALID_CRON: 400,
  INVALID_TIMEZONE: 400,
  INVALID_VALUES: 400,
  WORKFLOW_NOT_FOUND: 404,
  TRIGGER_NOT_FOUND: 404,
  EXECUTION_NOT_FOUND: 404,
  SCHEDULE_NOT_FOUND: 404,
  BATCH_NOT_FOUND: 404,
  SOURCE_NOT_FOUND: 404,
  REACTOR_NOT_FOUND: 404,
  GRAPH_NOT_FOUND: 404,
  SUBSCRIPTION_NOT_FOUND: 404,
  APPROVAL_NOT_FOUND: 404,
  LIMIT_NOT_FOUND: 404,
  SOURCE_NOT_PUSHABLE: 409,
  ACTION_REFUSED: 409,
  ALREADY_ANSWERED: 409,
  LIMITED: 409,
  STATE_CHANGED: 409,
  CRON_DISABLED: 409,
  INVALID_PREDICATE: 422,
  TRIGGER_HAS_NO_STATE: 422,
  KEY_REUSED: 422,
  SOURCE_FULL: 429,
  EXECUTION_TIMEOUT: 504,
  RUNNER_CLOSED: 503,
  HOST_CLOSED: 503,
  DATABASE_UNAVAILABLE: 503,
  DATABASE_REPLACED: 503,
}

export function statusCode(code: ErrorCode): number {
  return STATUS[code] ?? 500
}

export const TITLES: Readonly<Record<number, string>> = {
  400: 'Invalid request',
  401: 'Token required',
  403: 'Request not allowed',
  404: 'Not found',
  405: 'Method not allowed',
  409: 'Not possible in the current state',
  413: 'Body too large',
  415: 'Body is not JSON',
  421: 'Host not accepted',
  422: 'Content cannot be processed',
  429: 'Queue is full',
  500: 'Internal server error',
  503: 'Temporarily unavailable',
  504: 'Timed out',
}

/** Thousands of events are accumulated per second. */
const ROOM_SOON = { 'retry-after': '1' }

export class HttpProblem extends Error {
  readonly status: number
  readonly code: HttpProblemCode
  readonly headers: Readonly<Record<string, string>>

  constructor(status: number, code: HttpProblemCode, message: string, headers: Readonly<Record<string, string>> = {}) {
    super(message)
    this.status = status
    this.code = code
    this.headers = headers
  }
}

/** Errors that the caller did not cause are logged. Of unexpected errors, the caller receives no details. */
export function problemResponse(thrown: unknown, log: LogSink): Response {
  if (thrown instanceof HttpProblem) return problem(thrown.status, thrown.code, thrown.message, {}, thrown.headers)
  if (!(thrown instanceof CloacaError)) {
    log({ level: 'error', message: `an HTTP request failed: ${toError(thrown).stack ?? toError(thrown).message}` })
    return problem(
      500,
      'INTERNAL',
      'The request failed because of a defect in cloaca. Please report the error from the log of the engine.',
    )
  }
  const status = statusCode(thrown.code)
  if (status === 500) log({ level: 'error', message: `an HTTP request failed: ${thrown.message}` })
  const { traceback: _, ...facts } = thrown.facts
  return problem(status, thrown.code, thrown.message, facts, status === 429 ? ROOM_SOON : {})
}

function problem(
  status: number,
  code: ErrorCode | HttpProblemCode,
  detail: string,
  facts: object = {},
  headers: Readonly<Record<string, string>> = {},
): Response {
  const type = `urn:cloaca:problem:${code}`
  const body = { type, title: TITLES[status] ?? 'Error', status, detail, code, ...facts }
  return new Response(JSON.stringify(body), {
    status,
    headers: { 'content-type': 'application/problem+json', ...headers },
  })
}
