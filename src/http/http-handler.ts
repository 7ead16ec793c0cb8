/** A runner as a function from requests to answers, for `serve` and other servers: Hono, Express, Fastify, Next. */

import * as v from 'valibot'
import { SystemClock } from '../engine/system-clock.ts'
import { type OptionSchema, parseOptions } from '../options/checked.ts'
import { HTTP_TOKEN, optionsSchema, textSchema } from '../options/schemas.ts'
import type { LogSink } from '../runner/log/event-log-lines.ts'
import type { Runner } from '../runner/runner.ts'
import { type AccessRules, canonicalHost, isAmongHosts, isLoopback } from './access/safety.ts'
import { WrongTokens } from './access/wrong-tokens.ts'
import type { Fetch } from './app.ts'
import { eventsRoute } from './event-stream.ts'
import { healthRoutes } from './health-route.ts'
import { metricsRoute } from './metrics/route.ts'
import type { OtherRoute } from './other-route.ts'
import { pageRoutes } from './page-routes.ts'

/** Options of `httpHandler`. */
export interface HttpHandlerOptions {
  /** Prefix of all paths, if the server leaves it in the URL, such as `/cloaca`. Default: `/`. */
  readonly basePath?: string
  /** Token that each request must send (`Authorization: Bearer …`). The token permits all operations. Default: none. */
  readonly token?: string
  /**
   * Accepted host names in requests, without ports. `*.example.com` matches all names below it.
   * Default: the local names (`localhost`, `127.0.0.1`, `::1`).
   */
  readonly hosts?: readonly string[]
  /** Function that is called for each request that fails inside the engine. Default: these failures are not logged. */
  readonly log?: LogSink
}

const OPTIONS = optionsSchema({
  // A pattern such as "/:tenant" would match other paths than those whose prefix is checked.
  basePath: textSchema('a path that begins with "/", without any of : * ? { } #', (text) =>
    /^\/[^\s:*?{}#]*$/.test(text),
  ),
  token: HTTP_TOKEN,
  hosts: v.array(textSchema('a host name', (text) => text !== '')),
  log: v.function(),
} satisfies Record<keyof HttpHandlerOptions, OptionSchema>)

/**
 * Returns a function that answers HTTP requests while the runner is open. Throws `INVALID_ARGUMENT` for an invalid
 * option.
 */
export function httpHandler(runner: Runner, options: HttpHandlerOptions = {}): Fetch {
  parseOptions(OPTIONS, options, '', { secrets: ['token'] })
  const { token = null, hosts, log = () => undefined } = options
  const wrongTokens = new WrongTokens(new SystemClock({ keepsProcessAlive: false }), log)
  const names = hosts?.map(canonicalHost)
  const rules: AccessRules = {
    token,
    onWrongToken: () => wrongTokens.add(),
    isOurs: (hostname) => (names === undefined ? isLoopback(hostname) : isAmongHosts(hostname, names)),
  }
  return handlerWithRules(runner, rules, options)
}

/** Returns the same with custom rules. */
export function handlerWithRules(
  runner: Runner,
  rules: AccessRules,
  { basePath = '/', log = () => undefined }: Pick<HttpHandlerOptions, 'basePath' | 'log'>,
): Fetch {
  const others: readonly OtherRoute[] = [
    ...healthRoutes(runner),
    metricsRoute(runner),
    eventsRoute(runner, '/api/v1/events'),
    ...pageRoutes(basePath),
  ]
  let app: Promise<Fetch> | null = null
  return async (request) => {
    app ??= import('./app.ts').then(({ makeApp }) => makeApp(runner, { basePath, rules, log, others }))
    return await (await app)(request)
  }
}
