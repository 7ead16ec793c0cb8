/**
 * Loaded with `node --import` before an example: its `import … from 'cloaca'` then means the sources of this repository,
 * where a reader's means the package that `npm run build` made of them, which may be older.
 */

import { registerHooks } from 'node:module'

const door = import.meta.resolve('../../src/index.ts')

registerHooks({
  resolve: (specifier, context, next) =>
    specifier === 'cloaca' ? { url: door, shortCircuit: true } : next(specifier, context),
})
