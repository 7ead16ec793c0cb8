/** Routes of a runner. Loaded with the first request, because many programs never receive one. */

import { Hono } from 'hono'
import { SystemClock } from '../engine/system-clock.ts'
import type { LogSink } from '../runner/log/event-log-lines.ts'
import type { Runner } from '../runner/runner.ts'
import { type AccessRules, assertAllowed, SAFE_HEADERS } from './access/safety.ts'
import { readBody } from './bodies/read-body.ts'
import { ContextAnswers, type StoredContext } from './context-answers.ts'
import { openApiDocument } from './openapi/document.ts'
import { checkedInput, type Operation, textAnswer } from './operations.ts'
import type { OtherRoute } from './other-route.ts'
import { isBrowserRequest, unknownAddressPage } from './page-routes.ts'
import { HttpProblem, problemResponse } from './problems.ts'
import { BATCH_OPERATIONS } from './routes/batch-routes.ts'
import { EXECUTION_OPERATIONS } from './routes/execution-routes.ts'
import { GRAPH_OPERATIONS } from './routes/graph-routes.ts'
import { LIMIT_OPERATIONS } from './routes/limit-routes.ts'
import { LOG_OPERATIONS } from './routes/log-routes.ts'
import { PROCESS_OPERATIONS } from './routes/process-routes.ts'
import { REACTOR_OPERATIONS } from './routes/reactor-routes.ts'
import { SCHEDULE_OPERATIONS } from './routes/schedule-routes.ts'
import { SOURCE_OPERATIONS } from './routes/source-routes.ts'
import { REPLAYED_HEADER, Replayed, startKey } from './routes/start-key.ts'
import { SYSTEM_OPERATIONS } from './routes/system-routes.ts'
import { TRIGGER_OPERATIONS } from './routes/trigger-routes.ts'
import { WAIT_OPERATIONS } from './routes/wait-routes.ts'
import { WORKFLOW_OPERATIONS } from './routes/workflow-routes.ts'
import { SharedAnswers } from './shared-answers.ts'

const API = '/api/v1'

/** @internal */
export const OPERATIONS: readonly Operation[] = [
  ...TRIGGER_OPERATIONS,
  ...WORKFLOW_OPERATIONS,
  ...EXECUTION_OPERATIONS,
  ...LOG_OPERATIONS,
  ...SOURCE_OPERATIONS,
  ...REACTOR_OPERATIONS,
  ...GRAPH_OPERATIONS,
  ...SCHEDULE_OPERATIONS,
  ...BATCH_OPERATIONS,
  ...WAIT_OPERATIONS,
  ...LIMIT_OPERATIONS,
  ...SYSTEM_OPERATIONS,
  ...PROCESS_OPERATIONS,
]

export interface AppOptions {
  /** Prefix of all paths, such as `/cloaca`. */
  readonly basePath: string
  readonly rules: AccessRules
  readonly log: LogSink
  readonly others: readonly OtherRoute[]
}

export type Fetch = (request: Request) => Promise<Response>

export function makeApp(runner: Runner, { basePath, rules, log, others }: AppOptions): Fetch {
  const parts: AppParts = {
    runner,
    contexts: new ContextAnswers(),
    shared: new SharedAnswers(new SystemClock({ keepsProcessAlive: false })),
  }
  const app = new Hono({ strict: true }).basePath(basePath)
  app.use('*', async ({ req }, next) => {
    assertAllowed(req.raw, req.path.slice(basePath.replace(/\/$/, '').length), rules)
    await next()
  })
  for (const operation of OPERATIONS) {
    const path = `${API}${operation.path.replace(/\{(\w+)\}/g, ':$1')}`
    app.on(operation.method.toUpperCase(), path, async ({ req }) => {
      return await answerOf(operation, parts, req.raw, (name) => req.param(name as never) as unknown as string)
    })
  }
  for (const { path, respond } of [...others, openApiRoute(basePath)]) app.get(path, ({ req }) => respond(req.raw))
  for (const [path, methods] of methodsByPath(others)) {
    const allow = methods.join(', ')
    app.all(path, () => {
      throw new HttpProblem(405, 'METHOD_NOT_ALLOWED', `The method is not allowed at this path. Allowed: ${allow}.`, {
        allow,
      })
    })
  }
  const base = basePath.replace(/\/$/, '')
  app.notFound(({ req }) => {
    // Hono has no route for the base path with a slash.
    if ((req.method === 'GET' || req.method === 'HEAD') && base !== '' && req.path === `${base}/`)
      return redirectTo(base, req.url)
    return isBrowserRequest(req.raw)
      ? unknownAddressPage(basePath)
      : problemResponse(unknownRoute(req.path, basePath), log)
  })
  app.onError((error) => problemResponse(error, log))
  return async (request) => withHeaders(await app.fetch(request))
}

interface AppParts {
  readonly runner: Runner
  readonly contexts: ContextAnswers
  readonly shared: SharedAnswers
}

async function answerOf(
  operation: Operation,
  { runner, contexts, shared }: AppParts,
  request: Request,
  param: (name: string) => string,
): Promise<Response> {
  const query = checkedInput(operation.query, Object.fromEntries(new URL(request.url).searchParams), 'query')
  const key = operation.acceptsKey ? startKey(request) : undefined
  const call = { runner, param, query, key, ...(await readBody(request, operation)) }
  const handle = (): Promise<unknown> => operation.handle(call)
  const answer = operation.isShared ? await shared.get(request.url, handle) : await handle()
  if (textAnswer(operation)) return await contexts.answer(answer as StoredContext, request)
  const headers = { 'content-type': 'application/json; charset=utf-8' }
  if (answer instanceof Replayed) {
    return new Response(JSON.stringify(answer.answer), { headers: { ...headers, [REPLAYED_HEADER]: 'true' } })
  }
  return new Response(JSON.stringify(answer), { status: operation.status, headers })
}

function openApiRoute(basePath: string): OtherRoute {
  let text: string | null = null
  const root = `${basePath.replace(/\/$/, '')}${API}`
  return {
    path: `${API}/openapi.json`,
    respond() {
      text ??= JSON.stringify(openApiDocument(OPERATIONS, root, basePath.replace(/\/$/, '')))
      return new Response(text, { headers: { 'content-type': 'application/json; charset=utf-8' } })
    },
  }
}

function methodsByPath(others: readonly OtherRoute[]): ReadonlyMap<string, readonly string[]> {
  const methods = new Map<string, string[]>(others.map(({ path }) => [path, ['GET']]))
  methods.set(`${API}/openapi.json`, ['GET'])
  for (const { path, method } of OPERATIONS) {
    const route = `${API}${path.replace(/\{(\w+)\}/g, ':$1')}`
    methods.set(route, [...(methods.get(route) ?? []), method.toUpperCase()])
  }
  return methods
}

function redirectTo(path: string, url: string): Response {
  return new Response(null, { status: 308, headers: { location: `${path}${new URL(url).search}` } })
}

function unknownRoute(path: string, basePath: string): HttpProblem {
  const api = `${basePath.replace(/\/$/, '')}${API}/openapi.json`
  return new HttpProblem(404, 'ROUTE_NOT_FOUND', `Path "${path}" not found. See "${api}" for all paths.`)
}

/** The headers of the response take precedence. */
function withHeaders(response: Response): Response {
  const headers = new Headers({ ...SAFE_HEADERS, 'cache-control': 'no-store' })
  for (const [name, value] of response.headers) headers.set(name, value)
  return new Response(response.body, { status: response.status, headers })
}
