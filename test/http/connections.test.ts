/** Connections that clients open but do not use: the server closes the oldest, so that it can always read a probe. */

import { EventEmitter, once } from 'node:events'
import type { Server } from 'node:http'
import { connect, type Socket } from 'node:net'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { OpenConnections } from '../../src/http/access/open-connections.ts'
import { type HttpServer, listen } from '../../src/http/server.ts'
import { Runner } from '../../src/index.ts'
import { ManualClock } from '../support/manual-clock.ts'
import { rawRequest, rawText } from '../support/raw-http.ts'

/** Linux and Windows accept connections from each address of 127.0.0.0/8; macOS does not. */
const HAS_MANY_ADDRESSES = process.platform !== 'darwin'

describe.runIf(HAS_MANY_ADDRESSES)('a server with many unused connections', () => {
  let runner: Runner
  let server: HttpServer
  let clock: ManualClock
  const sockets = new Set<Socket>()
  beforeEach(async () => {
    runner = await Runner.open({ database: ':memory:', durability: 'normal' })
    clock = new ManualClock()
    server = await listen(runner, {
      ...{ host: '127.0.0.1', port: 0, mayMove: false, hosts: [], token: null },
      log: () => {},
      clock,
    })
  })
  afterEach(async () => {
    for (const socket of sockets) socket.destroy()
    sockets.clear()
    await server.close()
    await runner.close()
  })

  /** Opens a connection from an address of this machine, and sends a text. */
  async function open(text: string, localAddress = '127.0.0.1'): Promise<Socket> {
    const socket = connect({ host: '127.0.0.1', port: Number(new URL(server.url).port), localAddress })
    socket.on('error', () => {})
    sockets.add(socket)
    await once(socket, 'connect')
    socket.write(text)
    socket.resume()
    return socket
  }

  async function openMany(count: number, text: string, addresses = 1): Promise<Socket[]> {
    const all: Socket[] = []
    for (let opened = 0; opened < count; opened += 50) {
      const some = Array.from({ length: 50 }, (_, index) => open(text, `127.0.0.${1 + ((opened + index) % addresses)}`))
      all.push(...(await Promise.all(some)))
    }
    return all
  }

  /**
   * Waits until the server has accepted all connections, and advances the clock so that it stops waiting for their
   * headers.
   */
  const olderThanASecond = async () => {
    await healthy()
    clock.standStill(1_000)
  }
  const healthy = async () => (await rawRequest(server.url, 'GET /healthz HTTP/1.1', 'Host: 127.0.0.1')).status
  const isOpen = (socket: Socket) => !socket.destroyed && socket.readyState === 'open'
  /** Waits until at most `most` of the connections are open, and returns the open ones. */
  const left = async (all: readonly Socket[], most: number) => {
    await expect.poll(() => all.filter(isOpen).length).toBeLessThanOrEqual(most)
    return all.filter(isOpen)
  }

  const HALF_HEAD = 'GET /api/v1/triggers HTTP/1.1\r\nHost: 127'
  const HALF_BODY =
    'POST /api/v1/executions HTTP/1.1\r\nHost: 127.0.0.1\r\nOrigin: http://127.0.0.1\r\n' +
    'Content-Type: application/json\r\nContent-Length: 99\r\n\r\n{"a'

  it('closes the oldest connections of an address with more than 100 incomplete request headers', async () => {
    const [first] = await openMany(50, HALF_HEAD)
    const foreign = await open(HALF_HEAD, '127.0.0.9')
    const all = await openMany(850, HALF_HEAD)
    await olderThanASecond()
    all.push(...(await openMany(100, HALF_HEAD)))

    const open100 = await left(all, 100)
    expect(open100).toEqual(all.slice(-open100.length))
    expect(open100.length).toBeGreaterThan(90)
    expect(first && isOpen(first)).toBe(false)
    expect(isOpen(foreign)).toBe(true)
    expect(await healthy()).toBe(200)
  })

  it.each([
    ['half of the request headers', HALF_HEAD],
    ['half a body', HALF_BODY],
    ['half a second request', `GET /healthz HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n${HALF_HEAD}`],
  ])('closes the oldest of more than 900 connections whose clients have sent %s', async (_, text) => {
    const all = await openMany(890, text, 20)
    await olderThanASecond()
    all.push(...(await openMany(300, text, 20)))

    const some = await left(all, 900)
    expect(some.length).toBeGreaterThan(800)
    expect(await healthy()).toBe(200)
  })

  it('answers 850 simultaneous requests from one address', async () => {
    const asked = 'GET /healthz HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n'
    const all = await Promise.all(Array.from({ length: 850 }, () => rawText(server.url, asked)))

    expect(new Set(all.map(({ status }) => status))).toEqual(new Set([200]))
  })

  it('keeps a connection open on which requests continue to arrive', async () => {
    const busy = await open('', '127.0.0.9')
    for (let time = 0; time < 10; time++) {
      await openMany(150, HALF_HEAD)
      busy.write('GET /healthz HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n')
      await once(busy, 'data')
    }

    expect(isOpen(busy)).toBe(true)
  })
})

it('closes the oldest connection with an unread answer if all other requests are still being answered', () => {
  const server = new EventEmitter() as unknown as Server
  const closed: number[] = []
  const clock = new ManualClock()
  new OpenConnections(server, clock)
  const opened = (number: number) => {
    const socket = Object.assign(new EventEmitter(), {
      remoteAddress: `10.0.${number >> 8}.${number & 255}`,
      destroy: () => {
        closed.push(number)
        socket.emit('close')
      },
    })
    server.emit('connection', socket as unknown as Socket)
    return socket
  }
  for (let number = 0; number < 900; number++) {
    const request = Object.assign(new EventEmitter(), { socket: opened(number), complete: true })
    const response = Object.assign(new EventEmitter(), { writableEnded: number >= 500 })
    server.emit('request', request as never, response as never)
  }

  opened(1_000)
  opened(1_001)
  expect(closed).toEqual([500, 501])
  clock.standStill(1_000)
  opened(1_002)

  // A connection that has sent nothing for a second is closed before a connection with an unread answer.
  expect(closed).toEqual([500, 501, 1_000])
})
