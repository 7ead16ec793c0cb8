/**
 * Grants of a restricted interpreter, and checks against them. Pure: paths come with their symbolic links resolved. The
 * interpreter checks what scripts do, the engine what it is asked to do for them.
 */

import { isIP } from 'node:net'
import { sep } from 'node:path'

export interface GrantedPath {
  readonly named: string
  readonly real: string
  readonly isFolder: boolean
}

export interface KeptFiles {
  readonly whole: readonly string[]
  /** Folders, with all below, in which files with names of Python modules are kept. */
  readonly modules: readonly string[]
  /** Folders, with all below, in which modules of TypeScript and JavaScript are kept. */
  readonly scriptModules: readonly string[]
}

export interface Grants {
  /** Files, and folders with all below, that scripts may only read. Paths of `write` are readable, too. */
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

/** Place on the network. A null port stands for any port. */
export interface NetPlace {
  /** In lower case, `*` for any; an IPv6 address without brackets. */
  readonly host: string
  readonly port: number | null
}

const ANY = '*'
const HIGHEST_PORT = 65_535

export function isWithin(path: string, granted: readonly GrantedPath[]): boolean {
  return granted.some(({ real, isFolder }) => path === real || (isFolder && isBelow(path, real)))
}

export function isBelow(path: string, folder: string): boolean {
  return path.startsWith(folder.endsWith(sep) ? folder : `${folder}${sep}`)
}

/** Undefined for a text that names no place. */
export function parseNetPlace(text: string): NetPlace | undefined {
  const [, bracketed, plain, portText] = /^(?:\[([^\]]+)\]|([^:[\]]+))(?::(\d{1,5}))?$/.exec(text) ?? []
  const host = isIP(text) === 6 ? text : (bracketed ?? plain)
  if (host === undefined || (bracketed !== undefined && isIP(bracketed) !== 6)) return undefined
  if (host !== ANY && !/^[a-z0-9._:%-]+$/i.test(host)) return undefined
  const port = portText === undefined ? null : Number(portText)
  if (port !== null && (port < 1 || port > HIGHEST_PORT)) return undefined
  return { host: plainHost(host), port }
}

export class NetGrants {
  readonly #places: readonly NetPlace[]
  /** By address: the names that were looked up and led to it. */
  readonly #namesOf = new Map<string, Set<string>>()

  constructor(net: readonly string[]) {
    this.#places = net.map(parseNetPlace).filter((place) => place !== undefined)
  }

  get isEmpty(): boolean {
    return this.#places.length === 0
  }

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

  /** Grants the addresses that a granted name was resolved to. */
  found(host: string, addresses: readonly string[]): void {
    const plain = plainHost(host)
    if (!this.#places.some((place) => place.host === plain)) return
    for (const address of addresses.map(plainHost)) {
      const names = this.#namesOf.get(address) ?? new Set()
      this.#namesOf.set(address, names.add(plain))
    }
  }
}

/** Returns one spelling for each host: lower case, IPv4 in its own form instead of that of IPv6, and no scope. */
function plainHost(host: string): string {
  const lower = host.toLowerCase().replace(/\.$/, '')
  const mapped = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/.exec(lower)
  if (mapped?.[1] !== undefined) return mapped[1]
  if (isIP(lower) !== 6) return lower
  const [address = lower] = lower.split('%')
  return URL.parse(`http://[${address}]`)?.hostname.slice(1, -1) ?? address
}
