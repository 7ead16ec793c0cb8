/** How the page is served: small, packed, kept by browsers, strict in what it may load. Needs no browser. */

import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { httpHandler, Runner } from '../../src/index.ts'
import { ORIGIN } from '../support/http-client.ts'
import { ROOT } from '../support/source-tree.ts'

const LARGEST_BYTES = 90_000

describe('the page is served', () => {
  let runner: Runner
  beforeAll(async () => {
    runner = await Runner.open({ database: ':memory:' })
  })
  afterAll(() => runner.close())

  const get = (path: string, headers: Record<string, string> = {}, options = {}) =>
    httpHandler(runner, options)(new Request(`${ORIGIN}${path}`, { headers }))

  const scriptOf = (html: string) => /src="([^"]+\.js)"/.exec(html)?.[1] ?? ''

  it('as one script and one style sheet of at most 90 KB in all', () => {
    const folder = join(ROOT, 'dist', 'page')
    const names = readdirSync(folder)
    const bytes = [...names.filter((name) => name.endsWith('.gz')), 'index.html'].map(
      (name) => readFileSync(join(folder, name)).length,
    )

    expect(names.filter((name) => name.endsWith('.js'))).toHaveLength(1)
    expect(names.filter((name) => name.endsWith('.css'))).toHaveLength(1)
    expect(bytes.reduce((sum, each) => sum + each)).toBeLessThan(LARGEST_BYTES)
  })

  it('with nothing inline, and allowed to load only what is its own', async () => {
    const answer = await get('/')
    const html = await answer.text()

    expect(answer.headers.get('content-security-policy')).toMatch(
      /^default-src 'none'; script-src 'self'; .*frame-ancestors 'none'$/,
    )
    expect(answer.headers.get('content-security-policy')).not.toMatch(/unsafe|\*|http/)
    expect(answer.headers.get('cache-control')).toBe('no-store')
    expect(html).not.toMatch(/<script(?! type="module" src="\/)|<style|style=| on\w+=|\/\/\w/)
  })

  it('at an address that it has no screen for, to a browser: that there is nothing is not told in JSON', async () => {
    const toBrowser = await get('/trigers', { accept: 'text/html,application/xhtml+xml,*/*;q=0.8' })
    const below = await get('/ops/trigers', { accept: 'text/html' }, { basePath: '/ops' })
    const others = await Promise.all([get('/trigers'), get('/api/v1/trigers', { accept: 'text/html' })])

    expect([toBrowser.status, toBrowser.headers.get('content-type')]).toEqual([404, 'text/html; charset=utf-8'])
    expect(await toBrowser.text()).toContain('<script type="module" src="/assets/')
    expect(await below.text()).toContain('<script type="module" src="/ops/assets/')
    for (const other of others) {
      expect(other.status).toBe(404)
      expect(await other.json()).toMatchObject({ code: 'ROUTE_NOT_FOUND' })
    }
  })

  it('at such an address to a browser without the token, too; data and programs still need it', async () => {
    const guarded = { token: 's3cret' }
    const browser = { accept: 'text/html,*/*;q=0.8' }
    const lost = await Promise.all(['/trigers', '/triggers/', '/a/b/c'].map((path) => get(path, browser, guarded)))
    const data = ['/api/v1/triggers', '/api/v1/trigers', '/api/v1/events', '/api', '/metrics', '/metrics/x']
    const refused = await Promise.all([
      ...data.map((path) => get(path, browser, guarded)),
      get('/trigers', { accept: 'application/json' }, guarded),
      get('/trigers', {}, guarded),
    ])

    for (const answer of lost) {
      expect([answer.status, answer.headers.get('content-type')]).toEqual([404, 'text/html; charset=utf-8'])
    }
    for (const answer of refused) {
      expect(answer.status).toBe(401)
      expect(await answer.json()).toMatchObject({ code: 'TOKEN_REFUSED' })
    }
  })

  it('packed where that is accepted, and kept for good, since a change has another name', async () => {
    const path = scriptOf(await (await get('/')).text())

    const [packed, plain, refused] = await Promise.all(
      ['br, gzip;q=0.5', 'br', 'gzip;q=0'].map((accepted) => get(path, { 'accept-encoding': accepted })),
    )

    expect(packed?.headers.get('content-encoding')).toBe('gzip')
    expect(packed?.headers.get('vary')).toBe('accept-encoding')
    expect(packed?.headers.get('cache-control')).toBe('public, max-age=31536000, immutable')
    expect(packed?.headers.get('content-type')).toBe('text/javascript; charset=utf-8')
    expect(plain?.headers.get('content-encoding')).toBeNull()
    expect(refused?.headers.get('content-encoding')).toBeNull()
  })

  it('at every address that it has a screen for, also below a path of another server', async () => {
    const screens = readFileSync(join(ROOT, 'src', 'page', 'routing', 'screens.ts'), 'utf8')
    const patterns = [...screens.matchAll(/pattern: \/\^(.*)\$\//g)].map(([, text]) => String(text))
    const paths = patterns.map((text) =>
      text
        .replaceAll('\\/', '/')
        .replace(/\(\?:.*?\)\?/g, '')
        .replace('([^/]+)', 'a%2Fname'),
    )
    const answers = await Promise.all(paths.map((path) => get(path)))
    const below = await get('/cloaca', {}, { basePath: '/cloaca' })
    const script = scriptOf(await below.text())

    expect(paths).toContain('/triggers/a%2Fname')
    expect(answers.map(({ status }, index) => [paths[index], status])).toEqual(paths.map((path) => [path, 200]))
    expect(script).toMatch(/^\/cloaca\/assets\/main-/)
    expect((await get(script, {}, { basePath: '/cloaca' })).status).toBe(200)
    expect((await get('/no-such-page')).status).toBe(404)
  })

  it('without a token, which the page asks for itself, though nothing else is', async () => {
    const token = { token: 'secret' }
    const page = await get('/triggers', {}, token)
    const script = await get(scriptOf(await page.text()), {}, token)

    expect([page.status, script.status, (await get('/api/v1/triggers', {}, token)).status]).toEqual([200, 200, 401])
  })

  it.each([
    '/assets/..%2findex.html',
    '/assets/%2e%2e/%2e%2e/package.json',
    '/assets/index.html',
    '/assets/main-0000000000.js',
    '/assets/main-0000000000.js%00.css',
  ])('and nothing beside it: %s', async (path) => {
    expect((await get(path)).status).toBe(404)
  })
})
