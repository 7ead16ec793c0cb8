/** Registry of selected workflows with their triggers, without graphs, for a restricted worker. */

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
          limits: now.limits,
          graphs: NO_GRAPHS,
        })
      }
      return part
    },
    onChange: (callback) => source.onChange(callback),
  }
}
