/**
 * Sockets of a restricted interpreter, which check each place before connecting or listening. Node's permission model
 * only allows or forbids the whole network.
 *
 * Proved by `test/restricted/escapes.test.ts`.
 */

import { isIP } from 'node:net'
import { type Grants, NetGrants } from '../../border/grants.ts'
import { Sockets } from '../network/sockets.ts'
import type { FileGrants } from './file-grants.ts'

const REFUSED = 'EACCES'

export interface SocketGrants {
  readonly net: Grants['net']
  readonly files: FileGrants
  refused(place: string): void
  refusedPath(path: string): void
}

export class RestrictedSockets extends Sockets {
  readonly #grants: SocketGrants
  readonly #net: NetGrants
  /** Sockets whose last step was refused, and not reported yet. */
  readonly #refused = new Set<number>()

  constructor(setEvent: (event: number) => void, grants: SocketGrants) {
    const net = new NetGrants(grants.net)
    super(setEvent, {
      resolved: (host, addresses) => net.found(host, addresses),
      mayWrite: (path) => grants.files.mayWrite(path),
    })
    this.#grants = grants
    this.#net = net
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
    // Sockets with a path reach nobody outside of this interpreter.
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
    if (this.#net.allowsLookup(host)) super.resolve(event, host, family, hints)
    else this.#refuseLookup(event, host)
  }

  override resolve_names(event: number, address: string, port: number): void {
    if (this.#net.allows(address, port)) super.resolve_names(event, address, port)
    else this.#refuseLookup(event, address)
  }

  /** Reports a refused name as one that does not exist. */
  #refuseLookup(event: number, host: string): void {
    super.refuseLookup(event)
    this.#grants.refused(host)
  }

  /** Accepts addresses only. Node would look up a name again, and could find another address. */
  #allows(host: string, port: number): boolean {
    const isAllowed = isIP(host) !== 0 && this.#net.allows(host, port)
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
