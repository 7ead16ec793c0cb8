/** Targets for the requests of `route-cases.ts`: a server on a port, or a handler in this process. */

import { listen } from '../../src/http/server.ts'
import { httpHandler, type Runner } from '../../src/index.ts'
import { answersTo, RawClient } from './raw-client.ts'
import type { RouteCase } from './route-cases.ts'
import type { Access, RouteRequest } from './route-requests.ts'

interface RouteAnswer {
  readonly status: number
  readonly headers: Readonly<Record<string, string>>
  readonly body: string
}

export interface RouteTarget extends AsyncDisposable {
  readonly access: Access
  send(request: RouteRequest): Promise<RouteAnswer>
  /** Sends bytes on a new connection, and returns everything that the server sends back. */
  sendBytes(bytes: string): Promise<string>
}

export interface TargetOptions {
  /** Address of a server, or null for a handler in this process. */
  readonly listensOn: string | null
  readonly token: string | null
}

/** Maximum number of simultaneous requests. */
const MAX_OPEN = 8

/** Token that is long enough for a server on a public address. */
export const ROUTE_TOKEN = 'A-token-that-nobody-guesses'

export async function openTarget(runner: Runner, { listensOn, token }: TargetOptions): Promise<RouteTarget> {
  return listensOn === null ? handlerTarget(runner, token) : await serverTarget(runner, listensOn, token)
}

/** Sends all requests, and returns a text for each wrong answer. */
export async function findingsOf(target: RouteTarget, cases: readonly RouteCase[]): Promise<readonly string[]> {
  const found: string[] = []
  const waiting = cases.values()
  const sendAll = async (): Promise<void> => {
    for (const each of waiting) {
      const finding = await findingOf(target, each)
      if (finding !== null) found.push(finding)
    }
  }
  await Promise.all(Array.from({ length: MAX_OPEN }, sendAll))
  return found
}

async function findingOf(target: RouteTarget, { name, request, expected }: RouteCase): Promise<string | null> {
  const { status, headers, body } = await target.send(request)
  const shown = `${request.method} ${request.target} ${name}`
  if (!expected.includes(status)) return `${shown}: ${status} instead of ${expected.join(' or ')}`
  const opened = Object.keys(headers).find((header) => header.startsWith('access-control-') || header === 'set-cookie')
  if (opened !== undefined) return `${shown}: the answer has the header "${opened}"`
  return body.includes(ROUTE_TOKEN) && !request.target.includes(ROUTE_TOKEN)
    ? `${shown}: the answer has the token`
    : null
}

async function serverTarget(runner: Runner, host: string, token: string | null): Promise<RouteTarget> {
  const server = await listen(runner, { host, port: 0, mayMove: false, hosts: [], token, log: () => undefined })
  const port = Number(new URL(server.url).port)
  const idle = Array.from({ length: MAX_OPEN }, () => new RawClient(port))
  return {
    access: { token, host: `127.0.0.1:${port}`, hasAllAddresses: host === '0.0.0.0', isRaw: true },
    async send(request) {
      const client = idle.pop() ?? new RawClient(port)
      const answer = await client.send(bytesOf(request))
      idle.push(client)
      return answer
    },
    sendBytes: (bytes) => answersTo(port, bytes),
    async [Symbol.asyncDispose]() {
      for (const client of idle) client.close()
      await server.close()
    },
  }
}

function bytesOf({ method, target, headers, body }: RouteRequest): string {
  const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}`)
  const content = Buffer.from(body ?? '').toString('latin1')
  const length = body === null ? [] : [`content-length: ${content.length}`]
  return `${[`${method} ${target} HTTP/1.1`, ...lines, ...length].join('\r\n')}\r\n\r\n${content}`
}

function handlerTarget(runner: Runner, token: string | null): RouteTarget {
  const handler = httpHandler(runner, token === null ? {} : { token })
  return {
    access: { token, host: '127.0.0.1:8321', hasAllAddresses: false, isRaw: false },
    async send({ method, target, headers, body }) {
      const response = await handler(new Request(`http://127.0.0.1:8321${target}`, { method, headers, body }))
      const { status } = response
      const all = Object.fromEntries(response.headers)
      if (all['content-type']?.startsWith('text/event-stream')) {
        await response.body?.cancel()
        return { status, headers: all, body: '' }
      }
      return { status, headers: all, body: await response.text() }
    },
    sendBytes: () => Promise.reject(new Error('a handler takes no bytes')),
    [Symbol.asyncDispose]: async () => undefined,
  }
}
