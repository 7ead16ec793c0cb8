/**
 * Adds facts to the `meta` of tests, which vitest's JSON report contains: `expects`, the number of calls of `expect`,
 * and `machine`, the load of the machine when a test failed. `tools/again` reads them.
 * If tests run concurrently, a call is added to the test that started last.
 */

import { readFileSync } from 'node:fs'
import { loadavg } from 'node:os'
import { beforeEach, expect } from 'vitest'

declare module 'vitest' {
  interface TaskMeta {
    expects?: number
    machine?: string
  }
}

/** Key of vitest's states of `expect`. A state contains the number of calls in a test. */
const STATES = Symbol.for('matchers-object')

let uncounted = 0
let meta: { expects?: number } | undefined

function count(): void {
  uncounted += 1
  if (meta === undefined) return
  meta.expects = (meta.expects ?? 0) + uncounted
  uncounted = 0
}

beforeEach(({ task, onTestFailed }) => {
  meta = task.meta
  onTestFailed(() => {
    task.meta.machine = machineNow()
  })
})

/** Returns the load, the pressure on the processors, and the processor time of this worker. */
function machineNow(): string {
  const { user, system } = process.cpuUsage()
  const facts = [`load ${loadavg()[0]?.toFixed(1)}`, `worker used ${((user + system) / 1e6).toFixed(1)} s`]
  try {
    const [, pressure = ''] = /^some avg10=([\d.]+)/.exec(readFileSync('/proc/pressure/cpu', 'utf8')) ?? []
    facts.splice(1, 0, `pressure ${pressure} %`)
  } catch {
    // Only Linux has this file.
  }
  return facts.join(', ')
}

const states = (globalThis as unknown as Record<symbol, WeakMap<object, object>>)[STATES]
if (states === undefined) throw new Error('vitest keeps the state of expect in another place')
states.set(
  expect,
  new Proxy(expect.getState(), {
    defineProperty(state, name, descriptor) {
      // vitest sets the property to 0 at the start of a test.
      if (name === 'assertionCalls' && descriptor.value > 0) count()
      return Reflect.defineProperty(state, name, descriptor)
    },
  }),
)
