/** The files of the page over HTTP: size, compression, caching, and content security policy. Needs no browser. */

import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { httpHandler, Runner } from '../../src/index.ts'
import { ORIGIN } from '../support/http-client.ts'
import { ROOT } from '../support/source-tree.ts'

const BUILT = join(ROOT, 'dist', 'page')
/** Compressed files that a browser loads before the first rows of a screen. */
const MAX_BYTES_BEFORE_ROWS = 90_000
/** All compressed files. */
const MAX_BYTES = 160_000

/** Returns the names of scripts and of the scripts that they import when they are loaded. */
function withImports(names: readonly string[]): ReadonlySet<string> {
  const found = new Set(names)
  for (const name of found) {
    const text = readFileSync(join(BUILT, name), 'utf8')
    // `import "./chunk.js"` and `from "./chunk.js"`, but not `import("./chunk.js")`.
    for (const [, imported] of text.matchAll(/(?:import|from)\s*"\.\/([^"]+)"/g)) found.add(String(imported))
  }
  return found
}

describe('the server of the page', () => {
  let runner: Runner
  beforeAll(async () => {
    runner = await Runner.open({ database: ':memory:' })
  })
  afterAll(() => runner.close())

  const get = (path: string, headers: Record<string, string> = {}, options = {}) =>
    httpHandler(runner, options)(new Request(`${ORIGIN}${path}`, { headers }))

  const scriptOf = (html: string) => /src="([^"]+\.js)"/.exec(html)?.[1] ?? ''

  it('loads at most 90 KB before the first rows of a screen, and has at most 160 KB', () => {
    const bytes = (name: string) => readFileSync(join(BUILT, name)).length
    const names = readdirSync(BUILT)
    const [style = '', ...moreStyles] = names.filter((name) => name.endsWith('.css'))
    const shell = bytes('index.html') + bytes(`${style}.gz`)
    const screens = names.filter((name) => /-screen-\w+\.js$/.test(name))
    const entries = names.filter((name) => /^(main|page)-\w+\.js$/.test(name))
    const sizes = screens.map((name) => [
      name,
      shell + [...withImports([...entries, name])].reduce((sum, each) => sum + bytes(`${each}.gz`), 0),
    ])
    const all = names.filter((name) => name.endsWith('.gz')).reduce((sum, name) => sum + bytes(name), 0)

    expect(moreStyles).toEqual([])
    expect(entries).toHaveLength(2)
    expect(screens.length).toBeGreaterThan(10)
    expect(sizes.filter(([, size]) => Number(size) > MAX_BYTES_BEFORE_ROWS)).toEqual([])
    expect(all + bytes('index.html')).toBeLessThan(MAX_BYTES)
  })

  it('sends HTML without inline code, and a policy that permits only its own files', async () => {
    const answer = await get('/')
    const html = await answer.text()

    expect(answer.headers.get('content-security-policy')).toMatch(
      /^default-src 'none'; script-src 'self'; .*frame-ancestors 'none'$/,
    )
    expect(answer.headers.get('content-security-policy')).not.toMatch(/unsafe|\*|http/)
    expect(answer.headers.get('cache-control')).toBe('no-store')
    expect(html).not.toMatch(/<script(?! type="module" src="\/)|<style|style=| on\w+=|\/\/\w/)
  })

  it('sends the page to a browser at an unknown address, and JSON to other clients', async () => {
    const toBrowser = await get('/trigers', { accept: 'text/html,application/xhtml+xml,*/*;q=0.8' })
    const below = await get('/ops/trigers', { accept: 'text/html' }, { basePath: '/ops' })
    const api = await get('/api/v1/trigers', { accept: 'text/html' })
    const others = await Promise.all([get('/trigers'), get('/api/v1/trigers')])

    expect([toBrowser.status, toBrowser.headers.get('content-type')]).toEqual([404, 'text/html; charset=utf-8'])
    expect(await toBrowser.text()).toContain('<script type="module" src="/assets/')
    expect(await below.text()).toContain('<script type="module" src="/ops/assets/')
    expect([api.status, await api.text()]).toEqual([
      404,
      expect.stringContaining('<script type="module" src="/assets/'),
    ])
    for (const other of others) {
      expect(other.status).toBe(404)
      expect(await other.json()).toMatchObject({ code: 'ROUTE_NOT_FOUND' })
    }
  })

  it('sends the page at an unknown address to a browser without the token, but no data', async () => {
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

  it('compresses a script if the client accepts gzip, and lets the client cache the script for a year', async () => {
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

  it('sends the page at the address of each screen, also below a path of another server', async () => {
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

  it('redirects the base path with a slash to the one without, with the query', async () => {
    const ops = await get('/ops/?since=1', {}, { basePath: '/ops' })

    expect([ops.status, ops.headers.get('location')]).toEqual([308, '/ops?since=1'])
    const head = await httpHandler(runner, { basePath: '/ops' })(new Request(`${ORIGIN}/ops/`, { method: 'HEAD' }))
    expect(head.status).toBe(308)
    expect((await get('/')).status).toBe(200)
    expect((await get('/ops/triggers/', {}, { basePath: '/ops' })).status).toBe(404)
  })

  it('sends the page and its script without a token, but no data', async () => {
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
  ])('sends no other file: %s', async (path) => {
    expect((await get(path)).status).toBe(404)
  })
})
