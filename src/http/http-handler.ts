/** A runner as a function from requests to answers, for `serve` and for servers of others: Hono, Express, Fastify, Next. */

import { SystemClock } from '../engine/clock.ts'
import { checkSetting, objectOf, type SettingCheck } from '../engine/settings-check.ts'
import type { LogSink } from '../runner/log-lines.ts'
import type { Runner } from '../runner/runner.ts'
import { type AccessRules, canonicalHost, isAmongHosts, isLoopback } from './access/safety.ts'
import { WrongTokens } from './access/wrong-tokens.ts'
import type { Fetch, OtherRoute } from './app.ts'
import { eventsRoute } from './event-stream.ts'
import { healthRoutes } from './health.ts'
import { metricsRoute } from './metrics/route.ts'
import { pageRoutes } from './page.ts'

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

const OPTIONS_CHECK = objectOf({
  basePath: { expected: 'a path that begins with "/"', fits: (value) => /^\/\S*$/.test(String(value)) },
  token: {
    expected: 'a string of at most 4,096 printable ASCII characters without spaces',
    fits: (value) => /^[!-~]{1,4096}$/.test(String(value)),
  },
  hosts: { expected: 'a list of host names', fits: isListOfTexts },
  log: { expected: 'a function', fits: (value) => typeof value === 'function' },
} satisfies Record<keyof HttpHandlerOptions, SettingCheck>)

/**
 * Returns a function that answers HTTP requests while the runner is open. Throws `INVALID_ARGUMENT` for an invalid
 * option.
 */
export function httpHandler(runner: Runner, options: HttpHandlerOptions = {}): Fetch {
  checkSetting(options, OPTIONS_CHECK, '')
  const { token = null, hosts, log = () => undefined } = options
  const wrongTokens = new WrongTokens(new SystemClock({ keepsProcessAlive: false }), log)
  const names = hosts?.map(canonicalHost)
  const rules: AccessRules = {
    token,
    onWrongToken: () => wrongTokens.add(),
    isOurs: (hostname) => (names === undefined ? isLoopback(hostname) : isAmongHosts(hostname, names)),
  }
  return handlerWith(runner, rules, options)
}

/** The same under rules of one's own. */
export function handlerWith(
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

function isListOfTexts(value: unknown): boolean {
  return Array.isArray(value) && value.every((each) => typeof each === 'string' && each !== '')
}
