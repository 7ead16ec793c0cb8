/** Proxy of a PostgreSQL server for tests of failures: it cuts connections, during commits too, and refuses them. */

import { mkdtempSync, rmSync } from 'node:fs'
import { createConnection, createServer, type Server, type Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type PostgresServer, postgresServer, type TemporaryDatabase, temporaryDatabase } from './postgres-server.ts'

const SOCKET = '.s.PGSQL.5432'

export class PostgresProxy implements AsyncDisposable {
  readonly url: string
  /** Database that is removed with the proxy. */
  readonly database: TemporaryDatabase
  readonly #folder: string
  #target: string
  readonly #sockets = new Set<Socket>()
  #server: Server | null = null
  /** Number of next commits whose connection is cut, before or after the server executes the commit. */
  cuts: { readonly when: 'before' | 'after'; times: number } = { when: 'after', times: 0 }

  private constructor(database: TemporaryDatabase, target: string) {
    this.database = database
    this.#target = join(target, SOCKET)
    this.#folder = mkdtempSync(join(tmpdir(), 'cloaca-proxy-'))
    this.url = `postgresql://postgres@/${database.name}?host=${encodeURIComponent(this.#folder)}`
  }

  /** Opens a proxy to a new database on the server of all tests. */
  static async open(): Promise<PostgresProxy> {
    const [server, database] = [await postgresServer(), await temporaryDatabase()]
    const proxy = new PostgresProxy(database, server.socketFolder)
    await proxy.back()
    return proxy
  }

  /** Opens a proxy to a server that the test starts and stops itself. */
  static async to(server: PostgresServer, name: string): Promise<PostgresProxy> {
    const database = { url: server.url(name), name, place: '', [Symbol.asyncDispose]: async () => {} }
    const proxy = new PostgresProxy(database, server.socketFolder)
    await proxy.back()
    return proxy
  }

  /** Sends new connections to another server. */
  leadTo({ socketFolder }: PostgresServer): void {
    this.#target = join(socketFolder, SOCKET)
  }

  /** Cuts all connections, and refuses new ones, as if the server were down. */
  async away(): Promise<void> {
    const server = this.#server
    this.#server = null
    const closed = new Promise((resolve) => server?.close(resolve))
    for (const socket of this.#sockets) socket.destroy()
    await closed
  }

  /** Accepts connections again. */
  async back(): Promise<void> {
    const server = createServer((client) => this.#connect(client))
    this.#server = server
    await new Promise<void>((resolve) => server.listen(join(this.#folder, SOCKET), resolve))
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#server !== null) await this.away()
    rmSync(this.#folder, { recursive: true, force: true })
    await this.database[Symbol.asyncDispose]()
  }

  #connect(client: Socket): void {
    const upstream = createConnection(this.#target)
    let isDeaf = false
    for (const [socket, other] of [
      [client, upstream],
      [upstream, client],
    ] as const) {
      this.#sockets.add(socket)
      socket.on('error', () => other.destroy())
      socket.on('close', () => {
        this.#sockets.delete(socket)
        other.destroy()
      })
    }
    upstream.on('data', (chunk) => void (isDeaf || client.write(chunk)))
    client.on('data', (chunk) => {
      if (this.cuts.times === 0 || !chunk.includes('COMMIT')) return void upstream.write(chunk)
      this.cuts.times -= 1
      isDeaf = true
      if (this.cuts.when === 'before') return void client.destroy()
      // The server answers after the commit.
      upstream.once('data', () => client.destroy())
      upstream.write(chunk)
    })
  }
}
