/** The way to a PostgreSQL server, which a test can break: connections are cut where it hurts, refused, or answered too late. */

import { mkdtempSync, rmSync } from 'node:fs'
import { createConnection, createServer, type Server, type Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type PostgresServer, postgresServer, type TemporaryDatabase, temporaryDatabase } from './postgres-server.ts'

const SOCKET = '.s.PGSQL.5432'
/** Longer than a server needs for a commit. */
const UNTIL_COMMITTED_MS = 100

export class PostgresProxy implements AsyncDisposable {
  readonly url: string
  /** Removed with it. */
  readonly database: TemporaryDatabase
  readonly #folder: string
  #target: string
  readonly #sockets = new Set<Socket>()
  #server: Server | null = null
  /** Of the next commits so many are cut: before they reach the server, or when it has carried them out. */
  cuts: { readonly when: 'before' | 'after'; times: number } = { when: 'after', times: 0 }

  private constructor(database: TemporaryDatabase, target: string) {
    this.database = database
    this.#target = join(target, SOCKET)
    this.#folder = mkdtempSync(join(tmpdir(), 'cloaca-proxy-'))
    this.url = `postgresql://postgres@/${database.name}?host=${encodeURIComponent(this.#folder)}`
  }

  /** To a database of its own on the server of all tests. */
  static async open(): Promise<PostgresProxy> {
    const [server, database] = [await postgresServer(), await temporaryDatabase()]
    const proxy = new PostgresProxy(database, server.socketFolder)
    await proxy.back()
    return proxy
  }

  /** To a server that the test has started itself, and ends itself. */
  static async to(server: PostgresServer, name: string): Promise<PostgresProxy> {
    const database = { url: server.url(name), name, place: '', [Symbol.asyncDispose]: async () => {} }
    const proxy = new PostgresProxy(database, server.socketFolder)
    await proxy.back()
    return proxy
  }

  /** From now on the name leads to another server. */
  leadTo({ socketFolder }: PostgresServer): void {
    this.#target = join(socketFolder, SOCKET)
  }

  /** The server is away: connections are cut, and others refused. */
  async away(): Promise<void> {
    const server = this.#server
    this.#server = null
    const closed = new Promise((resolve) => server?.close(resolve))
    for (const socket of this.#sockets) socket.destroy()
    await closed
  }

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
      upstream.write(chunk)
      setTimeout(() => client.destroy(), UNTIL_COMMITTED_MS)
    })
  }
}
