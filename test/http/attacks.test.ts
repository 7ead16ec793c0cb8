/** Attacks over a real connection, byte by byte: other hosts, other sites, guessed tokens, paths, headers. */

import { subscribe, unsubscribe } from 'node:diagnostics_channel'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest'
import { OPERATIONS } from '../../src/http/app.ts'
import { type HttpServer, listen } from '../../src/http/server.ts'
import { type LogLine, Runner } from '../../src/index.ts'
import { rawRequest, rawSocket, rawText } from '../support/raw-http.ts'
import { ROOT } from '../support/source-tree.ts'

const TOKEN = 'a-token-that-nobody-guesses'
const log: LogLine[] = []
let runner: Runner
let open: HttpServer
let guarded: HttpServer
let own: string

beforeAll(async () => {
  runner = await Runner.open({ database: ':memory:', durability: 'normal' })
  const options = { port: 0, mayMove: false, hosts: [], log: (line: LogLine) => void log.push(line) }
  open = await listen(runner, { ...options, host: '127.0.0.1', token: null })
  guarded = await listen(runner, { ...options, host: '0.0.0.0', token: TOKEN })
  own = new URL(open.url).host
})
afterAll(async () => {
  await runner.close()
  await Promise.all([open, guarded].map((server) => server.close()))
})

const guardedUrl = () => guarded.url.replace('0.0.0.0', '127.0.0.1')
const code = (body: string) => (body.startsWith('{') ? (JSON.parse(body) as { readonly code?: string }).code : null)

describe('the host check against DNS rebinding', () => {
  it.each([
    'evil.example',
    'evil.example:8321',
    '127.0.0.1.evil.example',
    'localhost.evil.example',
    'localhost@evil.example',
    'evil.example#localhost',
    '10.0.0.1',
    '2130706433',
    '127.1',
    '0x7f.1',
    '0.0.0.0',
    '[::ffff:7f00:1]',
    '[::2]',
    '[::1',
    'localhost.',
    'localhost:80:80',
    'ｌocalhost',
  ])('rejects reads and writes for the host %s', async (host) => {
    const bytes = Buffer.from(host).toString('latin1')
    const read = await rawRequest(open.url, 'GET /api/v1/triggers HTTP/1.1', `Host: ${bytes}`)
    const written = await rawRequest(
      open.url,
      'POST /api/v1/triggers/x/disable HTTP/1.1',
      `Host: ${bytes}`,
      `Origin: http://${bytes}`,
      'Content-Length: 0',
    )

    for (const { status, body } of [read, written]) {
      expect([400, 421]).toContain(status)
      expect(body).not.toContain('items')
    }
  })

  it.each(['127.0.0.1', '127.0.0.1:1', 'localhost', 'LocalHost:8321', '[::1]', '[::1]:8321', '127.0.0.2'])(
    'accepts the host %s',
    async (host) => {
      const { status } = await rawRequest(open.url, 'GET /api/v1/triggers HTTP/1.1', `Host: ${host}`)

      expect(status).toBe(200)
    },
  )

  it.each([
    ['::1', '[::1]', 200],
    ['::1', '[0:0:0:0:0:0:0:1]:99', 400],
    ['0:0:0:0:0:0:0:1', '[::1]', 200],
    ['::1', 'localhost', 200],
    ['::1', '[::2]', 421],
    ['::1', '[::ffff:127.0.0.1]', 400],
    ['::1', '::1', 400],
    ['::1', '[::1%25eth0]', 400],
    ['::', '[fe80::1]:8321', 401],
    ['::', '192.168.0.7', 401],
    ['::', 'evil.example', 421],
  ])('on the address %s, answers requests for the host %s with status %i', async (host, asked, status) => {
    const token = host === '::' ? TOKEN : null
    const server = await listen(runner, { host, port: 0, mayMove: false, hosts: [], token, log: () => {} })
    onTestFinished(() => server.close())

    const answer = await rawRequest(
      server.url.replace('[::]', '[::1]'),
      'GET /api/v1/triggers HTTP/1.1',
      `Host: ${asked}`,
    )

    expect(server.url).toMatch(/^http:\/\/\[::1?\]:\d+$/)
    expect(answer.status).toBe(status)
  })

  it.each(['0.0.0.0', '::', '0:0:0:0:0:0:0:0', '10.0.0.7', 'jobs.example', '[::]'])(
    'rejects the address %s if no token is set',
    async (host) => {
      const listening = listen(runner, { host, port: 0, mayMove: true, hosts: [], token: null, log: () => {} })

      await expect(listening).rejects.toMatchObject({ code: 'INVALID_SETTINGS', facts: { path: 'http.host' } })
    },
  )

  it('rejects a request with no host, or with another host in the request line', async () => {
    const two = await rawRequest(open.url, 'GET /api/v1/triggers HTTP/1.1', `Host: ${own}`, 'Host: evil.example')
    const none = await rawRequest(open.url, 'GET /api/v1/triggers HTTP/1.1')
    const older = await rawRequest(open.url, 'GET /api/v1/triggers HTTP/1.0')
    const other = await rawRequest(open.url, 'GET http://evil.example/api/v1/triggers HTTP/1.1', 'Host: evil.example')
    const mixed = await rawRequest(open.url, `GET http://${own}/api/v1/triggers HTTP/1.1`, 'Host: evil.example')

    for (const { status, body } of [none, older, other, mixed]) {
      expect([400, 421]).toContain(status)
      expect(body).not.toContain('items')
    }
    // Node uses the first of two Host headers.
    expect([200, 400]).toContain(two.status)
  })
})

describe('a page of another site', () => {
  const post = (...lines: readonly string[]) =>
    rawText(
      open.url,
      [
        'POST /api/v1/triggers/x/disable HTTP/1.1',
        `Host: ${own}`,
        ...lines,
        'Content-Length: 2',
        'Connection: close',
        '',
        '{}',
      ].join('\r\n'),
    )

  it.each([
    ['Origin: https://evil.example', 'Content-Type: application/json'],
    ['Origin: https://evil.example', 'Content-Type: text/plain'],
    ['Origin: https://evil.example', 'Content-Type: application/x-www-form-urlencoded'],
    ['Origin: https://evil.example', 'Content-Type: multipart/form-data; boundary=x'],
    ['Origin: null', 'Content-Type: text/plain'],
    ['Content-Type: text/plain', 'Sec-Fetch-Site: none'],
    ['Content-Type: application/json', 'X-Forwarded-Host: evil.example'],
    ['Referer: http://127.0.0.1/', 'Content-Type: application/json'],
  ])('cannot write with the headers %s and %s', async (...lines) => {
    const { status, body } = await post(...lines)

    expect({ status, code: code(body) }).toEqual({ status: 403, code: 'ORIGIN_REFUSED' })
  })

  it.each(['cross-site', 'same-site', 'none', 'Same-Origin, cross-site'])(
    'cannot write with "Sec-Fetch-Site: %s", even if its Origin is the server',
    async (site) => {
      const { status } = await post(`Origin: ${open.url}`, 'Content-Type: application/json', `Sec-Fetch-Site: ${site}`)

      expect(status).toBe(403)
    },
  )

  it.each([
    '/api/v1/triggers',
    '/api/v1/executions/trend',
    '/api/v1/openapi.json',
    '/api/v1/nothing',
    '/metrics',
    '/api/v1/events',
  ])('cannot read %s', async (path) => {
    const ask = (site: string) =>
      rawRequest(open.url, `GET ${path} HTTP/1.1`, `Host: ${own}`, `Sec-Fetch-Site: ${site}`)
    for (const site of ['cross-site', 'same-site', 'Same-Origin, cross-site']) {
      const { status, body } = await ask(site)
      expect({ status, code: code(body) }).toEqual({ status: 403, code: 'ORIGIN_REFUSED' })
    }
    if (path.endsWith('events')) return
    for (const site of ['same-origin', 'none']) expect((await ask(site)).status).not.toBe(403)
  })

  it.each(['/', '/executions', '/healthz', '/readyz'])('can link to %s', async (path) => {
    const { status } = await rawRequest(open.url, `GET ${path} HTTP/1.1`, `Host: ${own}`, 'Sec-Fetch-Site: cross-site')

    expect(status).not.toBe(403)
  })

  it('cannot write with the content types of a form, even if its Origin is the server', async () => {
    for (const type of ['text/plain', 'application/x-www-form-urlencoded', 'multipart/form-data', '']) {
      const { status, body } = await post(`Origin: ${open.url}`, `Content-Type: ${type}`)

      expect({ status, code: code(body) }).toEqual({ status: 415, code: 'BODY_NOT_JSON' })
    }
  })

  it('gets no CORS permission for a preflight request', async () => {
    const { status, head } = await rawRequest(
      open.url,
      'OPTIONS /api/v1/executions HTTP/1.1',
      `Host: ${own}`,
      'Origin: https://evil.example',
      'Access-Control-Request-Method: POST',
      'Access-Control-Request-Headers: content-type',
    )

    expect(status).toBe(403)
    expect(head.toLowerCase()).not.toContain('access-control')
  })

  it('cannot write with a GET request, because no GET route takes a body', () => {
    const writing = OPERATIONS.filter(({ method, body }) => method === 'get' && body !== null)

    expect(writing).toEqual([])
  })
})

describe('a client that guesses the token', () => {
  it('gets the same answer for each wrong or missing token, and for each path', async () => {
    const ask = async (line: string, ...headers: readonly string[]) => {
      const { status, head, body } = await rawRequest(guardedUrl(), line, `Host: ${own}`, ...headers)
      return { status, head: head.replace(/^Date: .*$/im, ''), body }
    }
    const get = 'GET /api/v1/triggers HTTP/1.1'
    const first = await ask(get)
    const others = await Promise.all([
      ask(get, 'Authorization: Bearer x'),
      ask(get, `Authorization: Bearer ${TOKEN.slice(0, -1)}`),
      ask(get, `Authorization: Bearer ${TOKEN}x`),
      ask(get, `Authorization: Bearer ${TOKEN.toUpperCase()}`),
      ask(get, `Authorization: Basic ${Buffer.from(`x:${TOKEN}`).toString('base64')}`),
      ask(get, `Authorization: Bearer ${'x'.repeat(8_000)}`),
      ask(get, `Cookie: token=${TOKEN}`),
      ask(`GET /api/v1/triggers?token=${TOKEN} HTTP/1.1`),
      ask('GET /api/v1/nothing HTTP/1.1'),
      ask('GET /metrics HTTP/1.1'),
      ask('GET /api/v1/openapi.json HTTP/1.1'),
      ask('DELETE /api/v1/triggers HTTP/1.1'),
      ask('POST /api/v1/executions HTTP/1.1', `Origin: ${guardedUrl()}`, 'Content-Length: 0'),
    ])

    expect(first.status).toBe(401)
    for (const other of others) expect(other).toEqual(first)
    expect((await ask(get, `Authorization: Bearer ${TOKEN}`)).status).toBe(200)
  })

  it('cannot measure its progress, because tokens are compared in constant time', () => {
    const source = readFileSync(`${ROOT}/src/http/access/safety.ts`, 'utf8')

    expect(source).toContain('timingSafeEqual(digest(given), digest(token))')
    expect(source).not.toMatch(/token\s*===\s*given|given\s*===\s*token/)
  })
})

describe('a client that looks for files', () => {
  it.each([
    '/assets/../../package.json',
    '/assets/..%2f..%2fpackage.json',
    '/assets/%2e%2e/%2e%2e/package.json',
    '/assets/%2e%2e%2f%2e%2e%2fpackage.json',
    '/assets/..%252f..%252fpackage.json',
    '/assets/..\\..\\package.json',
    '/assets/..%5c..%5cpackage.json',
    '/assets/main-0123456789.js%00.svg',
    '/assets/%c0%ae%c0%ae/package.json',
    '/assets//etc/passwd',
    '/assets/index.html',
    '//etc/passwd',
    '/..%2f..%2f..%2fetc%2fpasswd',
    '/api/v1/../../../../etc/passwd',
    '/api/v1/executions/..%2f..%2f..%2fetc%2fpasswd',
    '/api/v1/triggers/%zz',
    '/%',
    '/assets/%',
  ])('gets no file at %s', async (path) => {
    log.length = 0
    const { status, body } = await rawRequest(open.url, `GET ${path} HTTP/1.1`, `Host: ${own}`)

    expect([400, 404]).toContain(status)
    expect(body).not.toMatch(/root:|"dependencies"|<!doctype/i)
    expect(log).toEqual([])
  })
})

describe('a client that injects headers', () => {
  it('gets no header back from its path or query', async () => {
    const evil = '%0d%0aSet-Cookie:%20a=b%0d%0a%0d%0a<script>'
    for (const path of [
      `/api/v1/triggers/${evil}`,
      `/api/v1/executions?status=${evil}`,
      `/${evil}`,
      `/assets/${evil}`,
    ]) {
      const { status, head, body } = await rawRequest(open.url, `GET ${path} HTTP/1.1`, `Host: ${own}`)

      expect([400, 404]).toContain(status)
      expect(head).not.toMatch(/set-cookie/i)
      expect(body).not.toMatch(/\r\nSet-Cookie/)
      expect(head).toMatch(/content-type: (application\/problem\+json|text\/plain)/i)
      expect(head).toMatch(/x-content-type-options: nosniff/i)
    }
  })

  it.each([
    ['two lengths', 'Content-Length: 0', 'Content-Length: 9'],
    ['a length and chunks', 'Content-Length: 9', 'Transfer-Encoding: chunked'],
    ['an unknown transfer encoding', 'Transfer-Encoding: xchunked', 'X: y'],
    ['a space before the colon', 'Content-Length : 9', 'X: y'],
    ['a folded header', 'X: y\r\n z', 'X: y'],
    ['a zero byte in a header', 'X: \u0000', 'X: y'],
  ])('cannot smuggle a second request with %s', async (_, one, other) => {
    const { status, body } = await rawText(
      open.url,
      `POST /api/v1/executions HTTP/1.1\r\nHost: ${own}\r\n${one}\r\n${other}\r\n\r\n` +
        `GET /api/v1/triggers HTTP/1.1\r\nHost: ${own}\r\nConnection: close\r\n\r\n`,
    )

    expect(status).toBe(400)
    expect(body).not.toContain('items')
  })

  it('is rejected with status 431 if its headers are too long', async () => {
    const { status } = await rawRequest(open.url, 'GET /healthz HTTP/1.1', `Host: ${own}`, `X: ${'x'.repeat(20_000)}`)

    expect(status).toBe(431)
  })
})

describe('a client that sends a body', () => {
  const begun = (head: string) =>
    `POST /api/v1/executions HTTP/1.1\r\nHost: ${own}\r\nOrigin: ${open.url}\r\n` +
    `Content-Type: application/json\r\n${head}`
  const send = (head: string, body: string) => rawText(open.url, `${begun(head)}Connection: close\r\n\r\n${body}`)

  it('is rejected before it sends the body if the declared length is too large', async () => {
    const { status, body } = await send('Content-Length: 1000000000000\r\n', '{')

    expect({ status, code: code(body) }).toEqual({ status: 413, code: 'BODY_TOO_LARGE' })
  })

  it('is rejected without a log line if the body is nested too deeply', async () => {
    log.length = 0
    for (const text of [`{"workflow": "x", "context": ${'{"a":'.repeat(100_000)}`, '['.repeat(1_000_000)]) {
      const { status } = await send(`Content-Length: ${text.length}\r\n`, text)

      expect(status).toBe(413)
    }
    expect(log).toEqual([])
  })

  it('causes no log line when it disconnects in the middle of the body', async () => {
    log.length = 0
    for (const text of [
      begun('Content-Length: 100\r\n\r\n{"a"'),
      begun('Transfer-Encoding: chunked\r\n\r\n4\r\n{"a"'),
    ]) {
      const socket = await rawSocket(open.url, text)
      await fetch(`${open.url}/healthz`)
      socket.destroy()
      await once(socket, 'close')
    }

    await fetch(`${open.url}/healthz`)
    expect(log).toEqual([])
  })

  it('has 10 s for the headers and 60 s for the request', async () => {
    const asked = Promise.withResolvers<{ readonly server: object }>()
    const hear = (message: unknown) => asked.resolve(message as { readonly server: object })
    subscribe('http.server.request.start', hear)
    await fetch(`${open.url}/healthz`)
    unsubscribe('http.server.request.start', hear)
    const { server } = await asked.promise

    expect(server).toMatchObject({ headersTimeout: 10_000, requestTimeout: 60_000, maxConnections: 1_000 })
  })
})
