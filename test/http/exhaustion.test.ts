/** A serving process with demanding or stalled clients: its memory stays small, and it answers other clients. */
// @module-tag night

import { createHash } from 'node:crypto'
import { once } from 'node:events'
import type { Socket } from 'node:net'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest'
import { type EngineEventName, EngineEvents } from '../../src/engine/engine-events.ts'
import { eventsRoute } from '../../src/http/event-stream.ts'
import type { Runner } from '../../src/index.ts'
import { openSqliteStore } from '../../src/store/sqlite/sqlite-store.ts'
import { Terminal } from '../support/cloaca-process.ts'
import { ORIGIN } from '../support/http-client.ts'
import { ManualClock } from '../support/manual-clock.ts'
import { rawSocket } from '../support/raw-http.ts'
import { ServedHttp } from '../support/served-http.ts'
import { newExecution, START } from '../support/store-builders.ts'

const MEBIBYTE = 1024 ** 2
const POLLED = `
import cloaca
@cloaca.trigger(on="nothing", poll_interval="20ms")
def often():
    return cloaca.TriggerResult.skip()
`

describe('a serving process', () => {
  let terminal: Terminal
  let http: ServedHttp
  let large: string
  let mixed: string
  const sockets = new Set<Socket>()
  const context = `{"text":"${'x'.repeat(100 * MEBIBYTE)}"}`
  /** Context with a surrogate pair across the boundary of two chunks, and with characters of three bytes. */
  const mixedContext = `{"text":"${'x'.repeat(65_526)}🚽${'€'.repeat(MEBIBYTE)}"}`
  beforeAll(async () => {
    terminal = new Terminal()
    terminal.write('polled.py', POLLED)
    const store = await openSqliteStore({
      path: join(terminal.folder, 'jobs.db'),
      durability: 'normal',
      clock: new ManualClock(),
    })
    const executions = [context, mixedContext].map((inputText) => newExecution({ inputText }))
    for (const execution of executions) await store.createExecution(execution, { kind: 'call' }, START)
    ;[large, mixed] = executions.map(({ id }) => id) as [string, string]
    await store.close()
    http = await ServedHttp.of(terminal.start(['serve', 'polled.py', '--db', 'jobs.db']))
  })
  afterAll(async () => {
    for (const socket of sockets) socket.destroy()
    await terminal[Symbol.asyncDispose]()
  })

  const open = async (text: string): Promise<Socket> => {
    const socket = await rawSocket(http.url, text)
    sockets.add(socket)
    return socket
  }
  const ask = (path: string) => `GET ${path} HTTP/1.1\r\nHost: ${new URL(http.url).host}\r\n\r\n`
  const closeAll = async () => {
    const all = [...sockets]
    sockets.clear()
    await Promise.all(
      all.map((socket) => {
        socket.destroy()
        return socket.closed ? null : once(socket, 'close')
      }),
    )
  }
  /** Returns the status of the answer, and reads nothing more of it. */
  const statusOf = async (socket: Socket): Promise<number> => {
    const [bytes] = (await once(socket, 'data')) as [Buffer]
    socket.pause()
    return Number(bytes.toString('latin1').split(' ')[1])
  }
  const residentBytes = async () => Number((await http.metrics()).value('cloaca_memory_resident_bytes'))
  /** Checks that the server still polls triggers and answers other clients. */
  const expectAlive = async () => {
    const polls = { trigger: 'often', outcome: 'skipped' }
    const before = Number((await http.metrics()).value('cloaca_polls_total', polls))
    await http.until((now) => Number(now.value('cloaca_polls_total', polls)) > before + 5)
    expect((await fetch(`${http.url}/healthz`, { headers: { connection: 'close' } })).status).toBe(200)
    expect((await http.get('/executions?limit=1')).items).toHaveLength(1)
  }

  /** Returns the digest of an execution's input. Repeats the request while the server has no memory for it. */
  const digestOf = async (id: string): Promise<string> => {
    let response: Response
    do response = await fetch(`${http.url}/api/v1/executions/${id}/input`)
    while (response.status === 503)
    const digest = createHash('sha256')
    let bytes = 0
    for await (const part of response.body ?? []) {
      digest.update(part)
      bytes += part.length
    }
    expect(bytes).toBe(Number(response.headers.get('content-length')))
    return digest.digest('hex')
  }

  it('lists and shows an execution without reading its context of 100 MB', async () => {
    await http.get(`/executions/${large}`)
    const before = await residentBytes()
    for (let time = 0; time < 10; time++) {
      expect(JSON.stringify(await http.get(`/executions/${large}`)).length).toBeLessThan(2_000)
      await http.get('/executions')
    }

    expect((await residentBytes()) - before).toBeLessThan(50 * MEBIBYTE)
  })

  it('sends a context of 100 MB unchanged, and only to 2 of 8 simultaneous readers', async () => {
    const before = await residentBytes()
    const slow = await Promise.all(Array.from({ length: 8 }, () => open(ask(`/api/v1/executions/${large}/input`))))
    const statuses = await Promise.all(slow.map(statusOf))
    await expectAlive()
    const during = await residentBytes()
    await closeAll()
    const digests = [await digestOf(large), await digestOf(mixed)]

    expect(statuses.toSorted()).toEqual([200, 200, 503, 503, 503, 503, 503, 503])
    expect(during - before).toBeLessThan(600 * MEBIBYTE)
    expect(digests).toEqual([context, mixedContext].map((text) => createHash('sha256').update(text).digest('hex')))
  })

  it('opens 100 event streams, rejects 780 more with a reason, and answers other requests', async () => {
    const all = await Promise.all(Array.from({ length: 880 }, () => open(ask('/api/v1/events'))))
    const statuses = await Promise.all(all.map(statusOf))
    await expectAlive()
    const refused = await fetch(`${http.url}/api/v1/events`)
    const problem = (await refused.json()) as { readonly code: string; readonly detail: string }
    await closeAll()

    expect(statuses.filter((status) => status === 200)).toHaveLength(100)
    expect(statuses.filter((status) => status === 503)).toHaveLength(780)
    expect(refused.headers.get('retry-after')).toBe('5')
    expect(problem).toMatchObject({
      code: 'TOO_MANY_STREAMS',
      detail: expect.stringContaining('event streams are open: the limit is 100.'),
    })
    await http.until(() => true)
    const again = await open(ask('/api/v1/events'))
    expect(await statusOf(again)).toBe(200)
    await closeAll()
  })

  it('answers other clients while 800 connections send incomplete requests', async () => {
    const before = await residentBytes()
    await Promise.all(Array.from({ length: 400 }, () => open('GET /api/v1/triggers HTTP/1.1\r\nHost: 127')))
    await Promise.all(
      Array.from({ length: 400 }, () => open(`${ask('/x').slice(0, -2)}Content-Length: 16777216\r\n\r\n{"a": "`)),
    )

    await expectAlive()
    expect((await residentBytes()) - before).toBeLessThan(100 * MEBIBYTE)
    await closeAll()
  })
})

describe('a client that opens an event stream and does not read', () => {
  it('is disconnected when 1 MiB is queued for it', async () => {
    const events = new EngineEvents()
    const on = (name: EngineEventName, listener: () => void) => events.on(name, listener)
    const { respond } = eventsRoute({ on } as unknown as Runner, '/events')
    const slow = respond(new Request(`${ORIGIN}/events`)) as Response
    const quick = (respond(new Request(`${ORIGIN}/events`)) as Response).body?.getReader()
    onTestFinished(() => quick?.cancel())
    let read = 0
    for (let number = 0; number < 5_000; number++) {
      events.emit('warning', { code: 'CLOCK_SET', message: 'x'.repeat(1_000) })
      if (number % 100 === 0) read += (await quick?.read())?.value?.length ?? 0
      while (read < number * 1_000) read += (await quick?.read())?.value?.length ?? 0
    }

    let waited = 0
    for await (const bytes of slow.body ?? []) waited += bytes.length
    expect(waited).toBeGreaterThan(0.9 * MEBIBYTE)
    expect(waited).toBeLessThan(1.1 * MEBIBYTE)
    expect(read).toBeGreaterThan(4 * MEBIBYTE)
  })
})
