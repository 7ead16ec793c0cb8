/** Errors as RFC 9457 problems, with the codes of `errors.ts` and a few that only HTTP has. */

import { CloacaError, type ErrorCode, toError } from '../errors.ts'
import type { LogSink } from '../runner/log-lines.ts'

/** What can be wrong with a request before the engine hears of it. */
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
  WORKFLOW_NOT_FOUND: 404,
  TRIGGER_NOT_FOUND: 404,
  EXECUTION_NOT_FOUND: 404,
  SCHEDULE_NOT_FOUND: 404,
  SOURCE_NOT_FOUND: 404,
  REACTOR_NOT_FOUND: 404,
  GRAPH_NOT_FOUND: 404,
  SUBSCRIPTION_NOT_FOUND: 404,
  SOURCE_NOT_PUSHABLE: 409,
  ACTION_REFUSED: 409,
  CRON_DISABLED: 409,
  INVALID_PREDICATE: 422,
  SOURCE_FULL: 429,
  EXECUTION_TIMEOUT: 504,
  RUNNER_CLOSED: 503,
  HOST_CLOSED: 503,
  DATABASE_UNAVAILABLE: 503,
  DATABASE_REPLACED: 503,
}

/** Of a code of `errors.ts`. */
export function statusOf(code: ErrorCode): number {
  return STATUS[code] ?? 500
}

export const TITLES: Readonly<Record<number, string>> = {
  400: 'The request is wrong',
  401: 'A token is needed',
  403: 'The request is refused',
  404: 'There is no such thing',
  405: 'The method is not allowed',
  409: 'It cannot be done now',
  413: 'The body is too large',
  415: 'The body is not JSON',
  421: 'The request is for another host',
  422: 'It cannot be understood',
  429: 'There is no room for more now',
  500: 'It failed',
  503: 'It is not available now',
  504: 'It took too long',
}

/** Events are accumulated by the thousand a second. */
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

/** What is no fault of the caller's goes to the log too; of what we did not expect the caller learns nothing else. */
export function problemResponse(thrown: unknown, log: LogSink): Response {
  if (thrown instanceof HttpProblem) return problem(thrown.status, thrown.code, thrown.message, {}, thrown.headers)
  if (!(thrown instanceof CloacaError)) {
    log({ level: 'error', message: `an HTTP request failed: ${toError(thrown).stack ?? toError(thrown).message}` })
    return problem(500, 'INTERNAL', 'This is a defect in cloaca: its log says more.')
  }
  const status = statusOf(thrown.code)
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
  const body = { type, title: TITLES[status] ?? 'It failed', status, detail, code, ...facts }
  return new Response(JSON.stringify(body), {
    status,
    headers: { 'content-type': 'application/problem+json', ...headers },
  })
}
