/**
 * Pyodide's WebAssembly. V8 checks all of it before any of it runs: 50 ms of processor time on other threads, for which a start would wait
 * if it began where Pyodide does. So `entry.ts` begins it at the first moment of the process, and it is ready when `snapshot.ts` asks.
 *
 * Proved by `test/interpreter/webassembly.test.ts`.
 */

import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'

/** Of `WebAssembly`, of which Node's types say nothing. Instantiating bytes gives the module, too; a module gives the instance alone. */
interface Compiler {
  compile(bytes: Uint8Array): Promise<object>
  instantiate(source: unknown, imports?: object): Promise<unknown>
}

/** Emscripten's: makes an instance, and hands it on. */
export type Instantiate = (imports: object, receive: (instance: object, module: object) => void) => object

const { WebAssembly } = globalThis as unknown as { WebAssembly: Compiler }

/** Null before it is begun, and where it could not be done. */
let compiled: Promise<object | null> = Promise.resolve(null)

export function compileAhead(): void {
  const path = fileURLToPath(import.meta.resolve('pyodide/pyodide.asm.wasm'))
  compiled = WebAssembly.compile(readFileSync(path)).catch(() => null) // Pyodide does it again, and says what is wrong
}

/** Pyodide's own (314.0.7), for what was compiled ahead: its imports are what it asks an instance for. */
export function instantiateAhead(instantiatePyodide: Instantiate): Instantiate {
  return (imports, receive) => {
    const { instantiate } = WebAssembly
    WebAssembly.instantiate = async (source, given) => {
      if (given !== imports) return instantiate(source, given)
      WebAssembly.instantiate = instantiate
      const module = await compiled
      return module === null ? instantiate(source, given) : { module, instance: await instantiate(module, given) }
    }
    return instantiatePyodide(imports, receive)
  }
}
