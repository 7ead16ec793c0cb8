/** The graphs of python/examples on a server that restarts, with events from another process. */
// @module-tag night

import { type ChildProcess, spawn } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type JsonValue, Runner } from '../../src/index.ts'
import { KafkaBroker, kafkaMissing } from '../support/kafka-broker.ts'
import { MAIN } from '../support/main-path.ts'

const GRAPHS = fileURLToPath(new URL('../../python/examples/graphs', import.meta.url))

const missing = kafkaMissing()
if (missing !== null) console.warn(`The stream is not tested: ${missing}.`)

let folder: string
let broker: KafkaBroker | null = null
let runner: Runner
let server: ChildProcess
let printed = ''

/** Starts a server, which runs until `stop`. The output of its scripts is added to `printed`. */
async function serve(): Promise<void> {
  server = spawn(process.execPath, [MAIN, 'serve', GRAPHS, '--no-http'], {
    env: {
      ...process.env,
      CLOACA_DATABASE_URL: join(folder, 'graphs.db'),
      ...(broker !== null && { KAFKA_BROKERS: broker.address }),
    },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  server.stdout?.setEncoding('utf8').on('data', (text: string) => {
    printed += text
  })
  await new Promise<void>((resolve, reject) => {
    let log = ''
    server.stderr?.setEncoding('utf8').on('data', (text: string) => {
      log += text
      if (log.includes('serving ')) resolve()
    })
    server.once('exit', () => reject(new Error(`the server ended: ${log}`)))
  })
  server.removeAllListeners('exit')
}

async function stop(signal: NodeJS.Signals): Promise<void> {
  const ended = new Promise((resolve) => server.once('exit', resolve))
  server.kill(signal)
  await ended
}

const push = (source: string, event: JsonValue) => runner.sources.push(source, event)
const prints = (text: string) => expect.poll(() => printed).toContain(text)

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'cloaca-graphs-'))
  runner = await Runner.open({ database: join(folder, 'graphs.db') })
  if (missing === null) {
    broker = await KafkaBroker.start()
    await broker.createTopic('prices')
  }
  await serve()
  await runner.reactors.subscribe('ticket_desk', 'page_on_call', { when: "payload.tickets.text.contains('down')" })
})
afterAll(async () => {
  await stop('SIGKILL')
  await runner.close()
  await broker?.[Symbol.asyncDispose]()
  rmSync(folder, { recursive: true, force: true })
})

describe('the graphs of python/examples', () => {
  it('keep their values and handle waiting events after a restart of the server', async () => {
    await push('tickets', { id: 1, text: 'The shop is down again' })
    await push('wall_c', 15.9)
    await push('wall_c', 16.1)
    await push('air_c', { f: 68 })
    await push('clicks', { page: '/pricing', visitor: 'a' })
    await prints('ticket 1 is for on-call, now: The shop is down again')
    await prints('paged: ticket 1')
    await expect.poll(async () => (await runner.sources.get('wall_c')).waiting).toBe(0)

    await stop('SIGTERM')
    await push('tickets', { id: 2, text: 'Charged twice in May' })
    await push('tickets', { id: 3, text: 'Checkout is down' })
    await serve()

    await prints('ticket 2 is for billing: Charged twice in May')
    await prints('ticket 3 is for on-call, now: Checkout is down')
    await prints('paged: ticket 3')
    // The values of the two other sensors are kept from before the restart, as are both readings of the wall.
    await push('humidity', 80)
    await expect.poll(async () => (await runner.graphs.get('condensation')).lastRun?.resultText).toContain('16.4')
    const [firing] = await runner.reactors.firings('wall_watch')
    expect(JSON.parse(firing?.payloadText ?? '')).toEqual({ air_c: 20, humidity: 80, wall_c: [15.9, 16.1] })
    await prints('1 clicks of 1 visitors, most of them on /pricing')
  })

  it('have started one execution per outage', async () => {
    const executions = await runner.executions.list({ workflow: 'page_on_call' })
    const causes = await Promise.all(
      executions.map(({ origin }) => origin.kind === 'reactor' && runner.reactors.firing(origin.firingId)),
    )

    expect(causes.map((each) => (each || null)?.firing.causes)).toEqual([
      [{ source: 'tickets', firstSequence: 3, lastSequence: 3 }],
      [{ source: 'tickets', firstSequence: 1, lastSequence: 1 }],
    ])
  })

  it.skipIf(missing !== null)('read each message of a stream once, even if the server is killed', async () => {
    const tick = (symbol: string, price: number) => JSON.stringify({ symbol, price })
    await broker?.send('prices', [tick('ACME', 131.5), tick('OTHER', 1), tick('ACME', 120)])
    await prints('alarm: ACME is at 131.5, above 130.0')
    await expect.poll(async () => (await runner.sources.get('prices')).doneSequence).toBe(3)

    await stop('SIGKILL')
    await broker?.send('prices', [tick('INIT', 7.25)])
    await serve()

    await prints('alarm: INIT is at 7.25, below 8.0')
    const firings = await runner.reactors.firings('price_watch')
    expect(firings.map(({ payloadText }) => JSON.parse(payloadText).prices.price)).toEqual([7.25, 120, 131.5])
    expect(await runner.sources.get('prices')).toMatchObject({ dropped: 1, lastSequence: 4 })
  })
})
