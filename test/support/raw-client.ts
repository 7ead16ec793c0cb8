/**
 * HTTP/1.1 client that sends the given bytes unchanged, one request at a time. Tests send tens of thousands of
 * requests, for which Node's own client is too slow.
 */

import { once } from 'node:events'
import { connect, type Socket } from 'node:net'

export interface RawResponse {
  readonly status: number
  /** Headers with names in lower case. */
  readonly headers: Readonly<Record<string, string>>
  readonly body: string
}

/** Time without data after which a server is considered to be waiting for more. */
const QUIET_MS = 500

const CLOSED: RawResponse = { status: 0, headers: {}, body: '' }

export class RawClient {
  readonly #port: number
  #socket: Socket | null = null
  #received = ''
  #settle: ((response: RawResponse) => void) | null = null

  constructor(port: number) {
    this.#port = port
  }

  /**
   * Sends bytes and returns the answer, with status 0 if the connection is closed without one. For a stream of events,
   * reads only the head.
   */
  async send(bytes: string): Promise<RawResponse> {
    const socket = this.#socket ?? (await this.#open())
    this.#received = ''
    const response = new Promise<RawResponse>((resolve) => {
      this.#settle = resolve
    })
    socket.write(bytes, 'latin1')
    return await response
  }

  close(): void {
    this.#socket?.destroy()
    this.#socket = null
  }

  async #open(): Promise<Socket> {
    const socket = connect(this.#port, '127.0.0.1')
    socket.setNoDelay(true).setEncoding('latin1')
    socket.on('error', () => undefined) // the server may reset the connection
    socket.on('data', (part: string) => {
      this.#received += part
      this.#look()
    })
    socket.on('close', () => {
      if (this.#socket === socket) this.#socket = null
      this.#settle?.(CLOSED)
      this.#settle = null
    })
    await once(socket, 'connect')
    this.#socket = socket
    return socket
  }

  #look(): void {
    const headEnd = this.#received.indexOf('\r\n\r\n')
    if (headEnd === -1 || this.#settle === null) return
    const [first = '', ...lines] = this.#received.slice(0, headEnd).split('\r\n')
    const pairs = lines.map((line) => {
      const colon = line.indexOf(':')
      return [line.slice(0, colon).toLowerCase(), line.slice(colon + 1).trim()] as const
    })
    const headers = Object.fromEntries(pairs)
    const isStream = headers['content-type']?.startsWith('text/event-stream') === true
    const body = this.#received.slice(headEnd + 4)
    const isWhole =
      headers['transfer-encoding'] === 'chunked'
        ? body.endsWith('0\r\n\r\n')
        : body.length >= Number(headers['content-length'] ?? 0)
    if (!isStream && !isWhole) return
    const settle = this.#settle
    this.#settle = null
    if (isStream || headers.connection === 'close') this.close()
    settle({ status: Number(first.split(' ')[1]), headers, body: isStream ? '' : body })
  }
}

/**
 * Sends bytes and ends its side of the connection. Returns everything that the server sends until it closes the
 * connection or sends nothing for `QUIET_MS`.
 */
export async function answersTo(port: number, bytes: string): Promise<string> {
  const socket = connect(port, '127.0.0.1')
  socket.setEncoding('latin1').on('error', () => undefined)
  let received = ''
  socket.on('data', (part: string) => {
    received += part
  })
  await once(socket, 'connect')
  socket.setTimeout(QUIET_MS, () => socket.destroy())
  socket.end(bytes, 'latin1')
  await new Promise((resolve) => socket.once('close', resolve))
  return received
}
