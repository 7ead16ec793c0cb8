/** Sends malformed HTTP requests, and reads the answer until the connection ends. */

import { once } from 'node:events'
import { connect, type Socket } from 'node:net'
import { LIMIT_MS } from './limits.ts'

export interface RawAnswer {
  /** Status, or 0 if the connection ended without an answer. */
  readonly status: number
  readonly head: string
  readonly body: string
}

/** Opens a connection and writes the text. The caller destroys the socket. */
export async function rawSocket(url: string, text: string): Promise<Socket> {
  const { hostname, port } = new URL(url)
  const socket = connect({ host: hostname.replace(/^\[|\]$/g, ''), port: Number(port) })
  socket.on('error', () => {}) // the server may reset the connection
  await once(socket, 'connect')
  socket.write(text)
  return socket
}

/** Sends a request with the given lines and "Connection: close", and returns the answer. */
export async function rawRequest(url: string, ...lines: readonly string[]): Promise<RawAnswer> {
  return await rawText(url, `${[...lines, 'Connection: close'].join('\r\n')}\r\n\r\n`)
}

export async function rawText(url: string, text: string): Promise<RawAnswer> {
  const socket = await rawSocket(url, text)
  const timer = setTimeout(() => socket.destroy(new Error('no answer')), LIMIT_MS)
  let answer = ''
  socket.setEncoding('latin1').on('data', (part: string) => {
    answer += part
  })
  await new Promise((resolve) => socket.once('close', resolve))
  clearTimeout(timer)
  const [head = '', ...rest] = answer.split('\r\n\r\n')
  return { status: Number(/^HTTP\/1\.1 (\d+)/.exec(head)?.[1] ?? 0), head, body: rest.join('\r\n\r\n') }
}
