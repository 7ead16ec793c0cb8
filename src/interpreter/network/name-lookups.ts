/**
 * Host names and addresses, looked up by the system for `sockets.ts`. A lookup sets an event when its result, JSON, is
 * ready.
 */

import { lookup, lookupService } from 'node:dns'

export type Resolved = (host: string, addresses: readonly string[]) => void

const NOT_FOUND = JSON.stringify({ error: 'ENOTFOUND', found: null })

export class NameLookups {
  readonly #setEvent: (event: number) => void
  readonly #resolved: Resolved
  /** Results by event; null while not ready. */
  readonly #results = new Map<number, string | null>()

  constructor(setEvent: (event: number) => void, resolved: Resolved) {
    this.#setEvent = setEvent
    this.#resolved = resolved
  }

  /** Throws if another lookup uses the event, because their results could not be told apart. */
  resolve(event: number, host: string, family: number, hints: number): void {
    this.#requireUnused(event)
    lookup(host, { all: true, family: family as 0 | 4 | 6, hints }, (error, addresses) => {
      const found = error === null ? addresses.map(({ address, family: of }) => [address, of]) : null
      if (error === null)
        this.#resolved(
          host,
          addresses.map(({ address }) => address),
        )
      this.#end(event, JSON.stringify({ error: error?.code ?? null, found }))
    })
    this.#results.set(event, null)
  }

  /** Throws as `resolve` does. */
  resolveNames(event: number, address: string, port: number): void {
    this.#requireUnused(event)
    lookupService(address, port, (error, host, service) => {
      this.#end(event, JSON.stringify({ error: error?.code ?? null, found: [host, service] }))
    })
    this.#results.set(event, null)
  }

  /** Sets the result of a name that does not exist. Throws as `resolve` does. */
  refuse(event: number): void {
    this.#requireUnused(event)
    this.#results.set(event, null)
    setImmediate(() => this.#end(event, NOT_FOUND))
  }

  /** Returns and deletes the result of the lookup that set the event; undefined while there is none. */
  take(event: number): string | undefined {
    const result = this.#results.get(event) ?? undefined
    if (result !== undefined) this.#results.delete(event)
    return result
  }

  #requireUnused(event: number): void {
    // Uncoded: a defect in `python/cloaca/_adapt`
    if (this.#results.has(event)) throw new Error(`Event ${event} is already in use by another name lookup.`)
  }

  #end(event: number, result: string): void {
    this.#results.set(event, result)
    this.#setEvent(event)
  }
}
