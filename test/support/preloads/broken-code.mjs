// Preloaded into an interpreter's process in whose own code something fails before anything else is done.
import { registerHooks } from 'node:module'

registerHooks({
  load(url, context, nextLoad) {
    if (!/\/interpreter\/stacks\/stack-waits\.[jt]s$/.test(url)) return nextLoad(url, context)
    return {
      format: 'module',
      source:
        'export class Waits {}\nexport const answerOf = null, repeatWhile = null\n' +
        "throw new TypeError('it is broken')",
      shortCircuit: true,
    }
  },
})
