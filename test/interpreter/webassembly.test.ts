/** WebAssembly module of Pyodide, compiled before Pyodide requests it. */

import { afterEach, describe, expect, it, vi } from 'vitest'
import { compileAhead, instantiateAhead } from '../../src/interpreter/pyodide/webassembly.ts'

interface Compiler {
  instantiate(source: unknown, imports?: object): Promise<unknown>
}
const { WebAssembly } = globalThis as unknown as { WebAssembly: Compiler }
const BYTES = new Uint8Array([1, 2, 3])
const IMPORTS = {}

/** Instantiates the bytes the way Pyodide does. Resolves to the instance and the module that Pyodide receives. */
function askLikePyodide(): Promise<{ readonly instance: object; readonly module: object }> {
  return new Promise((resolve) => {
    const instantiate = instantiateAhead((imports, receive) => {
      void WebAssembly.instantiate(BYTES, imports).then((made) => {
        const { instance, module } = made as { instance: object; module: object }
        receive(instance, module)
      })
      return {}
    })
    instantiate(IMPORTS, (instance, module) => resolve({ instance, module }))
  })
}

describe('the WebAssembly instance of Pyodide', () => {
  afterEach(() => vi.restoreAllMocks())

  it('is created from the bytes if no module was compiled ahead', async () => {
    const made = { instance: { from: 'bytes' }, module: {} }
    const instantiate = vi.spyOn(WebAssembly, 'instantiate').mockResolvedValue(made)

    expect(await askLikePyodide()).toEqual(made)
    expect(instantiate).toHaveBeenCalledWith(BYTES, IMPORTS)
  })

  it('is created from the module compiled ahead, while other instances use their own bytes', async () => {
    const instantiate = vi.spyOn(WebAssembly, 'instantiate').mockResolvedValue({ from: 'module' })
    compileAhead()

    const asked = askLikePyodide()
    await WebAssembly.instantiate(BYTES, { of: 'another' })
    const { instance, module } = await asked

    expect(instance).toEqual({ from: 'module' })
    expect(String(module)).toBe('[object WebAssembly.Module]')
    expect(instantiate.mock.calls).toEqual([
      [BYTES, { of: 'another' }],
      [module, IMPORTS],
    ])
  })
})
