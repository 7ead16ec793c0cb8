/**
 * Module that is loaded with `node --import` before an example. It resolves `import … from 'cloaca'` to the sources of
 * this repository instead of the built package, which may be older.
 */

import { registerHooks } from 'node:module'

const ENTRY_POINTS: ReadonlyMap<string, string> = new Map([
  ['cloaca', import.meta.resolve('../../src/index.ts')],
  ['cloaca/testing', import.meta.resolve('../../src/testing/index.ts')],
])

registerHooks({
  resolve(specifier, context, next) {
    const url = ENTRY_POINTS.get(specifier)
    return url === undefined ? next(specifier, context) : { url, shortCircuit: true }
  },
})
