// Preloaded into an interpreter's process in which Python never gets ready.
import { registerHooks } from 'node:module'

registerHooks({
  load(url, context, nextLoad) {
    if (!/\/interpreter\/session\.[jt]s$/.test(url)) return nextLoad(url, context)
    const source = 'setInterval(() => {}, 1_000)'
    return { format: 'module', source, shortCircuit: true }
  },
})
