/**
 * Local time zone of Python's C library: its names, and the conversions from and to local time.
 *
 * Emscripten (seen in Pyodide 314.0.7) uses names such as "UTC+0100", and a memory snapshot contains the names of the
 * machine that made it. It converts with JavaScript's `Date`, which knows only the zones of the database. So this file
 * sets the names, and converts if `TZ` contains rules of its own.
 *
 * Proved by `python/tests/stdlib/test_time.py`.
 */

import type { PyodideAPI } from 'pyodide'
import { localZoneName } from '../../border/local-zone.ts'
import { instantInZone, isDaylight, type PosixZone, parsePosixZone, zoneHalfAt } from './posix-zone.ts'

/** Bytes of a name, including its end. */
const NAME_BYTES = 17
/** Limit of JavaScript's dates. After it, Emscripten's own conversion is used. */
const LAST_SECOND = 8.64e12 - 86_400 * 2

interface Module {
  readonly HEAPU8: Uint8Array
  readonly HEAP32: Int32Array
  readonly HEAPU32: Uint32Array
  /** Addresses: two pointers to names, seconds west of UTC, whether there is a daylight saving time. */
  readonly _tzname: number
  readonly _timezone: number
  readonly _daylight: number
}

/** Imports of C. `struct tm` is at an address. */
interface ConversionImports {
  _localtime_js(seconds: bigint, address: number): void
  _mktime_js(address: number): bigint
}

interface Instantiation {
  instantiate(module: unknown, imports?: { readonly env?: Partial<ConversionImports> }): Promise<unknown>
}

const [SECOND, MINUTE, HOUR, DATE, MONTH, YEAR, WEEKDAY, DAY_OF_YEAR, IS_DAYLIGHT, OFFSET] = [
  0, 1, 2, 3, 4, 5, 6, 7, 8, 9,
]

let python: Module | null = null
/** Zone that `TZ` describes itself, if any. */
let rules: PosixZone | null = null

/** Intercepts conversions of Pyodide's WebAssembly. Call it before Pyodide is loaded. */
export function interceptLocalTime(): void {
  const { WebAssembly } = globalThis as unknown as { WebAssembly: Instantiation }
  const { instantiate } = WebAssembly
  WebAssembly.instantiate = (module, imports) => {
    const env = imports?.env
    if (env?._localtime_js !== undefined && env._mktime_js !== undefined) {
      intercept(env as ConversionImports)
      WebAssembly.instantiate = instantiate
    }
    return instantiate(module, imports)
  }
}

function intercept(imports: ConversionImports): void {
  const { _localtime_js: toLocal, _mktime_js: fromLocal } = imports
  imports._localtime_js = (seconds, address) => {
    const instant = Number(seconds)
    if (rules === null || python === null || Math.abs(instant) > LAST_SECOND) toLocal(seconds, address)
    else writeLocalTime(python.HEAP32, address >>> 2, rules, instant)
  }
  imports._mktime_js = (address) => {
    if (rules === null || python === null) return fromLocal(address)
    const heap = python.HEAP32
    const instant = readLocalTime(heap, address >>> 2, rules)
    if (!(Math.abs(instant) <= LAST_SECOND)) return -1n
    writeLocalTime(heap, address >>> 2, rules, instant)
    return BigInt(instant)
  }
}

function writeLocalTime(heap: Int32Array, at: number, zone: PosixZone, instant: number): void {
  const { offset } = zoneHalfAt(zone, instant)
  const local = new Date((instant + offset) * 1000)
  const firstDay = new Date(0).setUTCFullYear(local.getUTCFullYear(), 0, 1)
  heap[at + SECOND] = local.getUTCSeconds()
  heap[at + MINUTE] = local.getUTCMinutes()
  heap[at + HOUR] = local.getUTCHours()
  heap[at + DATE] = local.getUTCDate()
  heap[at + MONTH] = local.getUTCMonth()
  heap[at + YEAR] = local.getUTCFullYear() - 1900
  heap[at + WEEKDAY] = local.getUTCDay()
  heap[at + DAY_OF_YEAR] = Math.floor((local.getTime() - firstDay) / 86_400_000)
  heap[at + IS_DAYLIGHT] = Number(isDaylight(zone, instant))
  heap[at + OFFSET] = offset
}

/** Returns the time of local fields, which may be out of range as for `mktime`; NaN if there is none. */
function readLocalTime(heap: Int32Array, at: number, zone: PosixZone): number {
  const field = (index: number) => heap[at + index] ?? 0
  const midnight = new Date(0).setUTCFullYear(field(YEAR) + 1900, field(MONTH), field(DATE)) / 1000
  const local = midnight + field(HOUR) * 3_600 + field(MINUTE) * 60 + field(SECOND)
  return instantInZone(zone, local, field(IS_DAYLIGHT))
}

export function zoneSetter(pyodide: PyodideAPI) {
  python = (pyodide as unknown as { _module: Module })._module
  return setNames
}

function setNames(standard: string, daylight: string, secondsWest: number, hasDaylight: boolean): void {
  if (python === null) return
  for (const [index, name] of [standard, daylight].entries()) {
    const address = python.HEAPU32[(python._tzname >>> 2) + index] ?? 0
    const bytes = Buffer.from(`${name.slice(0, NAME_BYTES - 1)}\0`, 'latin1')
    if (address !== 0) python.HEAPU8.set(bytes, address)
  }
  python.HEAP32[python._timezone >>> 2] = secondsWest
  python.HEAP32[python._daylight >>> 2] = Number(hasDaylight)
}

/** Sets the process's zone, the system's for none. Returns its name; '' if Node does not know it. */
export function changeZone(name: string | null | undefined): string {
  if (name !== null && name !== undefined && !isZone(name)) return ''
  rules = null
  if (name === null || name === undefined) delete process.env.TZ
  else process.env.TZ = name
  return localZoneName()
}

/** Sets the process's zone and its names by a text of `TZ`. */
export function describeZone(text: string): void {
  rules = parsePosixZone(text)
  const { standard, daylight } = rules
  process.env.TZ = 'UTC' // for Node's own dates
  setNames(standard.name, daylight.name, 0 - standard.offset, standard.offset !== daylight.offset)
}

function isZone(name: string): boolean {
  try {
    return new Intl.DateTimeFormat(undefined, { timeZone: name }) !== null
  } catch {
    return false
  }
}
