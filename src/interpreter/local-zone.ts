/**
 * The names of the local time zone, where Python's C library keeps them. Emscripten fills in "UTC+0100" and the like, and
 * a memory snapshot holds those of the machine that made it (seen in Pyodide 314.0.7).
 *
 * Proved by `python/tests/stdlib/test_time.py`.
 */

import type { PyodideAPI } from 'pyodide'

/** Bytes of a name, its end included. */
const NAME_BYTES = 17

interface Module {
  readonly HEAPU8: Uint8Array
  readonly HEAP32: Int32Array
  readonly HEAPU32: Uint32Array
  /** Addresses: two pointers to names, seconds west of UTC, whether there is a daylight saving time. */
  readonly _tzname: number
  readonly _timezone: number
  readonly _daylight: number
}

/** The zone that the process is in, by its IANA name. */
function localZoneName(): string {
  return new Intl.DateTimeFormat().resolvedOptions().timeZone
}

/** Returns a function that sets the names of standard and daylight saving time. */
export function zoneSetter(pyodide: PyodideAPI) {
  return (standard: string, daylight: string, secondsWest: number, hasDaylight: boolean): void => {
    const module = (pyodide as unknown as { _module: Module })._module
    for (const [index, name] of [standard, daylight].entries()) {
      const address = module.HEAPU32[(module._tzname >>> 2) + index] ?? 0
      const bytes = Buffer.from(`${name}\0`, 'utf8')
      if (address !== 0 && bytes.length <= NAME_BYTES) module.HEAPU8.set(bytes, address)
    }
    module.HEAP32[module._timezone >>> 2] = secondsWest
    module.HEAP32[module._daylight >>> 2] = Number(hasDaylight)
  }
}

/** Makes a zone the thread's own, the system's for none, and returns its name. What is not a zone is UTC, as in C. */
export function changeZone(name: string | null | undefined): string {
  // The environment is shared with the main thread: only then does Node pass on the change to this thread's clock.
  if (name === null || name === undefined) delete process.env.TZ
  else process.env.TZ = isZone(name) ? name : 'UTC'
  return localZoneName()
}

function isZone(name: string): boolean {
  try {
    return new Intl.DateTimeFormat(undefined, { timeZone: name }) !== null
  } catch {
    return false
  }
}
