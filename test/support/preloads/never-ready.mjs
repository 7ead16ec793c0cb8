// Preload for an interpreter's process: Python never becomes ready.
import { registerHooks } from 'node:module'

registerHooks({
  load(url, context, nextLoad) {
    if (!/\/interpreter\/session\.[jt]s$/.test(url)) return nextLoad(url, context)
    const source = 'setInterval(() => {}, 1_000)'
    return { format: 'module', source, shortCircuit: true }
  },
})
