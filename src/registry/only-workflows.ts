/** A registry of which only some workflows are in use, with the triggers that start them and without graphs: what a worker that is restricted sees. */

import type { RegistrySource } from './live-registry.ts'
import { NO_GRAPHS, type Registry } from './registry.ts'

export function onlyWorkflows(source: RegistrySource, names: readonly string[]): RegistrySource {
  const wanted = new Set(names)
  let whole: Registry | null = null
  let part: Registry | null = null
  return {
    current() {
      const now = source.current()
      if (part === null || now !== whole) {
        whole = now
        part = Object.freeze({
          triggers: new Map([...now.triggers].filter(([, { workflow }]) => wanted.has(workflow))),
          workflows: new Map([...now.workflows].filter(([key]) => wanted.has(key))),
          graphs: NO_GRAPHS,
        })
      }
      return part
    },
    onChange: (callback) => source.onChange(callback),
  }
}
