/**
 * What the scripts of a restricted interpreter may reach, and whether something is within it. Pure: paths come with their
 * symbolic links resolved. Used by both sides: the interpreter refuses what scripts do, the engine what it is asked to do for them.
 */

import { isIP } from 'node:net'
import { sep } from 'node:path'
import type { KeptFiles } from './kept-files.ts'

/** A file or folder that was granted: as it was named, and what it is once symbolic links are resolved. */
export interface GrantedPath {
  readonly named: string
  readonly real: string
  readonly isFolder: boolean
}

export interface Grants {
  /** Files, and folders with all below, that scripts may only read. Those of `write` are readable, too. */
  readonly read: readonly GrantedPath[]
  /** Files, and folders with all below, that scripts may read, write, make and remove. */
  readonly write: readonly GrantedPath[]
  /** Files below the folders of `write` that scripts may not change unless a grant names them. */
  readonly kept: KeptFiles
  /** `host`, `host:port`, `*:port` or `*`. An IPv6 address with a port is in brackets. */
  readonly net: readonly string[]
  /** Whether they may call native code by themselves: `ctypes`, and native modules that they can write. */
  readonly ffi: boolean
}

/** Where something leads on the network. A port of null is any. */
export interface NetPlace {
  /** In lower case, `*` for any; an IPv6 address without brackets. */
  readonly host: string
  readonly port: number | null
}

const ANY = '*'
const HIGHEST_PORT = 65_535

/** Whether a real path is one of these, or in one that is a folder. */
export function isWithin(path: string, granted: readonly GrantedPath[]): boolean {
  return granted.some(({ real, isFolder }) => path === real || (isFolder && isBelow(path, real)))
}

/** Whether a path is in a folder, however deep; both are whole. */
export function isBelow(path: string, folder: string): boolean {
  return path.startsWith(folder.endsWith(sep) ? folder : `${folder}${sep}`)
}

/** Undefined for a text that names no place. */
export function netPlaceOf(text: string): NetPlace | undefined {
  const [, bracketed, plain, portText] = /^(?:\[([^\]]+)\]|([^:[\]]+))(?::(\d{1,5}))?$/.exec(text) ?? []
  const host = isIP(text) === 6 ? text : (bracketed ?? plain)
  if (host === undefined || (bracketed !== undefined && isIP(bracketed) !== 6)) return undefined
  if (host !== ANY && !/^[a-z0-9._:%-]+$/i.test(host)) return undefined
  const port = portText === undefined ? null : Number(portText)
  if (port !== null && (port < 1 || port > HIGHEST_PORT)) return undefined
  return { host: plainHost(host), port }
}

/** What of the network is granted, with the addresses that names have turned out to have. */
export class NetGrants {
  readonly #places: readonly NetPlace[]
  /** By address: the names that were looked up and led to it. */
  readonly #namesOf = new Map<string, Set<string>>()

  constructor(net: readonly string[]) {
    this.#places = net.map(netPlaceOf).filter((place) => place !== undefined)
  }

  get isEmpty(): boolean {
    return this.#places.length === 0
  }

  /** Whether a host, by its name or an address, may be connected to, or listened on. */
  allows(host: string, port: number): boolean {
    const plain = plainHost(host)
    const names = [plain, ...(this.#namesOf.get(plain) ?? [])]
    return this.#places.some(
      (place) => (place.host === ANY || names.includes(place.host)) && (place.port === null || place.port === port),
    )
  }

  /** Whether a name may be looked up: one of a granted place, with whatever port. */
  allowsLookup(host: string): boolean {
    const plain = plainHost(host)
    return isIP(plain) > 0 || this.#places.some((place) => place.host === ANY || place.host === plain)
  }

  /** What a name was found to be: its addresses are granted as the name is. */
  found(host: string, addresses: readonly string[]): void {
    const plain = plainHost(host)
    if (!this.#places.some((place) => place.host === plain)) return
    for (const address of addresses.map(plainHost)) {
      const names = this.#namesOf.get(address) ?? new Set()
      this.#namesOf.set(address, names.add(plain))
    }
  }
}

/** One spelling for each host: that of names has no case, an IPv4 address may come in the form of IPv6, a scope does not count. */
function plainHost(host: string): string {
  const lower = host.toLowerCase().replace(/\.$/, '')
  const mapped = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/.exec(lower)
  if (mapped?.[1] !== undefined) return mapped[1]
  if (isIP(lower) !== 6) return lower
  const [address = lower] = lower.split('%')
  return URL.parse(`http://[${address}]`)?.hostname.slice(1, -1) ?? address
}
