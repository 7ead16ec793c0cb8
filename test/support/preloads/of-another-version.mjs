// Preload for an interpreter's process: it claims to belong to another version of cloaca than the engine.
import { registerHooks } from 'node:module'

registerHooks({
  load(url, context, nextLoad) {
    if (!/\/border\/build\.[jt]s$/.test(url)) return nextLoad(url, context)
    return { format: 'module', source: "export const borderDigest = () => 'another'", shortCircuit: true }
  },
})
