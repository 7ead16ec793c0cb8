/**
 * Replaces `process.binding`, which Node's permission model refuses (seen in Node 26), for Emscripten, which reads the
 * flags of `open` there (seen in Pyodide 314.0.7). Imported by `entry.ts` first. Can go when Emscripten uses `node:fs`.
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
