/**
 * Proxy of the test server of PostgreSQL on a port of this machine. While it stalls, it forwards nothing and keeps all
 * connections open, as a broken network does. Afterwards it forwards everything that was sent, however old.
 */

import { type AddressInfo, createConnection, createServer, type Server, type Socket } from 'node:net'
import { join } from 'node:path'

export class StallingProxy implements AsyncDisposable {
  readonly #server: Server
  readonly #sockets = new Set<Socket>()
  #isStalled = false

  private constructor(socketFolder: string) {
    const target = join(socketFolder, '.s.PGSQL.5432')
    this.#server = createServer((client) => this.#connect(client, createConnection(target)))
  }

  static async open(socketFolder: string): Promise<StallingProxy> {
    const proxy = new StallingProxy(socketFolder)
    await new Promise<void>((resolve) => proxy.#server.listen(0, '127.0.0.1', resolve))
    return proxy
  }

  url(database: string): string {
    return `postgresql://postgres@127.0.0.1:${(this.#server.address() as AddressInfo).port}/${database}`
  }

  stall(): void {
    this.#isStalled = true
    for (const socket of this.#sockets) socket.pause()
  }

  forward(): void {
    this.#isStalled = false
    for (const socket of this.#sockets) socket.resume()
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const closed = new Promise((resolve) => this.#server.close(resolve))
    for (const socket of this.#sockets) socket.destroy()
    await closed
  }

  #connect(client: Socket, upstream: Socket): void {
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
      socket.on('data', (bytes) => other.write(bytes))
      if (this.#isStalled) socket.pause()
    }
  }
}
