/** Signals of the engine's process for which a script has a handler. */

import { constants } from 'node:os'
import { expect, it } from 'vitest'
import { ProcessSignals } from '../../src/host/process/process-signals.ts'

it('ignores signals that cannot be handled, and unknown numbers', () => {
  const signals = new ProcessSignals(() => undefined)

  for (const signum of [constants.signals.SIGKILL, constants.signals.SIGSTOP, 0, -1, 9_999]) {
    expect(() => signals.watch(signum, true)).not.toThrow()
  }
  signals.stop()
})
