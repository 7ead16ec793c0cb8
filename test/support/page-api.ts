/** HTTP client for tests of the page, which changes and checks the served database independently of the page. */

import { expect, vi } from 'vitest'
import { LIMIT_MS } from './limits.ts'

export class PageApi {
  readonly #url: string

  constructor(url: string) {
    this.#url = url.replace(/\/$/, '')
  }

  // biome-ignore lint/suspicious/noExplicitAny: tests check the content themselves
  async get(path: string): Promise<any> {
    return await (await fetch(`${this.#url}/api/v1${path}`)).json()
  }

  // biome-ignore lint/suspicious/noExplicitAny: tests check the content themselves
  async post(path: string, body: object = {}): Promise<any> {
    const headers = { origin: this.#url, 'content-type': 'application/json' }
    const response = await fetch(`${this.#url}/api/v1${path}`, { method: 'POST', headers, body: JSON.stringify(body) })
    return await response.json()
  }

  /** Starts an execution and returns its id. */
  async start(workflow: string, context: object = {}): Promise<string> {
    return String((await this.post('/executions', { workflow, context })).id)
  }

  /** Waits until an execution has ended, and returns its status. */
  async ended(id: string): Promise<string> {
    const at = `/executions/${id}`
    await vi.waitFor(async () => expect((await this.get(at)).endedAt).not.toBeNull(), { timeout: LIMIT_MS })
    return String((await this.get(at)).status)
  }

  async run(workflow: string, context: object = {}): Promise<string> {
    const id = await this.start(workflow, context)
    await this.ended(id)
    return id
  }
}
