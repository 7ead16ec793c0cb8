/**
 * Counts the calls of `expect`, as `meta.expects` of tests, which vitest's JSON report contains.
 * `.ci/count_tests.py` adds them up. If tests run concurrently, a call is added to the test that started last.
 */

import { beforeEach, expect } from 'vitest'

declare module 'vitest' {
  interface TaskMeta {
    expects?: number
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

beforeEach(({ task }) => {
  meta = task.meta
})

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
