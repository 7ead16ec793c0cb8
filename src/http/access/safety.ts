/**
 * Decides which requests are answered. Pages of other sites in a user's browser can send requests to this machine, with
 * a name that leads here (DNS rebinding) or without reading the answers. The headers `Host` and `Origin` reveal this.
 */

import { createHash, timingSafeEqual } from 'node:crypto'
import { isIP } from 'node:net'
import { isBrowserRequest, isPagePath } from '../page-routes.ts'
import { HttpProblem } from '../problems.ts'

export interface AccessRules {
  /** Token for everything but probes and the page's files. Null: writes need the `Origin` of the page instead. */
  readonly token: string | null
  /** Called for each refused request that has an `Authorization`. */
  onWrongToken(): void
  /** Whether a host name, in lower case and without port, is accepted. */
  isOurs(hostname: string): boolean
}

/** Headers of every answer. Answers with a page of their own restrict its content as strictly. */
export const SAFE_HEADERS: Readonly<Record<string, string>> = {
  'content-security-policy': "default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
  'cross-origin-opener-policy': 'same-origin',
  'cross-origin-resource-policy': 'same-origin',
  'referrer-policy': 'no-referrer',
  'x-content-type-options': 'nosniff',
  'x-frame-options': 'DENY',
}

const READING: ReadonlySet<string> = new Set(['GET', 'HEAD'])
/** Paths that pages of other origins may not load: they cannot read the answer, but could make the server work. */
const DATA = /^\/(?:api|metrics|events)(?:\/|$)/
const PROBES: ReadonlySet<string> = new Set(['/healthz', '/readyz'])

/** Throws a problem if a request must not be answered. `path`: path of the route. */
export function assertAllowed(request: Request, path: string, rules: AccessRules): void {
  const host = hostOf(request)
  if (!rules.isOurs(host.hostname)) {
    const message =
      `Host "${host.name}" is not accepted. ` +
      'Use an address that cloaca listens on, or add the name to "http.hosts".'
    throw new HttpProblem(421, 'HOST_REFUSED', message)
  }
  const isReading = READING.has(request.method)
  if (isReading && DATA.test(path) && !isOwnFetch(request)) {
    const message = `Pages of other origins may not read "${path}". Open the URL directly in a new tab.`
    throw new HttpProblem(403, 'ORIGIN_REFUSED', message)
  }
  if (isReading && (rules.token === null || PROBES.has(path) || isPagePath(path))) return
  // A mistyped address of the page: the answer is the page, which reports this.
  if (isBrowserRequest(request) && !DATA.test(path)) return
  if (rules.token !== null) {
    if (hasToken(request, rules.token)) return
    if (request.headers.has('authorization')) rules.onWrongToken()
    const message =
      'The token is missing or wrong. Send the header "Authorization: Bearer …" with the value of CLOACA_HTTP_TOKEN.'
    throw new HttpProblem(401, 'TOKEN_REFUSED', message, { 'www-authenticate': 'Bearer' })
  }
  if (isSameOrigin(request, host.name)) return
  const message =
    `Requests that change something need the header "Origin: http://${host.name}". ` +
    'Or set CLOACA_HTTP_TOKEN for the engine, and send the header "Authorization: Bearer …" with the same value.'
  throw new HttpProblem(403, 'ORIGIN_REFUSED', message)
}

/** Returns the canonical form of an IPv6 address, or another name in lower case. Without brackets. */
export function canonicalHost(name: string): string {
  const bare = name.toLowerCase().replace(/^\[|\]$/g, '')
  if (isIP(bare) !== 6 || bare.includes('%')) return bare
  return new URL(`http://[${bare}]`).hostname.slice(1, -1)
}

/** Returns whether a name is one of the list, in which `*.example.com` stands for all names below it. */
export function isAmongHosts(hostname: string, hosts: readonly string[]): boolean {
  return hosts.some((host) => (host.startsWith('*.') ? hostname.endsWith(host.slice(1)) : hostname === host))
}

/** Whether a name always leads to this machine. */
export function isLoopback(hostname: string): boolean {
  return hostname === 'localhost' || hostname === '::1' || (isIP(hostname) === 4 && hostname.startsWith('127.'))
}

/** Returns the name in `Host`, without its port. A handler without a server uses the URL. */
function hostOf(request: Request): { readonly name: string; readonly hostname: string } {
  const name = (request.headers.get('host') ?? new URL(request.url).host).toLowerCase()
  const [, hostname] = /^(\[[0-9a-f:.]+\]|[a-z0-9._-]+)(?::\d+)?$/.exec(name) ?? []
  if (hostname === undefined) throw new HttpProblem(400, 'HOST_REFUSED', 'The header "Host" is not a valid host name.')
  return { name, hostname: canonicalHost(hostname) }
}

/** Whether a page of this origin or a user sent the request, or a client that is not a browser. */
function isOwnFetch(request: Request): boolean {
  const site = request.headers.get('sec-fetch-site')
  return site === null || site === 'same-origin' || site === 'none'
}

function isSameOrigin(request: Request, host: string): boolean {
  const site = request.headers.get('sec-fetch-site')
  if (site !== null && site !== 'same-origin') return false
  const origin = request.headers.get('origin')?.toLowerCase()
  return origin === `http://${host}` || origin === `https://${host}`
}

/** Compares digests in constant time. */
function hasToken(request: Request, token: string): boolean {
  const [, given] = /^bearer +(\S+)$/i.exec(request.headers.get('authorization') ?? '') ?? []
  if (given === undefined) return false
  return timingSafeEqual(digest(given), digest(token))
}

function digest(text: string): Buffer {
  return createHash('sha256').update(text).digest()
}
