/** A server with a token on the loopback address, reached through a proxy. */

import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type HttpServer, listen } from '../../src/http/server.ts'
import { Runner } from '../../src/index.ts'
import { rawRequest } from '../support/raw-http.ts'

const TOKEN = 'a-token-that-nobody-guesses'
let runner: Runner

beforeAll(async () => {
  runner = await Runner.open({ database: ':memory:', durability: 'normal' })
})
afterAll(() => runner.close())

const code = (body: string) => (body.startsWith('{') ? (JSON.parse(body) as { readonly code?: string }).code : null)

describe('a server with a token behind a proxy', () => {
  let proxied: HttpServer
  beforeAll(async () => {
    const hosts = ['Jobs.example', '*.apps.example']
    proxied = await listen(runner, { host: '127.0.0.1', port: 0, mayMove: false, hosts, token: TOKEN, log: () => {} })
  })
  afterAll(() => proxied.close())

  const ask = async (method: string, path: string, ...headers: readonly string[]) => {
    const line = `${method} ${path} HTTP/1.1`
    const { status, body } = await rawRequest(proxied.url, line, ...headers, 'Content-Length: 0')
    return { status, code: code(body) }
  }
  const REFUSED = { status: 401, code: 'TOKEN_REFUSED' }

  it.each([
    '127.0.0.1',
    'localhost',
    '[::1]',
    'jobs.example',
    'JOBS.example:443',
    'a.apps.example',
    'a.b.apps.example',
  ])('rejects reads and writes for the host %s without the token, for any origin', async (host) => {
    for (const origin of [`http://${host}`, `https://${host}`, proxied.url, 'null']) {
      const headers = [`Host: ${host}`, `Origin: ${origin}`, 'Sec-Fetch-Site: same-origin']

      expect(await ask('GET', '/api/v1/triggers', ...headers)).toEqual(REFUSED)
      expect(await ask('POST', '/api/v1/triggers/x/disable', ...headers)).toEqual(REFUSED)
      expect(await ask('GET', '/metrics', ...headers)).toEqual(REFUSED)
      expect(await ask('GET', '/api/v1/events', ...headers)).toEqual(REFUSED)
    }
    const given = [`Host: ${host}`, `Authorization: Bearer ${TOKEN}`]
    expect((await ask('GET', '/api/v1/triggers', ...given)).status).toBe(200)
    expect((await ask('POST', '/api/v1/triggers/x/disable', ...given)).status).toBe(404)
  })

  it('serves probes and the files of the page without the token', async () => {
    for (const path of ['/healthz', '/readyz', '/', '/executions', '/assets/main-0123456789.js']) {
      expect((await ask('GET', path, 'Host: jobs.example')).status).not.toBe(401)
    }
    expect(await ask('POST', '/healthz', 'Host: jobs.example')).toEqual(REFUSED)
    expect(await ask('GET', '/executions/x/unknown', 'Host: jobs.example')).toEqual(REFUSED)
  })

  it.each([
    'evil.example',
    'apps.example',
    'xapps.example',
    'jobs.example.evil.example',
    'a.jobs.example',
    '*.apps.example',
  ])('rejects the unknown host %s even with the token', async (host) => {
    const { status } = await ask('GET', '/api/v1/triggers', `Host: ${host}`, `Authorization: Bearer ${TOKEN}`)

    expect([400, 421]).toContain(status)
  })

  it('does not start with the host names of a proxy but no token', async () => {
    const options = { host: '127.0.0.1', port: 0, mayMove: false, hosts: ['jobs.example'], token: null, log: () => {} }

    await expect(listen(runner, options)).rejects.toMatchObject({
      code: 'INVALID_SETTINGS',
      facts: { path: 'http.hosts' },
    })
  })
})
