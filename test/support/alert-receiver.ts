/** HTTP server that receives alerts and other requests in tests, and keeps them. */

import { once } from 'node:events'
import { createServer, type IncomingHttpHeaders, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { text } from 'node:stream/consumers'

export interface ReceivedRequest {
  readonly method: string
  readonly path: string
  readonly headers: IncomingHttpHeaders
  readonly text: string
  /** Parsed text, or null without one. */
  // biome-ignore lint/suspicious/noExplicitAny: the tests read fields of many kinds of messages
  readonly body: any
  /** Status at the time of the request. */
  readonly status: number
}

export class AlertReceiver implements AsyncDisposable {
  readonly received: ReceivedRequest[] = []
  /** Status of the responses. Redirections go to another path of the server. */
  status: number
  /** Function that answers instead. */
  answer: ((response: ServerResponse) => void) | null = null
  readonly #server: Server

  private constructor(status: number) {
    this.status = status
    this.#server = createServer(async (request, response) => {
      const { method = '', url = '', headers } = request
      const given = await text(request)
      const body = given === '' ? null : JSON.parse(given)
      this.received.push({ method, path: url, headers, text: given, body, status: this.status })
      if (this.answer === null) response.writeHead(this.status, { location: '/else' }).end('the reason of the server')
      else this.answer(response)
    })
  }

  /** `status`: status of the first responses. */
  static async start(status = 200): Promise<AlertReceiver> {
    const receiver = new AlertReceiver(status)
    receiver.#server.listen(0, '127.0.0.1')
    await once(receiver.#server, 'listening')
    return receiver
  }

  /** Address of the server, without a path. */
  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#server.closeAllConnections()
    this.#server.close()
  }
}
