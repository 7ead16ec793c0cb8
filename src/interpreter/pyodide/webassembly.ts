/**
 * Pyodide's WebAssembly. V8 checks it for 50 ms on other threads before it runs. `entry.ts` starts this at the
 * beginning of the process, so that it is ready when `snapshot.ts` needs it.
 *
 * Proved by `test/interpreter/webassembly.test.ts`.
 */

import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'

/**
 * `WebAssembly`, which is missing in Node's types. From bytes it returns module and instance, from a module only the
 * instance.
 */
interface Compiler {
  compile(bytes: Uint8Array): Promise<object>
  instantiate(source: unknown, imports?: object): Promise<unknown>
}

export type Instantiate = (imports: object, receive: (instance: object, module: object) => void) => object

const { WebAssembly } = globalThis as unknown as { WebAssembly: Compiler }

/** Null before compilation, and if it failed. */
let compiled: Promise<object | null> = Promise.resolve(null)

export function compileAhead(): void {
  const path = fileURLToPath(import.meta.resolve('pyodide/pyodide.asm.wasm'))
  // Ignored: Pyodide compiles it again, and reports the error
  compiled = WebAssembly.compile(readFileSync(path)).catch(() => null)
}

/** Wraps Pyodide's function (314.0.7) to use the compiled module. */
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
