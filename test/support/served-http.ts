/** Asks a `cloaca serve` over HTTP, as a program on this machine does. */

import type { CloacaProcess } from './cloaca-process.ts'
import { LIMIT_MS } from './limits.ts'
import { Metrics } from './prometheus-text.ts'

const AGAIN_MS = 20

/** On a loaded machine the server may close an idle connection in the moment in which a request is sent on it. */
const NEW_CONNECTION = { headers: { connection: 'close' } }

export class ServedHttp {
  readonly url: string

  private constructor(url: string) {
    this.url = url
  }

  /** Settles when it serves. */
  static async of(serving: CloacaProcess): Promise<ServedHttp> {
    const url = String((await serving.logs('HTTP is at')).url)
    await serving.logs('serving ')
    return new ServedHttp(url)
  }

  // biome-ignore lint/suspicious/noExplicitAny: what is in it is what the tests are about
  async get(path: string): Promise<any> {
    return await (await fetch(`${this.url}/api/v1${path}`, NEW_CONNECTION)).json()
  }

  // biome-ignore lint/suspicious/noExplicitAny: what is in it is what the tests are about
  async post(path: string, body?: object): Promise<any> {
    const headers = { origin: this.url, 'content-type': 'application/json' }
    const text = body === undefined ? null : JSON.stringify(body)
    const response = await fetch(`${this.url}/api/v1${path}`, { method: 'POST', headers, body: text })
    const answer = (await response.json()) as { readonly detail?: string }
    if (!response.ok) throw new Error(`${path}: ${response.status} ${answer.detail}`)
    return answer
  }

  /** Settles with the execution when it has ended. */
  // biome-ignore lint/suspicious/noExplicitAny: what is in it is what the tests are about
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

  /** Settles with the first metrics that pass the test. */
  async until(test: (metrics: Metrics) => boolean): Promise<Metrics> {
    return await within('metrics that pass the test', async () => {
      const metrics = await this.metrics()
      return test(metrics) ? metrics : null
    })
  }
}

/** Settles with the first answer that is not null. */
export async function within<Found>(what: string, find: () => Promise<Found | null>): Promise<Found> {
  const until = performance.now() + LIMIT_MS
  while (performance.now() < until) {
    const found = await find()
    if (found !== null) return found
    await new Promise((resolve) => setTimeout(resolve, AGAIN_MS))
  }
  throw new Error(`${what} did not come within ${LIMIT_MS} ms`)
}
