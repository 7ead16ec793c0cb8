/**
 * Stores the running call in shared memory, so that another thread can find the call that blocks a worker. Node's hook
 * runs before each callback and continuation, which costs time, so only workers use it.
 */

import { createHook } from 'node:async_hooks'
import { currentScope, watchEntries } from '../calls/call-scope.ts'

export function showCurrentCall(current: Int32Array): void {
  watchEntries(({ number }) => {
    current[0] = number
  })
  createHook({
    before() {
      current[0] = currentScope()?.number ?? 0
    },
  }).enable()
}
