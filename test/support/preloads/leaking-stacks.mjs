// Preloaded into an interpreter's process whose Pyodide loses 48 bytes of its stack at each entry, as 0.29 did.
import { registerHooks } from 'node:module'

const ENTRY = 'function enterTask(){'

registerHooks({
  load(url, context, nextLoad) {
    const loaded = nextLoad(url, context)
    if (!url.endsWith('/pyodide.asm.mjs')) return loaded
    const source = String(loaded.source)
    if (!source.includes(ENTRY)) throw new Error('Pyodide has no such function any more.')
    return { ...loaded, source: source.replace(ENTRY, `${ENTRY}return stackRestore(stackSave()-48);`) }
  },
})
