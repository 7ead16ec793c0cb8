/** Objects that an async trigger keeps: they live as long as its generation, over all polls until the next reload. */

import { readFileSync } from 'node:fs'
import { type AddressInfo, createServer, type Socket } from 'node:net'
import { createInterface } from 'node:readline'
import { expect, it } from 'vitest'
import { Terminal } from '../support/cloaca-process.ts'
import { freePort } from '../support/shell.ts'

const SCRIPT = readFileSync(new URL('kept_client.py', import.meta.url), 'utf8')
const POLLS = 200

/** Server that answers each line, and records the lines of each connection. */
class Shop implements AsyncDisposable {
  readonly lines: string[][] = []
  readonly open = new Set<Socket>()
  readonly #server = createServer((socket) => this.#serve(socket))
  #changed = () => {}

  static async open(): Promise<Shop> {
    const shop = new Shop()
    await new Promise<void>((listening) => shop.#server.listen(0, '127.0.0.1', listening))
    return shop
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port
  }

  /** Waits until the condition is true. */
  async until(isSo: () => boolean): Promise<void> {
    while (!isSo()) {
      await new Promise<void>((changed) => {
        this.#changed = changed
      })
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const socket of this.open) socket.destroy()
    await new Promise((closed) => this.#server.close(closed))
  }

  #serve(socket: Socket): void {
    const lines: string[] = []
    this.lines.push(lines)
    this.open.add(socket)
    socket.on('error', () => undefined)
    socket.on('close', () => {
      this.open.delete(socket)
      this.#changed()
    })
    createInterface({ input: socket }).on('line', (line) => {
      lines.push(line)
      socket.write('nothing new\n')
      this.#changed()
    })
  }
}

it('an async trigger keeps its connection, server, task and generator over 200 polls until a reload', async () => {
  await using shop = await Shop.open()
  await using terminal = new Terminal()
  terminal.write('shop.py', SCRIPT)
  const env = { SHOP_PORT: String(shop.port), OWN_PORT: String(await freePort()) }
  const serving = terminal.start(['serve', 'shop.py', '--watch', '--db', ':memory:', '--no-http'], { env })
  await shop.until(() => (shop.lines[0]?.length ?? 0) >= POLLS)
  expect(shop.lines).toHaveLength(1)

  terminal.write('shop.py', SCRIPT.replace('VERSION = "first"', 'VERSION = "second"'))

  await serving.prints('first background task ended')
  await serving.prints('first generator closed')
  await serving.prints('first client is gone')
  await shop.until(() => (shop.lines[1]?.length ?? 0) >= POLLS && shop.open.size === 1)
  expect(shop.lines).toHaveLength(2)
  expect(new Set(shop.lines[0])).toEqual(new Set(['first']))

  serving.kill('SIGTERM')
  await serving.prints('second generator closed')
  await shop.until(() => shop.open.size === 0)
  expect((await serving.ended).stderr).not.toMatch(/Event loop is closed|Unclosed/)
})
