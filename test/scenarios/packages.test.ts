/**
 * Installing packages for a project. The index is this test's, except for pip itself, which comes from the real one.
 */

import { mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { runScript } from '../support/run-script.ts'
import { pureWheel } from '../support/wheel.ts'

const REAL_INDEX = process.env.PIP_INDEX_URL ?? 'https://pypi.org/simple'
const project = mkdtempSync(join(tmpdir(), 'cloaca-packages-'))
const wheel = pureWheel('greeting', '1.0', 'def greet(who):\n    return f"hello {who}"\n')
const native = 'onlynative-1.0-cp314-cp314-manylinux_2_17_x86_64.whl'
const JSON_API = 'application/vnd.pypi.simple.v1+json'

/** What an index says of a project that has one file. */
function projectPage(name: string, filename: string): string {
  return JSON.stringify({
    meta: { 'api-version': '1.0' },
    name,
    files: [{ filename, url: `/files/${filename}`, hashes: {} }],
  })
}

let server: Server
let env: Record<string, string>

beforeAll(async () => {
  const pages: Record<string, () => string | Buffer | Promise<string>> = {
    '/simple/greeting/': () => projectPage('greeting', wheel.fileName),
    '/simple/onlynative/': () => projectPage('onlynative', native),
    '/simple/pip/': async () =>
      (await fetch(`${REAL_INDEX.replace(/\/$/, '')}/pip/`, { headers: { accept: JSON_API } })).text(),
    [`/files/${wheel.fileName}`]: () => wheel.bytes,
  }
  server = createServer(async (request, response) => {
    const page = await pages[request.url ?? '']?.()
    const type = request.url?.startsWith('/simple/') ? JSON_API : 'application/octet-stream'
    response.writeHead(page === undefined ? 404 : 200, { 'content-type': type }).end(page)
  })
  await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening))
  env = { PIP_INDEX_URL: `http://127.0.0.1:${(server.address() as AddressInfo).port}/simple`, PIP_FIND_LINKS: '' }
})

afterAll(() => {
  server.close()
  rmSync(project, { recursive: true, force: true })
})

const pip = (...words: readonly string[]) =>
  runScript('', { target: ['-m', 'cloaca._engine.pip'], args: words, cwd: project, env })

describe('a package of a project', () => {
  it('is installed beside the project, and found by scripts below it', async () => {
    const installed = await pip('install', 'greeting')
    const below = join(project, 'scripts')
    mkdirSync(below)
    const run = await runScript('installed_package.py', { cwd: below })

    expect(installed.stdout).toContain('Successfully installed greeting-1.0')
    expect(installed.exitCode).toBe(0)
    expect(run.stdout).toBe('hello Ada\n')
  })

  it('without a wheel that runs here is named, with the reason', async () => {
    const refused = await pip('install', 'onlynative')

    expect(refused.exitCode).toBe(1)
    expect(refused.stderr).toContain('"onlynative" cannot run here')
    expect(refused.stderr).toContain('manylinux_2_17_x86_64')
  })

  it('that the index does not know is said to be unknown', async () => {
    const refused = await pip('install', 'nowhere')

    expect(refused.exitCode).toBe(1)
    expect(refused.stderr).toContain('there is no package "nowhere"')
  })
})
