/**
 * Says whose work is under way, where another thread can read it: when the worker does not answer any more, that is who keeps it.
 * Node tells before each callback and each continuation, which costs time: only a worker does this.
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
