/** Makes the interface of a runner listen on an address. Used by `serve`. */

import { once } from 'node:events'
import type { Server } from 'node:http'
import { isIP } from 'node:net'
import { hostname as nameOfMachine } from 'node:os'
import { createAdaptorServer } from '@hono/node-server'
import type { Clock } from '../engine/clock-port.ts'
import { SystemClock } from '../engine/system-clock.ts'
import { UsageError } from '../errors.ts'
import type { LogSink } from '../runner/log/event-log-lines.ts'
import type { Runner } from '../runner/runner.ts'
import { OpenConnections } from './access/open-connections.ts'
import { type AccessRules, canonicalHost, isAmongHosts, isLoopback } from './access/safety.ts'
import { WrongTokens } from './access/wrong-tokens.ts'
import { rememberConnection } from './connections.ts'
import { handlerWithRules } from './http-handler.ts'

export interface ServerOptions {
  /** Name or address of this machine; `0.0.0.0` and `::` stand for all of them. */
  readonly host: string
  readonly port: number
  /** Whether to use a free port if the port is in use. */
  readonly mayMove: boolean
  readonly token: string | null
  /** Accepted host names besides the address: those of a proxy. */
  readonly hosts: readonly string[]
  readonly log: LogSink
  /** Clock that measures the age of connections. Default: the system's. */
  readonly clock?: Clock
}

export interface HttpServer {
  readonly url: string
  readonly hasMoved: boolean
  /** Also ends open connections. */
  close(): Promise<void>
}

/** Minimum number of characters of the token of a server that other machines can reach. */
const SHORTEST_TOKEN = 16
const WILDCARDS: ReadonlySet<string> = new Set(['0.0.0.0', '::'])
/** Limits for clients that send slowly and occupy connections. Answers have no limit. */
const TIMEOUTS = { headersTimeout: 10_000, requestTimeout: 60_000, connectionsCheckingInterval: 5_000 }

/** Settles when it listens. Throws `ADDRESS_UNAVAILABLE`, and `INVALID_SETTINGS` for an address that needs a token. */
export async function listen(runner: Runner, options: ServerOptions): Promise<HttpServer> {
  const host = canonicalHost(options.host)
  const hosts = options.hosts.map(canonicalHost)
  if (options.token === null) assertLocal(host, hosts)
  else if (options.token.length < SHORTEST_TOKEN && !(isLoopback(host) && hosts.length === 0)) throw tooShort()
  const { clock = new SystemClock({ keepsProcessAlive: false }) } = options
  const wrongTokens = new WrongTokens(clock, options.log)
  const isOurs = (name: string): boolean => isName(name, host) || isAmongHosts(name, hosts)
  const rules: AccessRules = { token: options.token, isOurs, onWrongToken: () => wrongTokens.add() }
  const fetch = handlerWithRules(runner, rules, { log: options.log })
  const server = createAdaptorServer({
    fetch: (request, { outgoing }) => {
      rememberConnection(request, () => void outgoing.destroy())
      return fetch(request)
    },
    overrideGlobalObjects: false,
    serverOptions: TIMEOUTS,
  }) as Server
  new OpenConnections(server, clock)
  const hasMoved = await bind(server, host, options)
  const address = server.address()
  const port = typeof address === 'object' ? address?.port : options.port
  return {
    url: `http://${isIP(host) === 6 ? `[${host}]` : host}:${port}`,
    hasMoved,
    async close() {
      const closed = once(server, 'close')
      server.close()
      server.closeAllConnections()
      await closed
    },
  }
}

/** A token of 16 characters cannot be guessed in practice. */
function tooShort(): UsageError {
  const message =
    `The token in CLOACA_HTTP_TOKEN has fewer than ${SHORTEST_TOKEN} characters, so other machines could guess it. ` +
    'Use a longer one, for example the output of "openssl rand -base64 24".'
  return new UsageError('INVALID_SETTINGS', message, { path: 'http.token' })
}

/** Without a token, everybody who reaches the server has all rights. */
function assertLocal(host: string, hosts: readonly string[]): void {
  const isReachable = !isLoopback(host)
  const [reached] = isReachable ? [host] : hosts
  if (reached === undefined) return
  const [path, remedy] = isReachable
    ? ['http.host', 'leave --host at 127.0.0.1']
    : ['http.hosts', 'remove the setting "http.hosts"']
  const message =
    `HTTP needs a token because other machines can reach "${reached}". ` +
    `Set CLOACA_HTTP_TOKEN to a secret that requests must send, or ${remedy}.`
  throw new UsageError('INVALID_SETTINGS', message, { path })
}

/** Whether a name is the address of the server itself. Other names might be set up by an attacker to lead here. */
function isName(name: string, host: string): boolean {
  if (isLoopback(host)) return isLoopback(name)
  if (!WILDCARDS.has(host)) return name === host
  return isIP(name) !== 0 || isLoopback(name) || name === nameOfMachine().toLowerCase()
}

/** Returns true if another port was used. */
async function bind(server: Server, host: string, { port, mayMove }: ServerOptions): Promise<boolean> {
  try {
    await bindTo(server, host, port)
    return false
  } catch (thrown) {
    if (!mayMove || codeOf(thrown) !== 'EADDRINUSE') throw unavailable(thrown, host, port)
  }
  await bindTo(server, host, 0)
  return true
}

async function bindTo(server: Server, host: string, port: number): Promise<void> {
  server.listen({ host, port })
  await once(server, 'listening')
}

function unavailable(thrown: unknown, host: string, port: number): UsageError {
  const code = codeOf(thrown)
  const why =
    code === 'EADDRINUSE'
      ? `Port ${port} of "${host}" is in use by another process. ` +
        'Choose another port with --port, or any free port with --port 0.'
      : `Cannot listen on port ${port} of "${host}" (${code}). ` +
        'Choose another address with --host and --port, or disable HTTP with --no-http.'
  return new UsageError('ADDRESS_UNAVAILABLE', why, { reason: code, cause: thrown })
}

function codeOf(thrown: unknown): string {
  return String((thrown as NodeJS.ErrnoException).code)
}
