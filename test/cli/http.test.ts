/** HTTP interface of `serve`: its address, and the settings that it rejects. */

import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { describe, expect, it } from 'vitest'
import { type CloacaProcess, Terminal } from '../support/cloaca-process.ts'

const JOBS = `
import cloaca
@cloaca.trigger(on="nothing", poll_interval="1h")
def quiet():
    return cloaca.TriggerResult.skip()
`

/** Environment without a port, so that the default port is used. */
const DEFAULT_PORT = { env: { CLOACA_HTTP_PORT: '' } }

/** Token of the minimum length, 16 characters. */
const TOKEN = 's3cret-of-a-test'

const listening = async (serving: CloacaProcess) => String((await serving.logs('HTTP is at')).url)

describe('the HTTP interface of a serving process', () => {
  it('listens on 127.0.0.1 until the process ends, and on a free port if the default port is taken', async () => {
    await using terminal = new Terminal()
    terminal.write('jobs.py', JOBS)
    const start = () => terminal.start(['serve', 'jobs.py', '--db', ':memory:'], DEFAULT_PORT)
    const firstUrl = await listening(start())
    let second = start()
    // Another test may have released the default port between the two starts. Then the second process has it.
    if ((await listening(second)).endsWith(':8321')) second = start()
    const secondUrl = await listening(second)

    const moved = await second.logs('HTTP is at')
    const health = await fetch(`${secondUrl}/healthz`)
    await second.logs('serving ')
    const triggers = (await (await fetch(`${secondUrl}/api/v1/triggers`)).json()) as {
      readonly items: readonly object[]
    }
    second.kill('SIGTERM')

    for (const url of [firstUrl, secondUrl]) expect(url).toMatch(/^http:\/\/127\.0\.0\.1:\d+$/)
    expect(secondUrl).not.toBe(firstUrl)
    expect(moved).toMatchObject({ level: 'warn', msg: `port 8321 is in use, so HTTP is at ${secondUrl}` })
    expect(health.status).toBe(200)
    expect(triggers.items).toMatchObject([{ name: 'quiet' }])
    expect((await second.ended).exitCode).toBe(0)
    await expect(fetch(`${secondUrl}/healthz`)).rejects.toThrow()
  })

  it('does not start on a requested port that is taken, and names the port', async () => {
    await using terminal = new Terminal()
    terminal.write('jobs.py', JOBS)
    const other = createServer().listen(0, '127.0.0.1')
    await once(other, 'listening')
    const { port } = other.address() as AddressInfo

    const serve = (place: string) => terminal.run(['serve', place, '--port', String(port), '--db', ':memory:'])
    const { exitCode, stderr } = await serve('jobs.py')
    const misspelt = await serve('jobz')
    other.close()

    expect(exitCode).toBe(1)
    const last = JSON.parse(stderr.trimEnd().split('\n').at(-1) ?? '')
    expect(last).toMatchObject({ level: 'error' })
    expect(last.msg).toContain(`Port ${port} of "127.0.0.1" is in use by another process.`)
    // A misspelt script is reported first, because the user has to correct it first.
    expect(misspelt).toMatchObject({ exitCode: 1 })
    expect(misspelt.stderr).toMatch(
      /"msg":"File, folder or Python module \\"jobz\\" not found .* HTTP could not start either: Port \d+ /,
    )
  })

  it('accepts requests from other machines only with the token', async () => {
    await using terminal = new Terminal()
    terminal.write('jobs.py', JOBS)
    const words = ['serve', 'jobs.py', '--host', '0.0.0.0', '--port', '0', '--db', ':memory:']

    const refused = await terminal.run(words)
    const serving = terminal.start(words, { env: { CLOACA_HTTP_TOKEN: TOKEN } })
    const url = (await listening(serving)).replace('0.0.0.0', '127.0.0.1')
    const status = async (headers: Record<string, string>) =>
      (await fetch(`${url}/api/v1/triggers`, { headers })).status

    expect(refused.exitCode).toBe(1)
    expect(refused.stderr).toContain('Set CLOACA_HTTP_TOKEN')
    expect(await status({})).toBe(401)
    expect(await status({ authorization: 'Bearer guess' })).toBe(401)
    expect(await status({ authorization: `Bearer ${TOKEN}` })).toBe(200)
    expect(serving.stderr).not.toContain(TOKEN)
  })

  it('requires the token on this machine too if a proxy has host names, and logs this in one line', async () => {
    await using terminal = new Terminal()
    terminal.write('jobs.py', JOBS)
    terminal.write('cloaca.toml', '[http]\nhosts = ["jobs.example", "*.apps.example"]\n')
    const words = ['serve', 'jobs.py', '--port', '0', '--db', ':memory:']

    const refused = await terminal.run(words)
    const serving = terminal.start(words, { env: { CLOACA_HTTP_TOKEN: TOKEN } })
    const url = await listening(serving)
    const { msg } = await serving.logs('HTTP requires')
    const status = async (headers: Record<string, string>) =>
      (await fetch(`${url}/api/v1/triggers`, { headers })).status

    expect(JSON.parse(refused.stderr.trimEnd().split('\n').at(-1) ?? '').msg).toContain(
      'HTTP needs a token because other machines can reach "jobs.example"',
    )
    expect(await status({ origin: url })).toBe(401)
    expect(await status({ authorization: `Bearer ${TOKEN}` })).toBe(200)
    expect(msg).toBe(
      'HTTP requires the token in CLOACA_HTTP_TOKEN, except for /healthz, /readyz and the files of the page; ' +
        'accepted host names: "127.0.0.1", "jobs.example", "*.apps.example"',
    )
  })

  it.each([
    ['with spaces', 'a token of words'],
    ['with a line break', 'a-token-of-16-or-more\n'],
    ['with a non-ASCII letter', 'a-token-of-16-or-möre'],
    ['of 20,000 letters', 'x'.repeat(20_000)],
  ])('does not start with a token %s', async (_, token) => {
    await using terminal = new Terminal()
    terminal.write('jobs.py', JOBS)
    const env = { CLOACA_HTTP_TOKEN: token }

    const { exitCode, stderr } = await terminal.run(['serve', 'jobs.py', '--port', '0', '--db', ':memory:'], { env })

    expect(exitCode).toBe(1)
    expect(stderr).toContain('4,096 characters from "!" to "~"')
    expect(stderr).not.toContain(token)
  })

  it('accepts a short token on this machine, and rejects it if other machines can connect', async () => {
    await using terminal = new Terminal()
    terminal.write('jobs.py', JOBS)
    const words = ['serve', 'jobs.py', '--port', '0', '--db', ':memory:']
    const env = { CLOACA_HTTP_TOKEN: TOKEN.slice(1) }

    const serving = terminal.start(words, { env })
    await serving.logs('HTTP requires the token')
    for (const [more, own] of [
      [['--host', '0.0.0.0'], {}],
      [[], { CLOACA_HTTP_HOSTS: 'jobs.example' }],
    ] as const) {
      const { exitCode, stderr } = await terminal.run([...words, ...more], { env: { ...env, ...own } })

      expect(exitCode).toBe(1)
      expect(stderr).toContain('has fewer than 16 characters')
    }
  })

  it.each(['*', '*.com', 'a.*.example', 'https://jobs.example', 'jobs.example:443', 'jobs.example/x', ''])(
    'rejects the host name %j',
    async (host) => {
      await using terminal = new Terminal()
      terminal.write('cloaca.toml', `[http]\nhosts = ["${host}"]\n`)

      const { exitCode, stderr } = await terminal.run(['config'])

      expect(exitCode).not.toBe(0)
      expect(stderr).toContain('http.hosts')
    },
  )

  it('is not started with --no-http', async () => {
    await using terminal = new Terminal()
    terminal.write('jobs.py', JOBS)
    const serving = terminal.start(['serve', 'jobs.py', '--no-http', '--db', ':memory:'])

    await serving.logs('serving ')

    expect(serving.stderr).not.toContain('HTTP')
  })
})
