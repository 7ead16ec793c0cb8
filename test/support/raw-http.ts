/** Sends bytes that no client would send, and reads what comes back until the connection ends or nothing more is awaited. */

import { once } from 'node:events'
import { connect, type Socket } from 'node:net'
import { LIMIT_MS } from './limits.ts'

export interface RawAnswer {
  /** 0 where the connection ended without one. */
  readonly status: number
  readonly head: string
  readonly body: string
}

/** Opens a connection and writes; the caller destroys it. */
export async function rawSocket(url: string, text: string): Promise<Socket> {
  const { hostname, port } = new URL(url)
  const socket = connect({ host: hostname.replace(/^\[|\]$/g, ''), port: Number(port) })
  socket.on('error', () => {}) // a server may reset what it does not like
  await once(socket, 'connect')
  socket.write(text)
  return socket
}

/** The answer to a request in these lines, to which the end of the head and "Connection: close" are added. */
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
