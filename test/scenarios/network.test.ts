/** Network access of scripts without TLS: replies, exceptions, and servers in the script. */

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
  it('reads a page over HTTP', () => {
    expect(found.page).toBe('page /page')
  })

  it('gets a TimeoutError from a server that does not reply', () => {
    // On a busy machine the connection itself may time out.
    expect(found.stalling).toMatch(/^(URLError )?TimeoutError$/)
  })

  it('gets the exceptions of CPython for a reset and for a refused connection', () => {
    expect(found.resetting).toBe('ConnectionResetError ECONNRESET')
    expect(found.refusing).toBe('URLError ConnectionRefusedError ECONNREFUSED')
  })

  it('gets a gaierror for an unknown host', () => {
    expect(found['unknown host']).toMatch(/^gaierror/)
  })

  it('exchanges UDP datagrams', () => {
    expect(found.udp).toBe('PING')
  })

  it('reads a page that its own thread serves', () => {
    expect(found['own server']).toBe('own page /page')
  })

  it('sends a megabyte between two sockets without loss', () => {
    expect(found.large).toBe(true)
  })

  it('selects the sockets that are ready', () => {
    expect(found.select).toEqual([true, true])
  })

  it('gets a BlockingIOError from a non-blocking socket without a connection', () => {
    expect(found['non-blocking']).toBe('BlockingIOError EAGAIN')
  })

  it('uses the proxy in http_proxy, except for the hosts in no_proxy', () => {
    expect(found.proxy).toEqual(['proxied http://nowhere.invalid/x', 'page /page'])
  })
})
