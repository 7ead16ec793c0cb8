/**
 * Loaded with `node --import` before an example: its `import … from 'cloaca'` then means the sources of this repository,
 * where a reader's means the package that `npm run build` made of them, which may be older.
 */

import { registerHooks } from 'node:module'

const DOORS: ReadonlyMap<string, string> = new Map([
  ['cloaca', import.meta.resolve('../../src/index.ts')],
  ['cloaca/testing', import.meta.resolve('../../src/testing/index.ts')],
])

registerHooks({
  resolve(specifier, context, next) {
    const url = DOORS.get(specifier)
    return url === undefined ? next(specifier, context) : { url, shortCircuit: true }
  },
})
