/**
 * Intercepts the imports of Pyodide's WebAssembly, so that they can be changed. Used by `interpreter.ts` before Pyodide
 * is loaded.
 */

/** JavaScript that WebAssembly calls, by name. */
export interface Imports extends Record<string, unknown> {
  saveState(): unknown
  restoreState(stack: never): void
  can_run_sync_js(): number
}

interface Instantiation {
  instantiate(module: unknown, imports?: { readonly env?: Partial<Imports> }): Promise<unknown>
}

/** Intercepts only the first instance, which is Pyodide's. Others do not have these imports. */
export function interceptInstantiation(change: (imports: Imports) => void): void {
  const { WebAssembly } = globalThis as unknown as { WebAssembly: Instantiation }
  const { instantiate } = WebAssembly
  WebAssembly.instantiate = (module, imports) => {
    const env = imports?.env
    if (isPyodides(env)) {
      change(env)
      WebAssembly.instantiate = instantiate
    }
    return instantiate(module, imports)
  }
}

function isPyodides(env: Partial<Imports> | undefined): env is Imports {
  return env?.saveState !== undefined && env.restoreState !== undefined && env.can_run_sync_js !== undefined
}
