/** Scripts and the network without TLS: what answers, what fails with which exception, and what the script serves. */

import { createServer as createHttpServer } from 'node:http'
import { type AddressInfo, createServer, type Server } from 'node:net'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { runScript } from '../support/run-script.ts'

const servers: Server[] = []
let found: Record<string, unknown>

beforeAll(async () => {
  const listen = async (server: Server) => {
    servers.push(server)
    await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening))
    return (server.address() as AddressInfo).port
  }
  const refusing = createServer()
  const ports = {
    page: await listen(createHttpServer((request, response) => response.end(`page ${request.url}`))),
    stalling: await listen(createHttpServer(() => {})),
    resetting: await listen(createServer((socket) => socket.on('data', () => socket.resetAndDestroy()))),
    proxy: await listen(createHttpServer((request, response) => response.end(`proxied ${request.url}`))),
    refusing: await listen(refusing),
  }
  await new Promise((closed) => refusing.close(closed))
  const run = await runScript('network.py', { args: [JSON.stringify(ports)] })
  expect(run.stderr).toBe('')
  found = JSON.parse(run.stdout)
}, 120_000)

afterAll(() => {
  for (const server of servers) {
    server.close()
    if ('closeAllConnections' in server) (server as ReturnType<typeof createHttpServer>).closeAllConnections()
  }
})

describe('a script on the network', () => {
  it('reads a page', () => {
    expect(found.page).toBe('page /page')
  })

  it('gives up on a server that stalls when its time is over', () => {
    // On a busy machine already the connection may take too long.
    expect(found.stalling).toMatch(/^(URLError )?TimeoutError$/)
  })

  it('hears that a connection was reset, and that one was refused', () => {
    expect(found.resetting).toBe('ConnectionResetError ECONNRESET')
    expect(found.refusing).toBe('URLError ConnectionRefusedError ECONNREFUSED')
  })

  it('hears that a host is unknown', () => {
    expect(found['unknown host']).toMatch(/^gaierror/)
  })

  it('exchanges datagrams', () => {
    expect(found.udp).toBe('PING')
  })

  it('serves pages of its own from a thread, and reads them', () => {
    expect(found['own server']).toBe('own page /page')
  })

  it('moves a megabyte between two sockets without losing a byte', () => {
    expect(found.large).toBe(true)
  })

  it('selects the sockets that are ready', () => {
    expect(found.select).toEqual([true, true])
  })

  it('does not wait on a socket that does not block', () => {
    expect(found['non-blocking']).toBe('BlockingIOError EAGAIN')
  })

  it('goes through the proxy of its environment, and past it where no_proxy says so', () => {
    expect(found.proxy).toEqual(['proxied http://nowhere.invalid/x', 'page /page'])
  })
})
