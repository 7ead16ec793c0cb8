/**
 * Stands in for `process.binding` in a process with Node's permission model, which refuses it (seen in Node 26): Emscripten asks it for
 * the flags of `open` (seen in Pyodide 314.0.7). Imported by `entry.ts` before anything else. Can go when Emscripten takes them
 * from `node:fs`.
 *
 * Proved by `test/restricted/node.test.ts`.
 */

import { constants } from 'node:fs'

const FLAGS = Object.freeze(Object.assign(Object.create(null), { fs: constants }))

Object.defineProperty(process, 'binding', {
  configurable: true,
  value(name: unknown) {
    if (name === 'constants') return FLAGS
    throw Object.assign(new Error('process.binding is not available in a restricted process.'), { code: 'EPERM' })
  },
})
