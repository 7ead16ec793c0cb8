/**
 * Host names and addresses, looked up by the system for `sockets.ts`. A lookup does not block: it sets an event when its
 * result is there, as JSON.
 */

import { lookup, lookupService } from 'node:dns'

/** Called with a name and the addresses that were found for it, before its result can be taken. */
export type Resolved = (host: string, addresses: readonly string[]) => void

/** The result for a name that does not exist. */
const NOT_FOUND = JSON.stringify({ error: 'ENOTFOUND', found: null })

export class NameLookups {
  readonly #setEvent: (event: number) => void
  readonly #resolved: Resolved
  /** By event; null: not there yet. */
  readonly #results = new Map<number, string | null>()

  constructor(setEvent: (event: number) => void, resolved: Resolved) {
    this.#setEvent = setEvent
    this.#resolved = resolved
  }

  /** Throws if the event is that of another lookup, whose result nobody could tell from this one. */
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

  /** The result is that of a name that does not exist. Throws as `resolve` does. */
  refuse(event: number): void {
    this.#requireUnused(event)
    this.#results.set(event, null)
    setImmediate(() => this.#end(event, NOT_FOUND))
  }

  /** The result of the lookup that set the event; it is forgotten here. Undefined while there is none. */
  take(event: number): string | undefined {
    const result = this.#results.get(event) ?? undefined
    if (result !== undefined) this.#results.delete(event)
    return result
  }

  #requireUnused(event: number): void {
    if (this.#results.has(event)) throw new Error(`Event ${event} is already in use by another name lookup.`)
  }

  #end(event: number, result: string): void {
    this.#results.set(event, result)
    this.#setEvent(event)
  }
}
