/** Lines of `CLOACA_TRACE=border` for the functions that Python calls: see `border/trace.ts`. */

import type { StackToken } from '../border/protocol.ts'
import { traceBorder } from '../border/trace.ts'
import type { Host } from './python-border.ts'

/** Names of functions whose first argument is the token of the calling stack, which is suspended by then. */
const TOKEN_FIRST = new Set([
  'request',
  'skipped_because',
  'fired',
  'polled',
  'completed',
  'failed',
  'tried_later',
  'accumulated',
  'graphs_ran',
  'not_started',
  'sleep',
  'wait_again',
  'wait_promise',
  'wait_input',
  'wait_event',
  'check',
])

export function tracedHost({ engine, machine }: Host, runningToken: () => StackToken): Host {
  const parts = Object.entries(machine).map(([name, part]) => [
    name,
    typeof part === 'object' ? tracedPart(name, part, runningToken) : part,
  ])
  return { engine: tracedPart('engine', engine, runningToken), machine: Object.fromEntries(parts) as Host['machine'] }
}

function tracedPart<Part extends object>(partName: string, part: Part, runningToken: () => StackToken): Part {
  const traced: Record<string, unknown> = {}
  for (const name of memberNames(part)) {
    const member: unknown = Reflect.get(part, name)
    if (typeof member !== 'function') {
      traced[name] = member
      continue
    }
    traced[name] = (...values: unknown[]) => {
      const token = TOKEN_FIRST.has(name) ? Number(values[0]) : runningToken()
      const begun = performance.now()
      try {
        return Reflect.apply(member, part, values)
      } finally {
        traceBorder('·', process.pid, `${partName}.${name}`, token, performance.now() - begun)
      }
    }
  }
  return traced as Part
}

/** Returns the object's own members, and those of its class. */
function memberNames(part: object): ReadonlySet<string> {
  const prototype: object | null = Object.getPrototypeOf(part)
  const inherited = prototype === null || prototype === Object.prototype ? [] : Object.getOwnPropertyNames(prototype)
  return new Set([...Object.getOwnPropertyNames(part), ...inherited].filter((name) => name !== 'constructor'))
}
