/** The way to a PostgreSQL server, which a test can break: connections are cut where it hurts, refused, or answered too late. */

import { mkdtempSync, rmSync } from 'node:fs'
import { createConnection, createServer, type Server, type Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { postgresServer, type TemporaryDatabase, temporaryDatabase } from './postgres-server.ts'

const SOCKET = '.s.PGSQL.5432'
/** Longer than a server needs for a commit. */
const UNTIL_COMMITTED_MS = 100

export class PostgresProxy implements AsyncDisposable {
  readonly url: string
  readonly database: TemporaryDatabase
  readonly #folder: string
  readonly #target: string
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
