/** Alerts sent to a URL and to a command, with servers and programs that fail, and addresses that are refused. */

import { createHmac } from 'node:crypto'
import dns from 'node:dns'
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import type { ServerResponse } from 'node:http'
import { hostname } from 'node:os'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { BLOCKED_ADDRESSES } from '../../src/alerts/blocked-addresses.ts'
import { command } from '../../src/alerts/command.ts'
import { type WebhookOptions, webhook } from '../../src/alerts/webhook.ts'
import type { Clock } from '../../src/engine/clock-port.ts'
import { SystemClock } from '../../src/engine/system-clock.ts'
import { makeAlert } from '../support/alert-builders.ts'
import { AlertReceiver, type ReceivedRequest } from '../support/alert-receiver.ts'
import { ManualClock } from '../support/manual-clock.ts'
import { type TemporaryFolder, temporaryFolder } from '../support/store-sites.ts'

const ALERT = makeAlert({ kind: 'trigger-late', subject: 'inbox', message: 'It is "late"; $(rm -rf)\n' })
const NEVER = new AbortController().signal
const clock = new SystemClock()

function toUrl(url: string, options: Partial<WebhookOptions> = {}) {
  const given = { receiver: 'oncall', url, secret: null, publicUrl: null, allowsPrivateAddresses: false, ...options }
  return webhook(given, clock)
}

function toCommand(words: string | readonly string[], environment: () => NodeJS.ProcessEnv, ownClock: Clock = clock) {
  return command({ receiver: 'oncall', command: words, publicUrl: null }, { clock: ownClock, environment })
}

let receiver: AlertReceiver
let received: readonly ReceivedRequest[]
let url: string

beforeEach(async () => {
  receiver = await AlertReceiver.start(204)
  received = receiver.received
  url = `${receiver.url}/hooks/T0P-SECRET-PATH?key=T0P`
})
afterEach(() => receiver[Symbol.asyncDispose]())

describe('a URL', () => {
  it('receives a JSON POST with a signature of the Standard Webhooks specification', async () => {
    const target = toUrl(url, { secret: 'whsec_c2VjcmV0', publicUrl: 'https://jobs.example.com/cloaca/' })
    const result = await target.send(ALERT, NEVER)

    const [{ headers, text, body }] = received as [ReceivedRequest]
    expect(body).toEqual({
      id: 'a-1',
      kind: 'trigger-late',
      subject: 'inbox',
      message: ALERT.message,
      at: '2026-01-01T00:00:00.000+00:00',
      host: hostname(),
      state: 'opened',
      since: '2026-01-01T00:00:00.000+00:00',
      count: 1,
      workflow: 'ingest',
      trigger: null,
      task: 'only',
      errorType: 'ValueError',
      cause: 'only: ValueError: žluťoučký',
      executionId: 'e-1',
      link: 'https://jobs.example.com/cloaca/executions/e-1',
    })
    expect(result).toEqual({ response: 'status 204', error: null })
    const signedText = `a-1.${headers['webhook-timestamp']}.${text}`
    expect(headers['webhook-id']).toBe('a-1')
    expect(headers['webhook-signature']).toBe(
      `v1,${createHmac('sha256', 'secret').update(signedText).digest('base64')}`,
    )
  })

  it('receives no signature if no secret is set', async () => {
    await toUrl(url).send(ALERT, NEVER)

    expect(received[0]?.headers).not.toHaveProperty('webhook-signature')
  })

  it.each([
    [
      'an approval',
      { kind: 'approval-requested', subject: 'p/1', executionId: 'e' } as const,
      'http://page/approvals/p%2F1',
    ],
    ['an execution', { executionId: 'e/1', trigger: 't', workflow: 'w' }, 'http://page/executions/e%2F1'],
    ['a trigger', { executionId: null, trigger: 'a b', workflow: 'w' }, 'http://page/triggers/a%20b'],
    ['a workflow', { executionId: null, trigger: null, workflow: 'w' }, 'http://page/workflows/w'],
    ['none of them', { executionId: null, trigger: null, workflow: null }, 'http://page/system'],
  ])('receives a link to the screen of %s', async (_, facts, link) => {
    await toUrl(url, { publicUrl: 'http://page' }).send(makeAlert(facts), NEVER)
    await toUrl(url).send(makeAlert(facts), NEVER)

    expect(received.map(({ body }) => body.link)).toEqual([link, null])
  })

  it.each([
    ['responds with an error', (response: ServerResponse) => response.writeHead(503).end('busy'), 503],
    ['redirects', (response: ServerResponse) => response.writeHead(307, { location: '/else' }).end(), 307],
  ])('that %s does not receive the alert, and no other server does', async (_, how, status) => {
    receiver.answer = how

    const result = await toUrl(url, { secret: 'hush' }).send(ALERT, NEVER)

    expect(result).toEqual({ response: `status ${status}`, error: `the server answered with status ${status}` })
    expect(received).toHaveLength(1)
  })

  it('that disconnects causes an error without the secret and the path', { tags: ['proof'] }, async () => {
    receiver.answer = (response) => void response.destroy()
    const sending = toUrl(url, { secret: 'hush' }).send(ALERT, NEVER)

    await expect(sending).rejects.toThrow(/is unreachable: ECONNRESET/)
    await expect(sending).rejects.not.toThrow(/T0P|hush/)
    expect(received).toHaveLength(1)
  })

  it('cannot block the engine with an endless response or no response', async () => {
    receiver.answer = (response) => {
      const more = setInterval(() => response.write('x'.repeat(10_000)), 1)
      response.on('close', () => clearInterval(more))
    }
    await toUrl(url).send(ALERT, NEVER)

    receiver.answer = () => undefined
    const stopping = new AbortController()
    const sending = toUrl(url).send(ALERT, stopping.signal)
    stopping.abort()

    await expect(sending).rejects.toThrow('the engine stopped')
  })
})

describe('a command', () => {
  let folder: TemporaryFolder
  beforeEach(() => {
    folder = temporaryFolder()
  })
  afterEach(() => folder[Symbol.dispose]())

  const environment = () => ({ PATH: process.env.PATH })

  it('receives the alert on stdin and in its environment, not on the command line', async () => {
    const file = folder.file('out')

    await toCommand(`cat > ${file}; env | grep CLOACA_ALERT >> ${file}`, environment).send(ALERT, NEVER)

    const text = readFileSync(file, 'utf8')
    expect(text).toContain('"kind":"trigger-late"')
    expect(text).toContain('CLOACA_ALERT_MESSAGE=It is "late"; $(rm -rf)')
  })

  it.each([
    ['exits with code 0', ['true'], 'exit code 0', null],
    ['exits with a code other than 0', ['sh', '-c', 'exit 3'], 'exit code 3', 'the command exited with code 3'],
    [
      'fails after output on stderr',
      ['sh', '-c', "printf '\\n  \\n no route to the gateway\\nmore\\n' >&2; echo out; exit 4"],
      'exit code 4',
      'the command exited with code 4: no route to the gateway',
    ],
    [
      'ends with a traceback of Python',
      ['python3', '-c', 'def send():\n    raise ValueError("no route")\nsend()'],
      'exit code 1',
      'the command exited with code 1: ValueError: no route',
    ],
    [
      'is killed after a line without an end on stderr',
      ['sh', '-c', "printf 'out of memory' >&2; kill -9 $$"],
      null,
      expect.stringMatching(/^the command was killed by SIGKILL .*: out of memory$/),
    ],
    [
      'prints a long line on stderr',
      ['sh', '-c', 'seq -s é 100000 >&2; exit 5'],
      'exit code 5',
      expect.stringMatching(/^the command exited with code 5: 1é2é3é.{294}…$/),
    ],
    ['prints to stderr and succeeds', ['sh', '-c', 'echo careful >&2'], 'exit code 0', null],
    ['does not exist', ['/missing/program'], null, expect.stringMatching(/did not start: .*ENOENT/)],
  ])('that %s has this result', async (_, words, response, error) => {
    expect(await toCommand(words, environment).send(ALERT, NEVER)).toEqual({ response, error })
  })

  it('that leaves a process with its stderr behind has a result, and the process can still print', async () => {
    const file = folder.file('begin')
    const waits = `while [ ! -e ${file} ]; do sleep 0.01; done; seq 100000 >&2 && touch ${file}.printed`
    const { error } = await toCommand(`(${waits}) & echo refused >&2; exit 6`, environment).send(ALERT, NEVER)

    expect(error).toBe('the command exited with code 6: refused')
    writeFileSync(file, '')
    while (!existsSync(`${file}.printed`)) await new Promise(setImmediate)
  })

  it('that hangs is killed after 30 s, with its child processes', async () => {
    const fake = new ManualClock()
    const file = folder.file('pid')
    const hangs = `sleep 600 & echo $! > ${file}.new; mv ${file}.new ${file}; wait`
    const sending = toCommand(hangs, environment, fake).send(ALERT, NEVER)
    const ended = expect(sending).resolves.toMatchObject({ error: expect.stringMatching(/killed by SIGKILL/) })
    while (!existsSync(file)) await new Promise(setImmediate)

    await fake.advance(30_000)

    await ended
    const pid = Number(readFileSync(file, 'utf8'))
    while (isAlive(pid)) await new Promise(setImmediate)
  })
})

describe('an address', () => {
  afterEach(() => vi.restoreAllMocks())

  const resolveTo = (...addresses: readonly string[]) =>
    vi.spyOn(dns, 'lookup').mockImplementation(((
      _host: string,
      _options: unknown,
      done: (...facts: unknown[]) => void,
    ) =>
      done(
        null,
        addresses.map((address) => ({ address, family: address.includes(':') ? 6 : 4 })),
      )) as never)

  it.each([
    'http://169.254.169.254/latest/meta-data',
    'http://169.254.0.1/',
    'http://2852039166/',
    'http://0xa9.0xfe.0xa9.0xfe/',
    'http://[fe80::1]/',
    'http://[::ffff:169.254.169.254]/',
    'http://[64:ff9b::a9fe:a9fe]/',
    'http://[fd00:ec2::254]/',
    'http://100.100.100.200/',
    'http://192.0.0.192/',
    'https://169.254.169.254/',
  ])('that is link-local or of a metadata service is refused: %s', async (address) => {
    const sending = toUrl(address).send(ALERT, NEVER)

    await expect(sending).rejects.toThrow(/link-local or a metadata service.*alerts\.allow-private-addresses/)
  })

  it.each([['169.254.169.254'], ['fe80::1'], ['::ffff:169.254.169.254']])(
    'to which a name is resolved is refused when the connection is made: %s',
    async (address) => {
      resolveTo(address)

      await expect(toUrl('http://metadata.example.com/').send(ALERT, NEVER)).rejects.toThrow(/link-local/)
    },
  )

  it('that a name is resolved to again, for the next alert, is compared too', async () => {
    const { port } = new URL(url)
    resolveTo('127.0.0.1')
    const target = toUrl(`http://rebinding.example.com:${port}/`)
    const first = await target.send(ALERT, NEVER)
    vi.restoreAllMocks()
    resolveTo('169.254.169.254')

    await expect(target.send(ALERT, NEVER)).rejects.toThrow(/link-local/)

    expect(first.error).toBeNull()
  })

  it('that belongs to the machine or to a private network is allowed', async () => {
    expect(await toUrl(url).send(ALERT, NEVER)).toEqual({ response: 'status 204', error: null })
    for (const address of ['10.0.0.1', '192.168.0.1', '172.16.0.1', 'fd00::1', '::1']) {
      expect(BLOCKED_ADDRESSES.check(address, address.includes(':') ? 'ipv6' : 'ipv4')).toBe(false)
    }
  })

  it('that is link-local is allowed by alerts.allow-private-addresses', async () => {
    const stopping = new AbortController()
    // Without a zone, no request leaves the machine.
    const sending = toUrl('http://[fe80::1]:1/', { allowsPrivateAddresses: true }).send(ALERT, stopping.signal)
    setTimeout(() => stopping.abort(), 100)

    await expect(sending).rejects.not.toThrow(/link-local/)
  })
})

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0)
    // Without an init process, an orphaned child stays a zombie.
    return !/^\d+ \(.*\) Z/.test(readFileSync(`/proc/${pid}/stat`, 'utf8'))
  } catch {
    return false
  }
}
