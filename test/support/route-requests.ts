/** Requests for the routes of an OpenAPI document, and the statuses that may answer them. Used by `route-cases.ts`. */

export interface RouteRequest {
  readonly method: string
  /** Target as in the first line of the request. */
  readonly target: string
  readonly headers: Readonly<Record<string, string>>
  readonly body: string | null
}

/** Address and token of the server, and how requests reach it. */
export interface Access {
  readonly token: string | null
  /** Name and port, as in `Host`. */
  readonly host: string
  /** Whether the server listens on all addresses, so that each address is a name of the server. */
  readonly hasAllAddresses: boolean
  /** Whether requests are sent as bytes, without normalization of the URL. */
  readonly isRaw: boolean
}

interface BodySchema {
  readonly properties?: object
  readonly required?: readonly string[]
}

interface Described {
  readonly security?: readonly object[]
  readonly parameters?: readonly {
    readonly name: string
    readonly in: string
    readonly required?: boolean
    readonly schema: { readonly format?: string; readonly type?: string; readonly examples?: readonly string[] }
  }[]
  readonly requestBody?: {
    readonly content: Readonly<Record<string, { readonly schema: BodySchema; readonly example: unknown }>>
  }
  readonly responses: Readonly<Record<string, unknown>>
}

export interface Route {
  readonly method: string
  readonly path: string
  readonly described: Described
  /** Methods of the same path. */
  readonly declared: readonly string[]
}

interface OpenApi {
  readonly paths: Readonly<Record<string, object>>
}

export const UNKNOWN_ID = '5d7e0c66-4a0e-4c0b-9a5a-0c4f4a4b8f5e'
/** Statuses with which the server rejects a request by its access rules or by the type or size of its body. */
export const REFUSALS: ReadonlySet<number> = new Set([401, 403, 413, 415, 421])

export function routesOf({ paths }: OpenApi): readonly Route[] {
  return Object.entries(paths).flatMap(([path, item]) => {
    const declared = Object.keys(item).map((method) => method.toUpperCase())
    return Object.entries(item as Readonly<Record<string, Described>>).map(([method, described]) => {
      return { method: method.toUpperCase(), path, described, declared }
    })
  })
}

/** Returns a request that the access rules allow. `ids` are keyed by parameter; missing ones are unknown ids. */
export function allowedRequest(route: Route, access: Access, ids: Readonly<Record<string, string>> = {}): RouteRequest {
  return { ...bareRequest(route, access, ids), headers: { ...contentType(route), ...credentials(route, access) } }
}

/** Returns whether the path names something that must exist. Signals may have any name. */
export function namesExisting({ path, described }: Route): boolean {
  return path.includes('{') && '404' in described.responses
}

/** Returns the permitted statuses of an allowed request, whose ids do not exist. */
export function letIn(route: Route): readonly number[] {
  if (namesExisting(route)) return [404]
  const { described } = route
  const declared = Object.keys(described.responses).map(Number)
  return isProbe(described) ? declared : declared.filter((status) => status < 500 && !REFUSALS.has(status))
}

export function isProbe({ security }: Described): boolean {
  return security?.some((each) => Object.keys(each).length === 0) === true
}

export function isReading({ method }: Route): boolean {
  return method === 'GET'
}

/** Returns the permitted statuses of a request without credentials. */
export function refused(route: Route, { token }: Access): readonly number[] {
  if (isProbe(route.described)) return letIn(route)
  if (token !== null) return [401]
  return isReading(route) ? letIn(route) : [403]
}

export function bareRequest(route: Route, access: Access, ids: Readonly<Record<string, string>> = {}): RouteRequest {
  const path = route.path.replace(/\{(\w+)\}/g, (_, name: string) => {
    return encodeURIComponent(ids[name] ?? (name === 'sequence' ? '7' : UNKNOWN_ID))
  })
  const required = (route.described.parameters ?? []).filter((each) => each.in === 'query' && each.required === true)
  const query = required.map(({ name, schema }) => {
    const usual = schema.format === 'date-time' ? '2026-01-31T08:00:00Z' : schema.type === 'string' ? 'text' : '1'
    const [value = usual] = schema.examples ?? []
    return `${name}=${encodeURIComponent(value)}`
  })
  return {
    method: route.method,
    target: query.length === 0 ? path : `${path}?${query.join('&')}`,
    headers: { host: access.host, ...contentType(route) },
    body: bodyOf(route),
  }
}

/** Returns the example body of the document, reduced to the required properties. */
function bodyOf({ described }: Route): string | null {
  const content = described.requestBody?.content['application/json']
  if (content === undefined) return null
  const { schema, example } = content
  if (schema.properties === undefined) return JSON.stringify(example)
  const members = Object.entries(example as object).filter(([name]) => schema.required?.includes(name))
  return JSON.stringify(Object.fromEntries(members))
}

function contentType({ described }: Route): Readonly<Record<string, string>> {
  return described.requestBody === undefined ? {} : { 'content-type': 'application/json' }
}

function credentials(route: Route, { token, host }: Access): Readonly<Record<string, string>> {
  const all = { host }
  if (token !== null) return { ...all, authorization: `Bearer ${token}` }
  return isReading(route) ? all : { ...all, origin: `http://${host}` }
}

export function withHeaders(request: RouteRequest, headers: Readonly<Record<string, string>>): RouteRequest {
  return { ...request, headers: { ...request.headers, ...headers } }
}

export function withQuery(request: RouteRequest, query: string): RouteRequest {
  return { ...request, target: `${request.target}${request.target.includes('?') ? '&' : '?'}${query}` }
}
