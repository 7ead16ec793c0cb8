/**
 * Runs once before all tests: makes the memory snapshot, so that tests which start interpreters at the same time do not
 * each make their own.
 */

import { fileURLToPath } from 'node:url'
import { SystemClock } from '../../src/engine/clock.ts'
import { PyodideHost } from '../../src/host/host.ts'
import { currentProcessSettings } from '../../src/host/process-settings.ts'

export async function setup(): Promise<void> {
  const host = await PyodideHost.open({
    clock: new SystemClock(),
    process: currentProcessSettings([]),
    packageFolder: fileURLToPath(new URL('../../python', import.meta.url)),
    interpreters: 1,
    events: {
      call: () => Promise.reject(new Error('Nothing runs here.')),
      declared: () => undefined,
      notice: () => undefined,
    },
  })
  await host.close()
}
