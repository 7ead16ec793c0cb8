/**
 * Sockets for the scripts of a restricted interpreter: each place that one would reach or listen on is looked at first. Node's permission
 * model only knows whether there is a network at all.
 *
 * Proved by `test/restricted/network.test.ts`.
 */

import { type Grants, NetGrants } from '../../border/grants.ts'
import { Sockets } from '../network/sockets.ts'
import type { FileGrants } from './file-grants.ts'

const REFUSED = 'EACCES'
/** What a lookup says of a name that does not exist, which a refused one is as good as. */
const NOT_FOUND = JSON.stringify({ error: 'ENOTFOUND', found: null })

export interface SocketGrants {
  readonly net: Grants['net']
  readonly files: FileGrants
  /** Hears of each place that was not granted. */
  refused(place: string): void
  /** The same for a socket that is a file. */
  refusedPath(path: string): void
}

export class RestrictedSockets extends Sockets {
  readonly #setEvent: (event: number) => void
  readonly #grants: SocketGrants
  readonly #net: NetGrants
  /** Whose last step was refused, and who has not been told yet. */
  readonly #refused = new Set<number>()
  /** What is looked up, by the event that is set then; null for what was refused. */
  readonly #lookups = new Map<number, string | null>()

  constructor(setEvent: (event: number) => void, grants: SocketGrants) {
    super(setEvent)
    this.#setEvent = setEvent
    this.#grants = grants
    this.#net = new NetGrants(grants.net)
  }

  override connect(number: number, host: string, port: number, localAddress?: string, localPort?: number): void {
    if (this.#allows(host, port)) super.connect(number, host, port, localAddress, localPort)
    else this.#refused.add(number)
  }

  override connect_path(number: number, path: string, own: string): void {
    if (this.#allowsPath(path)) super.connect_path(number, path, own)
    else this.#refused.add(number)
  }

  override bind(number: number, host: string, port: number, ...options: readonly [boolean, boolean, boolean]): void {
    if (this.#allows(host, port)) super.bind(number, host, port, ...options)
    else this.#refused.add(number)
  }

  override bind_path(number: number, path: string, name: string): void {
    if (this.#allowsPath(path)) super.bind_path(number, path, name)
    else this.#refused.add(number)
  }

  override send_datagram(number: number, bytes: Uint8Array, host?: string, port?: number): string | undefined {
    // Those with a path reach nobody outside of this interpreter.
    if (host !== undefined && port !== undefined && !this.#allows(host, port)) return REFUSED
    return super.send_datagram(number, bytes, host, port)
  }

  override state(number: number): string {
    return this.#refused.has(number) ? 'failed' : super.state(number)
  }

  override take_error(number: number): string | undefined {
    return this.#refused.delete(number) ? REFUSED : super.take_error(number)
  }

  override close(number: number, isReset?: boolean): void {
    this.#refused.delete(number)
    super.close(number, isReset)
  }

  override resolve(event: number, host: string, family: number, hints: number): void {
    const isAllowed = this.#net.allowsLookup(host)
    this.#lookups.set(event, isAllowed ? host : null)
    if (isAllowed) super.resolve(event, host, family, hints)
    else this.#refuseLookup(event, host)
  }

  override resolve_names(event: number, address: string, port: number): void {
    if (this.#net.allows(address, port)) {
      super.resolve_names(event, address, port)
      return
    }
    this.#lookups.set(event, null)
    this.#refuseLookup(event, address)
  }

  override take_lookup(event: number): string | undefined {
    const host = this.#lookups.get(event)
    this.#lookups.delete(event)
    if (host === null) return NOT_FOUND
    const result = super.take_lookup(event)
    if (host !== undefined && result !== undefined) {
      const { found } = JSON.parse(result) as { readonly found: readonly (readonly [string, number])[] | null }
      this.#net.found(host, found?.map(([address]) => address) ?? [])
    }
    return result
  }

  #refuseLookup(event: number, host: string): void {
    this.#grants.refused(host)
    setImmediate(() => this.#setEvent(event))
  }

  #allows(host: string, port: number): boolean {
    const isAllowed = this.#net.allows(host, port)
    if (!isAllowed) this.#grants.refused(host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`)
    return isAllowed
  }

  /** A socket with a path is a file, and one of the network. */
  #allowsPath(path: string): boolean {
    const isAbstract = path.startsWith('\0')
    const isAllowed = !isAbstract && !this.#net.isEmpty && this.#grants.files.mayWrite(path)
    if (!isAllowed) this.#grants.refusedPath(path)
    return isAllowed
  }
}
