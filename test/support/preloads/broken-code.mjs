// Preload for an interpreter's process: one of its own modules throws when it is loaded.
import { registerHooks } from 'node:module'

registerHooks({
  load(url, context, nextLoad) {
    if (!/\/interpreter\/stacks\/stack-waits\.[jt]s$/.test(url)) return nextLoad(url, context)
    return {
      format: 'module',
      source:
        'export class Waits {}\nexport const callAnswer = null, repeatWhile = null\n' +
        "throw new TypeError('it is broken')",
      shortCircuit: true,
    }
  },
})
