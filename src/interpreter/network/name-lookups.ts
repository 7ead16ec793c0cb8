/**
 * Host names and addresses, looked up by the system for `sockets.ts`. A lookup does not block: it sets an event when its
 * result is there, as JSON.
 */

import { lookup, lookupService } from 'node:dns'

export class NameLookups {
  readonly #setEvent: (event: number) => void
  readonly #results = new Map<number, string>()

  constructor(setEvent: (event: number) => void) {
    this.#setEvent = setEvent
  }

  resolve(event: number, host: string, family: number, hints: number): void {
    lookup(host, { all: true, family: family as 0 | 4 | 6, hints }, (error, addresses) => {
      const found = error === null ? addresses.map(({ address, family: of }) => [address, of]) : null
      this.#results.set(event, JSON.stringify({ error: error?.code ?? null, found }))
      this.#setEvent(event)
    })
  }

  resolveNames(event: number, address: string, port: number): void {
    lookupService(address, port, (error, host, service) => {
      this.#results.set(event, JSON.stringify({ error: error?.code ?? null, found: [host, service] }))
      this.#setEvent(event)
    })
  }

  /** The result of the lookup that set the event; it is forgotten here. */
  take(event: number): string | undefined {
    const result = this.#results.get(event)
    this.#results.delete(event)
    return result
  }
}
