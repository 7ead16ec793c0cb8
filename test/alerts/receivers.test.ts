/** What a URL and a command get: with servers and programs that fail, and history in a real database. */

import { createHmac } from 'node:crypto'
import { once } from 'node:events'
import { existsSync, readFileSync } from 'node:fs'
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { AlertHistory } from '../../src/alerts/alert-history.ts'
import { type AlertOptions, Alerts } from '../../src/alerts/alerts.ts'
import { command } from '../../src/alerts/command.ts'
import { webhook } from '../../src/alerts/webhook.ts'
import { SystemClock } from '../../src/engine/clock.ts'
import { EngineEvents } from '../../src/engine/events.ts'
import type { Store } from '../../src/engine/ports.ts'
import type { Alert } from '../../src/model/alert.ts'
import { FakeClock } from '../support/fake-clock.ts'
import { Refusals } from '../support/refusing-store.ts'
import { FIRST_PAGE, openMemoryStore } from '../support/running-engine.ts'
import { type TemporaryFolder, temporaryFolder } from '../support/store-sites.ts'

const ALERT: Alert = {
  id: 'a-1',
  kind: 'trigger-late',
  subject: 'inbox',
  message: 'It is "late"; $(rm -rf)\n',
  at: 1_000,
}
const NEVER = new AbortController().signal
const clock = new SystemClock()

interface Received {
  readonly headers: IncomingMessage['headers']
  readonly body: string
}

let server: Server
let url: string
let received: Received[]
let answer: (response: ServerResponse) => void

beforeEach(async () => {
  received = []
  answer = (response) => response.writeHead(204).end()
  server = createServer(async (request, response) => {
    let body = ''
    for await (const chunk of request) body += chunk
    received.push({ headers: request.headers, body })
    answer(response)
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/hooks/T0P-SECRET-PATH?key=T0P`
})
afterEach(async () => {
  server.closeAllConnections()
  server.close()
})

describe('a URL', () => {
  it('gets a JSON POST, signed as the Standard Webhooks specification says', async () => {
    await webhook({ url, secret: 'whsec_c2VjcmV0' }, clock).send(ALERT, NEVER)

    const [{ headers, body }] = received as [Received]
    expect(JSON.parse(body)).toEqual({
      id: 'a-1',
      kind: 'trigger-late',
      subject: 'inbox',
      message: ALERT.message,
      at: '1970-01-01T00:00:01.000+00:00',
      host: expect.any(String),
    })
    const signedText = `a-1.${headers['webhook-timestamp']}.${body}`
    expect(headers['webhook-id']).toBe('a-1')
    expect(headers['webhook-signature']).toBe(
      `v1,${createHmac('sha256', 'secret').update(signedText).digest('base64')}`,
    )
  })

  it('gets nothing that is signed where there is no secret', async () => {
    await webhook({ url, secret: null }, clock).send(ALERT, NEVER)

    expect(received[0]?.headers).not.toHaveProperty('webhook-signature')
  })

  it.each([
    ['refuses', (response: ServerResponse) => response.writeHead(503).end('busy'), /answered with status 503/],
    [
      'sends elsewhere',
      (response: ServerResponse) => response.writeHead(307, { location: '/else' }).end(),
      /status 307/,
    ],
    [
      'cuts it off',
      (response: ServerResponse) => void response.destroy(),
      /is unreachable: (ECONNRESET|UND_ERR_SOCKET)/,
    ],
  ])('that %s has not received it; neither secret nor path are in the error', async (_, how, message) => {
    answer = how
    const sending = webhook({ url, secret: 'hush' }, clock).send(ALERT, NEVER)

    await expect(sending).rejects.toThrow(message)
    await expect(sending).rejects.not.toThrow(/T0P|hush/)
    expect(received).toHaveLength(1)
  })

  it('that answers without end is not listened to, and one that never answers is left when the engine stops', async () => {
    answer = (response) => {
      const more = setInterval(() => response.write('x'.repeat(10_000)), 1)
      response.on('close', () => clearInterval(more))
    }
    await webhook({ url, secret: null }, clock).send(ALERT, NEVER)

    answer = () => undefined
    const stopping = new AbortController()
    const sending = webhook({ url, secret: null }, clock).send(ALERT, stopping.signal)
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

  it('gets the alert on stdin and in its environment, and nothing of it on the command line', async () => {
    const file = folder.file('out')

    await command(`cat > ${file}; env | grep CLOACA_ALERT >> ${file}`, { clock, environment }).send(ALERT, NEVER)

    const text = readFileSync(file, 'utf8')
    expect(text).toContain('"kind":"trigger-late"')
    expect(text).toContain('CLOACA_ALERT_MESSAGE=It is "late"; $(rm -rf)')
  })

  it.each([
    ['exits with another code than 0', ['sh', '-c', 'exit 3'], /exited with code 3/],
    ['does not exist', ['/missing/program'], /did not start: .*ENOENT/],
  ])('that %s has not received it', async (_, words, message) => {
    await expect(command(words, { clock, environment }).send(ALERT, NEVER)).rejects.toThrow(message)
  })

  it('that hangs is ended after 30 s, with what it has started', async () => {
    const fake = new FakeClock()
    const file = folder.file('pid')
    const hangs = `sleep 600 & echo $! > ${file}.new; mv ${file}.new ${file}; wait`
    const sending = command(hangs, { clock: fake, environment }).send(ALERT, NEVER)
    const ended = expect(sending).rejects.toThrow(/killed by SIGKILL/)
    while (!existsSync(file)) await new Promise(setImmediate)

    await fake.advance(30_000)

    await ended
    const pid = Number(readFileSync(file, 'utf8'))
    while (isAlive(pid)) await new Promise(setImmediate)
  })
})

describe('the history of alerts', () => {
  const failed = {
    executionId: 'e-1',
    workflow: 'etl',
    status: 'Failed',
    errorMessage: 'no luck',
    at: 0,
  } as const

  async function alerting(options: AlertOptions) {
    const fake = new FakeClock()
    const store = await openMemoryStore(fake)
    const refusals = new Refusals()
    const warnings: string[] = []
    const alerts = Alerts.of(options, {
      store: refusals.of(store.alerts),
      clock: fake,
      warn: (line) => warnings.push(line),
      environment: () => ({ PATH: process.env.PATH }),
    })
    const events = new EngineEvents()
    alerts?.watch(events)
    return { fake, store, refusals, warnings, alerts, events }
  }

  async function until(isTrue: () => boolean | Promise<boolean>): Promise<void> {
    while (!(await isTrue())) await new Promise(setImmediate)
  }

  const rowsOf = (store: Store) => store.alerts.list(FIRST_PAGE)

  it('has one line for each, with what came of every receiver: a server that fails twice, and a command that fails', async () => {
    let requests = 0
    answer = (response) => response.writeHead(++requests < 3 ? 500 : 200).end()
    const { fake, store, warnings, alerts, events } = await alerting({ url, secret: 'hush', command: ['false'] })

    events.emit('executionFinished', failed)
    await until(async () => (await rowsOf(store))[0]?.deliveries.every(({ attempts }) => attempts === 1) === true)
    const first = await rowsOf(store)
    for (const count of [2, 3]) {
      await fake.advance(2_000)
      await until(() => requests === count)
    }
    await alerts?.close(0)
    const last = await rowsOf(store)

    expect(first).toMatchObject([
      {
        kind: 'execution-failed',
        subject: 'e-1',
        deliveries: [
          { to: 'url', outcome: 'pending', attempts: 1, error: 'the server answered with status 500', endedAt: null },
          { to: 'command', outcome: 'pending', attempts: 1, error: 'the command exited with code 1', endedAt: null },
        ],
      },
    ])
    expect(last).toMatchObject([
      { deliveries: [{ outcome: 'delivered', attempts: 3, error: null }, { outcome: 'failed' }] },
    ])
    expect(received.map(({ headers }) => headers['webhook-id'])).toEqual([last[0]?.id, last[0]?.id, last[0]?.id])
    expect(warnings.join()).not.toMatch(/hush|T0P/)
    await store.close()
  })

  it('has it also when the database refused at first, and nothing waits for it', async () => {
    const { fake, store, refusals, alerts, events } = await alerting({ url })
    refusals.refuse('save', 2)

    events.emit('executionFinished', failed)
    await until(() => received.length === 1)
    await fake.advance(10_000)
    await until(async () => (await rowsOf(store))[0]?.deliveries[0]?.outcome === 'delivered')
    await alerts?.close(0)

    expect(await rowsOf(store)).toHaveLength(1)
    await store.close()
  })

  it('lacks it when the database refuses to the end, and a line says so', async () => {
    const warnings: string[] = []
    const store = { save: () => Promise.reject(new Error('the disk is full')), list: () => Promise.resolve([]) }
    const history = new AlertHistory({ store, clock: new FakeClock(), warn: (line) => warnings.push(line) })

    history.save({ ...ALERT, deliveries: [] })
    await history.close()

    expect(warnings).toEqual([
      'Alert history is incomplete: 1 alert could not be stored before the engine stopped: the disk is full',
    ])
  })

  it('makes nothing where nobody is to be told', async () => {
    const { alerts, events, store } = await alerting({ failuresInRow: 1 })

    expect(alerts).toBeNull()
    expect(events.isHeard('executionFinished')).toBe(false)
    await store.close()
  })
})

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0)
    // One that nobody waits for stays as a zombie where there is no init.
    return !/^\d+ \(.*\) Z/.test(readFileSync(`/proc/${pid}/stat`, 'utf8'))
  } catch {
    return false
  }
}
