/** HTTP client of a running `cloaca serve`. */

import type { CloacaProcess } from './cloaca-process.ts'
import { LIMIT_MS } from './limits.ts'
import { Metrics } from './prometheus-text.ts'

const AGAIN_MS = 20

/** Prevents reuse of a connection, which a loaded server may close while a request is sent. */
const NEW_CONNECTION = { headers: { connection: 'close' } }

export class ServedHttp {
  readonly url: string

  private constructor(url: string) {
    this.url = url
  }

  /** Waits until the process serves. */
  static async of(serving: CloacaProcess): Promise<ServedHttp> {
    const url = String((await serving.logs('HTTP is at')).url)
    await serving.logs('serving ')
    return new ServedHttp(url)
  }

  // biome-ignore lint/suspicious/noExplicitAny: tests check the content themselves
  async get(path: string): Promise<any> {
    return await (await fetch(`${this.url}/api/v1${path}`, NEW_CONNECTION)).json()
  }

  // biome-ignore lint/suspicious/noExplicitAny: tests check the content themselves
  async post(path: string, body?: object): Promise<any> {
    const headers = { origin: this.url, 'content-type': 'application/json' }
    const text = body === undefined ? null : JSON.stringify(body)
    const response = await fetch(`${this.url}/api/v1${path}`, { method: 'POST', headers, body: text })
    const answer = (await response.json()) as { readonly detail?: string }
    if (!response.ok) throw new Error(`${path}: ${response.status} ${answer.detail}`)
    return answer
  }

  /** Starts an execution, waits until it has ended, and returns it. */
  // biome-ignore lint/suspicious/noExplicitAny: tests check the content themselves
  async execute(workflow: string, context: object = {}): Promise<any> {
    const { id } = await this.post('/executions', { workflow, context })
    return await within(`the end of an execution of ${workflow}`, async () => {
      const execution = await this.get(`/executions/${id}`)
      return execution.endedAt === null ? null : execution
    })
  }

  async metrics(): Promise<Metrics> {
    return new Metrics(await (await fetch(`${this.url}/metrics`, NEW_CONNECTION)).text())
  }

  /** Polls the metrics until they pass the test, and returns them. */
  async until(test: (metrics: Metrics) => boolean): Promise<Metrics> {
    return await within('metrics that pass the test', async () => {
      const metrics = await this.metrics()
      return test(metrics) ? metrics : null
    })
  }
}

/** Calls `find` until it returns a value other than null, and returns the value. */
export async function within<Found>(what: string, find: () => Promise<Found | null>): Promise<Found> {
  const until = performance.now() + LIMIT_MS
  while (performance.now() < until) {
    const found = await find()
    if (found !== null) return found
    await new Promise((resolve) => setTimeout(resolve, AGAIN_MS))
  }
  throw new Error(`${what} did not come within ${LIMIT_MS} ms`)
}
