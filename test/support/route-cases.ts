/**
 * Requests that attack the routes of an OpenAPI document, each with the permitted statuses of the answer. They are
 * derived from the document, so that new routes are included. Used by `every-route.test.ts` and by `npm run attack`.
 */

import {
  type Access,
  allowedRequest,
  bareRequest,
  isProbe,
  isReading,
  letIn,
  namesExisting,
  REFUSALS,
  type Route,
  type RouteRequest,
  refused,
  UNKNOWN_ID,
  withHeaders,
  withQuery,
} from './route-requests.ts'

export interface RouteCase {
  readonly name: string
  readonly request: RouteRequest
  /** Permitted statuses of the answer. */
  readonly expected: readonly number[]
}

const WRONG = 'a-token-that-somebody-guesses'

/** Returns all attacks on a route, except those with ids of other databases. */
export function casesOf(route: Route, access: Access): readonly RouteCase[] {
  return [
    ...credentialCases(route, access),
    ...forwardingCases(route, access),
    ...overrideCases(route, access),
    ...hostCases(route, access),
    ...originCases(route, access),
    ...contentTypeCases(route, access),
    ...pathCases(route, access),
    ...methodCases(route, access),
  ]
}

function credentialCases(route: Route, access: Access): readonly RouteCase[] {
  const token = access.token ?? WRONG
  const bare = bareRequest(route, access)
  const expected = refused(route, access)
  const headers: readonly Readonly<Record<string, string>>[] = [
    {},
    { authorization: `Bearer ${WRONG}` },
    { authorization: '' },
    { authorization: 'Bearer' },
    { authorization: 'Bearer ' },
    { authorization: `Bearer ${token.slice(0, -1)}` },
    { authorization: `Bearer ${token}x` },
    { authorization: `Bearer ${token.toUpperCase()}` },
    { authorization: `Bearer ${WRONG}, Bearer ${token}` },
    { authorization: `Bearer ${token} x` },
    { authorization: `Basic ${Buffer.from(`x:${token}`).toString('base64')}` },
    { authorization: token },
    { cookie: `token=${token}; authorization=${token}` },
    { 'x-api-key': token, 'x-auth-token': token, token },
    { 'proxy-authorization': `Bearer ${token}` },
  ]
  const queries = [`token=${token}`, `access_token=${token}`, `authorization=Bearer%20${token}`]
  return [
    ...headers.map((each) => {
      return { name: `with ${JSON.stringify(each)}`, request: withHeaders(bare, each), expected }
    }),
    // Undeclared query parameters are rejected with 400.
    ...queries.map((query) => {
      const statuses = expected.some((status) => REFUSALS.has(status)) ? expected : [...expected, 400]
      return { name: `with ?${query}`, request: withQuery(bare, query), expected: statuses }
    }),
  ]
}

const FORWARDING: readonly Readonly<Record<string, string>>[] = [
  { 'x-forwarded-for': '127.0.0.1', 'x-forwarded-host': '127.0.0.1', 'x-forwarded-proto': 'https' },
  { forwarded: 'for=127.0.0.1;host=localhost;proto=https', 'x-real-ip': '::1', 'true-client-ip': '127.0.0.1' },
  { 'x-forwarded-user': 'admin', 'x-remote-user': 'admin', 'remote-user': 'admin' },
  { 'x-original-url': '/healthz', 'x-rewrite-url': '/healthz', 'x-forwarded-uri': '/healthz' },
]

function forwardingCases(route: Route, access: Access): readonly RouteCase[] {
  const expected = refused(route, access)
  return FORWARDING.map((headers) => {
    return {
      name: `with ${JSON.stringify(headers)}`,
      request: withHeaders(bareRequest(route, access), headers),
      expected,
    }
  })
}

function overrideCases(route: Route, access: Access): readonly RouteCase[] {
  const others = ['GET', 'POST', 'DELETE'].filter((method) => method !== route.method)
  return others.flatMap((method) => {
    const headers = { 'x-http-method-override': method, 'x-http-method': method, 'x-method-override': method }
    const name = `with ${method} in place of its method`
    const bare = withHeaders(bareRequest(route, access), headers)
    return [
      { name, request: bare, expected: refused(route, access) },
      {
        name: `${name}, with the token`,
        request: withHeaders(allowedRequest(route, access), headers),
        expected: letIn(route),
      },
    ]
  })
}

/** Values of `Host` that do not name the server, with the status of the answer. */
const FOREIGN_HOSTS: readonly (readonly [host: string, status: number])[] = [
  ['evil.example', 421],
  ['evil.example:8321', 421],
  ['localhost.evil.example', 421],
  ['127.0.0.1.evil.example', 421],
  ['localhost.', 421],
  ['2130706433', 421],
  ['[::2]', 421],
  ['localhost@evil.example', 400],
  ['127.0.0.1:80:80', 400],
  ['127.0.0.1/', 400],
  ['*', 400],
]

function hostCases(route: Route, access: Access): readonly RouteCase[] {
  const allowed = allowedRequest(route, access)
  return [
    ...FOREIGN_HOSTS.filter(([host]) => !(access.hasAllAddresses && host.startsWith('['))).map(([host, status]) => {
      return { name: `for the host ${host}`, request: withHeaders(allowed, { host }), expected: [status] }
    }),
    ...['localhost', 'LOCALHOST:1', '[::1]:8321'].map((host) => {
      const origin = access.token === null && !isReading(route) ? { origin: `http://${host}` } : {}
      return {
        name: `for the host ${host}`,
        request: withHeaders(allowed, { host, ...origin }),
        expected: letIn(route),
      }
    }),
  ]
}

function originCases(route: Route, access: Access): readonly RouteCase[] {
  const bare = bareRequest(route, access)
  const { host, token } = access
  const isData = isReading(route) && !isProbe(route.described)
  const foreign = [
    'null',
    '',
    'https://evil.example',
    `http://${host}.evil.example`,
    `http://x@${host}`,
    'http://127.0.0.1',
  ]
  const own = [`http://${host}`, `https://${host}`]
  const sites = ['cross-site', 'same-site', 'none']
  return [
    ...foreign.map((origin) => {
      return { name: `from ${origin}`, request: withHeaders(bare, { origin }), expected: refused(route, access) }
    }),
    ...own.map((origin) => {
      const expected = token === null ? letIn(route) : refused(route, access)
      return { name: `from ${origin}`, request: withHeaders(bare, { origin }), expected }
    }),
    ...sites.map((site) => {
      const request = withHeaders(allowedRequest(route, access), { 'sec-fetch-site': site })
      const isRefused = isReading(route) ? isData && site !== 'none' : token === null
      return { name: `from a page that is ${site}`, request, expected: isRefused ? [403] : letIn(route) }
    }),
  ]
}

const OTHER_TYPES = [
  'text/plain',
  'application/x-www-form-urlencoded',
  'multipart/form-data; boundary=x',
  'text/json',
  'application/jsonx',
  'application/xml',
  'text/plain; application/json',
  '',
]

function contentTypeCases(route: Route, access: Access): readonly RouteCase[] {
  if (route.described.requestBody === undefined) return []
  const allowed = allowedRequest(route, access)
  const others = OTHER_TYPES.map((type) => {
    const request = withHeaders(allowed, { 'content-type': type })
    return { name: `with the content type "${type}"`, request, expected: [415] }
  })
  const json = ['application/json; charset=utf-8', 'Application/JSON', 'application/problem+json'].map((type) => {
    return {
      name: `with the content type "${type}"`,
      request: withHeaders(allowed, { 'content-type': type }),
      expected: letIn(route),
    }
  })
  return [...others, ...json]
}

/** Encodings and suffixes of an id that must not be resolved to the id or to another path. */
const ID_FORMS: readonly ((id: string) => string)[] = [
  (id) => `${id}%2F`,
  (id) => `%2F${id}`,
  (id) => `x%2F..%2F${id}`,
  (id) => `x%252F..%252F${id}`,
  (id) => `..%5c${id}`,
  (id) => `${id};x=1`,
  (id) => `${id}%00`,
  (id) => `${id}%20`,
  (id) => `%20${id}`,
  (id) => `${id}%0d%0aX:%20y`,
  (id) => `${id}%zz`,
  (id) => `${id}'%20OR%201=1--`,
  () => '%25',
  () => '*',
]

/** Number of forms that are also tried without credentials. */
const UNAUTHORIZED_FORMS = 5

/** Returns requests with altered forms of existing ids. */
export function encodedIdCases(
  route: Route,
  access: Access,
  ids: Readonly<Record<string, string>>,
): readonly RouteCase[] {
  const [name] = /(?<=\{)\w+(?=\})/.exec(route.path) ?? []
  if (name === undefined) return []
  const allowed = allowedRequest(route, access, ids)
  const bare = bareRequest(route, access, ids)
  const id = encodeURIComponent(ids[name] ?? UNKNOWN_ID)
  const withForm = (request: RouteRequest, form: (id: string) => string): RouteRequest => {
    return { ...request, target: request.target.replace(id, form(id)) }
  }
  const expected = [400, ...letIn(route)]
  const unauthorized = access.token === null && isReading(route) ? expected : [400, ...refused(route, access)]
  return [
    ...ID_FORMS.map((form) => {
      return { name: `with the id ${form('ID')}`, request: withForm(allowed, form), expected }
    }),
    ...ID_FORMS.slice(0, UNAUTHORIZED_FORMS).map((form) => {
      const name = `with the id ${form('ID')} and without credentials`
      return { name, request: withForm(bare, form), expected: unauthorized }
    }),
  ]
}

/** Returns requests for ids that exist only in another database. */
export function foreignIdCases(
  route: Route,
  access: Access,
  ids: readonly Readonly<Record<string, string>>[],
): readonly RouteCase[] {
  if (!namesExisting(route)) return []
  return ids.map((each) => {
    const names = [...route.path.matchAll(/\{(\w+)\}/g)].map(([, name = '']) => each[name])
    return { name: `for ${names.join(', ')}`, request: allowedRequest(route, access, each), expected: [404] }
  })
}

function pathCases(route: Route, access: Access): readonly RouteCase[] {
  const bare = bareRequest(route, access)
  const allowed = allowedRequest(route, access)
  const [path = '', ...query] = bare.target.split('?')
  const target = (of: string): string => [of, ...query].join('?')
  const asName = route.path.includes('{') && !namesExisting(route) ? letIn(route) : []
  // A `URL` object normalizes all of these to the same path.
  const same = [`/x/..${path}`, `/healthz/..${path}`, `/assets/%2e%2e${path}`, `/./${path.slice(1)}`]
  const others = [
    `/${path}`,
    path.replace('/', '//').replace(/\/(?=[^/]*$)/, '//'),
    `${path}/`,
    `${path};x=1`,
    `${path}%2f`,
    `${path}%00`,
    path.toUpperCase(),
    `/healthz%2f..${path}`,
    `/assets/..%2f..${path.replaceAll('/', '%2f')}`,
    `/assets%2f..${path}`,
    `/healthz;${path}`,
    `/%2e%2e%2f${path}`,
  ]
  const cases = [
    ...same.map((each) => {
      return { name: `at ${each}`, request: { ...bare, target: target(each) }, expected: refused(route, access) }
    }),
    ...others.flatMap((each) => [
      {
        name: `at ${each}, without credentials`,
        request: { ...bare, target: target(each) },
        expected: access.token === null ? [400, 403, 404] : [400, 401, 404],
      },
      { name: `at ${each}`, request: { ...allowed, target: target(each) }, expected: [400, 404, 405, ...asName] },
    ]),
  ]
  if (!access.isRaw) return cases
  const absolute = (host: string): string => `http://${host}${bare.target}`
  return [
    ...cases,
    { name: 'in absolute form', request: { ...allowed, target: absolute(access.host) }, expected: letIn(route) },
    {
      name: 'in absolute form without credentials',
      request: { ...bare, target: absolute(access.host) },
      expected: refused(route, access),
    },
    // Only `Host` decides which server is addressed, because browsers set it and proxies forward it.
    {
      name: 'in absolute form, and for another host',
      request: withHeaders({ ...allowed, target: absolute(access.host) }, { host: 'evil.example' }),
      expected: [421],
    },
  ]
}

function methodCases(route: Route, access: Access): readonly RouteCase[] {
  // Only once for each path, not for each method.
  if (route.method !== route.declared[0]) return []
  const others = ['POST', 'DELETE', 'PUT', 'PATCH', 'OPTIONS'].filter((method) => !route.declared.includes(method))
  const writing = (method: string): Route => ({ ...route, method, described: { responses: {} } })
  return others.flatMap((method) => [
    { name: `by ${method}`, request: { ...allowedRequest(writing(method), access) }, expected: [405] },
    {
      name: `by ${method} without credentials`,
      request: bareRequest(writing(method), access),
      expected: access.token === null ? [403] : [401],
    },
  ])
}
