/** Access to the HTTP interface: other sites, other hosts, wrong tokens, large bodies. Needs no Python. */

import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { httpHandler, Runner } from '../../src/index.ts'
import { HttpClient, ORIGIN } from '../support/http-client.ts'

const MEBIBYTE = 1024 ** 2

describe('the safety of the HTTP interface', () => {
  let runner: Runner
  let client: HttpClient
  beforeAll(async () => {
    runner = await Runner.open({ database: ':memory:', durability: 'normal' })
    client = await HttpClient.of(httpHandler(runner))
  })
  afterAll(() => runner.close())

  const disable = '/api/v1/triggers/nothing/disable'
  /** Answer to a permitted request for an unknown trigger. */
  const LET_IN = { status: 404, json: { code: 'TRIGGER_NOT_FOUND' } }

  it.each(['evil.example', '10.0.0.7:8321', 'localhost.evil.example', '127.0.0.1.evil.example:8321', '[::2]'])(
    'rejects requests for the host %s',
    async (host) => {
      const { status, json } = await client.get('/api/v1/triggers', { host })

      expect({ status, code: json.code }).toEqual({ status: 421, code: 'HOST_REFUSED' })
    },
  )

  it.each(['localhost', 'LOCALHOST:8321', '127.0.0.1:1', '[::1]:8321'])(
    'answers requests for the host %s',
    async (host) => {
      expect((await client.get('/api/v1/triggers', { host })).status).toBe(200)
    },
  )

  it.each([
    ['another site', { origin: 'https://evil.example' }],
    ['another port of this machine', { origin: 'http://127.0.0.1:9000' }],
    ['a page with the origin "null"', { origin: 'null' }],
    ['a client with an empty origin', { origin: '' }],
    ['a frame of another site', { 'sec-fetch-site': 'cross-site' }],
  ])('rejects write requests from %s', async (_, headers: Record<string, string>) => {
    const { status, json } = await client.post(disable, {}, headers)

    expect({ status, code: json.code }).toEqual({ status: 403, code: 'ORIGIN_REFUSED' })
    expect(json.detail).toContain(`"Origin: ${ORIGIN}"`)
  })

  it('accepts write requests from its own pages', async () => {
    expect(await client.post(disable, {}, { 'sec-fetch-site': 'same-origin' })).toMatchObject(LET_IN)
  })

  it('requires the token on every path except the probes', { tags: ['proof'] }, async () => {
    const guarded = httpHandler(runner, { token: 's3cret', hosts: ['Jobs.example'] })
    const ask = async (path: string, headers: Record<string, string> = {}, method = 'GET') => {
      const request = new Request(`http://jobs.example${path}`, {
        method,
        headers: { origin: 'http://jobs.example', ...headers },
      })
      return (await guarded(request)).status
    }
    const guesses = ['', 'Bearer', 'Bearer s3cre', 'Bearer s3crets', 'Bearer S3CRET', 'Basic s3cret']

    expect(await Promise.all(guesses.map((authorization) => ask('/api/v1/triggers', { authorization })))).toEqual(
      guesses.map(() => 401),
    )
    expect(await ask(disable, {}, 'POST')).toBe(401)
    expect(await ask('/api/v1/triggers', { authorization: 'Bearer s3cret' })).toBe(200)
    expect(await ask(disable, { authorization: 'Bearer s3cret', origin: '' }, 'POST')).toBe(404)
    expect([await ask('/healthz'), await ask('/readyz')]).toEqual([200, 503])
  })

  it('sends security headers with every answer, and no CORS headers', async () => {
    for (const path of ['/api/v1/triggers', '/api/v1/nothing', '/healthz']) {
      const { headers } = await client.get(path, { origin: 'https://evil.example' })

      expect(headers.get('content-security-policy')).toMatch(/^default-src 'none';/)
      expect(headers.get('x-content-type-options')).toBe('nosniff')
      expect(headers.get('cache-control')).toBe('no-store')
      expect([...headers.keys()].filter((name) => name.startsWith('access-control-'))).toEqual([])
    }
  })

  it('stops reading a body that is too large', async () => {
    let sent = 0
    const body = new ReadableStream({
      pull(controller) {
        sent += MEBIBYTE
        controller.enqueue(new Uint8Array(MEBIBYTE).fill(0x20))
      },
    })
    const headers = { origin: ORIGIN, 'content-type': 'application/json' }
    const request = new Request(`${ORIGIN}/api/v1/executions`, { method: 'POST', headers, body, duplex: 'half' })

    const { status, json } = await client.send(request)

    expect({ status, code: json.code }).toEqual({ status: 413, code: 'BODY_TOO_LARGE' })
    expect(sent).toBeLessThan(32 * MEBIBYTE)
  })

  it('names the allowed method of an address for a wrong method', async () => {
    const { status, headers, json } = await client.send(
      new Request(`${ORIGIN}/api/v1/status`, { method: 'DELETE', headers: { origin: ORIGIN } }),
    )

    expect({ status, code: json.code, allow: headers.get('allow') }).toEqual({
      status: 405,
      code: 'METHOD_NOT_ALLOWED',
      allow: 'GET',
    })
  })

  it('can be served below a path of another server', async () => {
    const below = httpHandler(runner, { basePath: '/cloaca' })
    const status = async (path: string) => (await below(new Request(`${ORIGIN}${path}`))).status

    expect([await status('/cloaca/api/v1/triggers'), await status('/cloaca/healthz')]).toEqual([200, 200])
    expect(await status('/api/v1/triggers')).toBe(404)
  })

  it.each([
    [{ tokn: 'a' }, /Unknown option "tokn"\. Did you mean "token"\?/],
    [{ basePath: 'cloaca' }, /"basePath" must be a path/],
    [{ basePath: '/t/:tenant' }, /"basePath" must be a path .* without any of : \* \? \{ \} #/],
    [{ basePath: '/t/*' }, /"basePath" must be a path/],
    [{ basePath: '/t/:tenant{[a-z]+}' }, /"basePath" must be a path/],
    [{ hosts: 'jobs.example' }, /"hosts" must be a list/],
    [{ token: '' }, /"token" must be/],
  ])('rejects invalid options: %j', (options, message) => {
    expect(() => httpHandler(runner, options as never)).toThrow(message)
  })
})
