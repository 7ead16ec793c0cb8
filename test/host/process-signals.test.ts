/** Signals to the engine process that scripts handle. */

import { constants } from 'node:os'
import { expect, it } from 'vitest'
import { ProcessSignals } from '../../src/host/process/process-signals.ts'
import { ManualClock } from '../support/manual-clock.ts'

it('ignores signals that cannot be handled, and unknown numbers', () => {
  const signals = new ProcessSignals(new ManualClock(), { raise: () => undefined, acknowledge: () => undefined })

  for (const signum of [constants.signals.SIGKILL, constants.signals.SIGSTOP, 0, -1, 9_999]) {
    expect(() => signals.watch(signum, true)).not.toThrow()
  }
  signals.stop()
})
