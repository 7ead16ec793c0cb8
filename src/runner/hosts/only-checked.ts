/** Runner for the default function of a script that is only checked: accepts declarations, and does nothing. */

import { UsageError } from '../../errors.ts'
import type { ScriptHosts } from './script-hosts.ts'

export function checkOnlyRunner(hosts: ScriptHosts): unknown {
  const taken = {
    register: async (...values: readonly unknown[]) => void (await hosts.modules()).register(values, '__main__'),
    on: () => () => undefined,
  }
  return new Proxy(taken, {
    get: (_, name) => Reflect.get(taken, name) ?? (typeof name === 'string' ? refusing(`runner.${name}`) : undefined),
  })
}

/** Rejects every call. */
function refusing(path: string): unknown {
  return new Proxy(() => undefined, {
    get: (_, name) => (typeof name === 'string' && name !== 'then' ? refusing(`${path}.${name}`) : undefined),
    apply() {
      const message = `${path}() does nothing here: the script is only being checked.`
      throw new UsageError('INVALID_ARGUMENT', message, { path })
    },
  })
}
