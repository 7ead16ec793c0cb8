/** Reader of a topic in place of the engine. Stores delivered messages immediately, except after a call of `full`. */

import type { Stream, StreamMessage, StreamRequest } from '../../src/engine/graphs/stream-port.ts'
import { LIMIT_MS } from './limits.ts'

export class TopicReader implements StreamRequest {
  readonly source = 'prices'
  readonly topic: string
  readonly group: string
  readonly positions: StreamRequest['positions']
  readonly messages: StreamMessage[] = []
  readonly failures: Error[] = []
  deliveries = 0
  #store: Promise<void> = Promise.resolve()
  readonly #waiting = new Set<() => void>()
  stream: Stream | null = null

  constructor(topic: string, group: string, positions: StreamRequest['positions'] = []) {
    this.topic = topic
    this.group = group
    this.positions = positions
  }

  deliver = async (messages: readonly StreamMessage[]): Promise<void> => {
    this.deliveries += 1
    await this.#store
    this.messages.push(...messages)
    for (const look of this.#waiting) look()
  }

  failed = (error: Error): void => {
    this.failures.push(error)
    for (const look of this.#waiting) look()
  }

  /** Delays the storing of messages until the returned function is called. */
  full(): () => void {
    const { promise, resolve } = Promise.withResolvers<void>()
    this.#store = promise
    return resolve
  }

  async until(test: () => boolean): Promise<void> {
    const { promise, resolve, reject } = Promise.withResolvers<void>()
    const look = (): void => (test() ? resolve() : undefined)
    const timer = setTimeout(
      () => reject(new Error(`It did not come. There is: ${this.texts}; ${this.failures}`)),
      LIMIT_MS,
    )
    this.#waiting.add(look)
    look()
    await promise.finally(() => {
      clearTimeout(timer)
      this.#waiting.delete(look)
    })
  }

  get texts(): readonly string[] {
    return this.messages.map(({ eventText }) => eventText)
  }
}
