// Preloaded into an interpreter's process that is to be one of another installation than the engine's.
import { registerHooks } from 'node:module'

registerHooks({
  load(url, context, nextLoad) {
    if (!/\/border\/build\.[jt]s$/.test(url)) return nextLoad(url, context)
    return { format: 'module', source: "export const borderDigest = () => 'another'", shortCircuit: true }
  },
})
