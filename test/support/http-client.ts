/** Client that sends requests to an HTTP handler, and checks each answer against the OpenAPI document. */

import { Ajv2020 } from 'ajv/dist/2020.js'
import addFormats from 'ajv-formats'
import { expect } from 'vitest'

export const ORIGIN = 'http://127.0.0.1:8321'

export interface Answer {
  readonly status: number
  readonly headers: Headers
  readonly text: string
  // biome-ignore lint/suspicious/noExplicitAny: tests check the content themselves
  readonly json: any
}

type Handler = (request: Request) => Promise<Response>

interface OpenApi {
  readonly paths: Readonly<Record<string, Readonly<Record<string, OpenApiOperation>>>>
}

interface OpenApiOperation {
  readonly responses: Readonly<Record<string, OpenApiResponse>>
}

interface OpenApiResponse {
  readonly content: Readonly<Record<string, { readonly schema: object }>>
}

export class HttpClient {
  readonly #handler: Handler
  readonly #document: OpenApi
  readonly #ajv = new Ajv2020({ strict: false })

  private constructor(handler: Handler, document: OpenApi) {
    this.#handler = handler
    this.#document = document
    addFormats.default(this.#ajv)
    this.#ajv.addSchema(document, 'api')
  }

  static async of(handler: Handler): Promise<HttpClient> {
    const response = await handler(new Request(`${ORIGIN}/api/v1/openapi.json`))
    return new HttpClient(handler, (await response.json()) as OpenApi)
  }

  get document(): OpenApi {
    return this.#document
  }

  get(path: string, headers: Readonly<Record<string, string>> = {}): Promise<Answer> {
    return this.send(new Request(`${ORIGIN}${path}`, { headers }))
  }

  /** Sends a POST request. A string as the body is sent unchanged, an object as JSON. */
  post(path: string, body: object | string = '', headers: Readonly<Record<string, string>> = {}): Promise<Answer> {
    const text = typeof body === 'string' ? body : JSON.stringify(body)
    const all = { origin: ORIGIN, 'content-type': 'application/json', ...headers }
    return this.send(new Request(`${ORIGIN}${path}`, { method: 'POST', headers: all, body: text }))
  }

  /** Sends a PUT request, with a body as for `post`. */
  put(path: string, body: object | string): Promise<Answer> {
    const text = typeof body === 'string' ? body : JSON.stringify(body)
    const headers = { origin: ORIGIN, 'content-type': 'application/json' }
    return this.send(new Request(`${ORIGIN}${path}`, { method: 'PUT', headers, body: text }))
  }

  delete(path: string, headers: Readonly<Record<string, string>> = {}): Promise<Answer> {
    const all = { origin: ORIGIN, ...headers }
    return this.send(new Request(`${ORIGIN}${path}`, { method: 'DELETE', headers: all }))
  }

  async send(request: Request): Promise<Answer> {
    const response = await this.#handler(request)
    const text = await response.text()
    const answer = {
      status: response.status,
      headers: response.headers,
      text,
      json: text === '' ? null : JSON.parse(text),
    }
    const { pathname } = new URL(request.url)
    if (pathname.startsWith('/api/')) this.#check(request.method.toLowerCase(), pathname, answer)
    return answer
  }

  #check(method: string, pathname: string, { status, headers, json }: Answer): void {
    const type = String(headers.get('content-type')).split(';')[0] ?? ''
    const path = Object.entries(this.#document.paths).find(
      ([each, item]) => pattern(each).test(pathname) && item[method] !== undefined,
    )?.[0]
    const operation = path === undefined ? undefined : this.#document.paths[path]?.[method]
    if (path === undefined || operation === undefined) {
      if (pathname !== '/api/v1/openapi.json') expect(type).toBe('application/problem+json')
      return
    }
    const key = String(status)
    const pointer = ['paths', path, method, 'responses', key, 'content', type, 'schema'].map(escaped).join('/')
    expect(
      operation.responses[key]?.content[type],
      `${method} ${pathname}: ${status} ${type} is not in the document`,
    ).toBeDefined()
    const validate = this.#ajv.getSchema(`api#/${pointer}`)
    validate?.(json)
    expect(validate?.errors ?? [], `${method} ${pathname}: ${JSON.stringify(json)}`).toEqual([])
  }
}

function pattern(path: string): RegExp {
  return new RegExp(`^${path.replace(/\{\w+\}/g, '[^/]+')}$`)
}

function escaped(part: string): string {
  return encodeURIComponent(part.replaceAll('~', '~0').replaceAll('/', '~1'))
}
