/**
 * Clock that all threads and processes of a machine share.
 * The engine uses it for the latest time at which a request may start.
 */

import { execFileSync } from 'node:child_process'
import { once } from 'node:events'
import { Worker } from 'node:worker_threads'
import { expect, it } from 'vitest'
import { machineNowMs } from '../../src/border/machine-clock.ts'

const CLOCK = new URL('../../src/border/machine-clock.ts', import.meta.url).href

it('the machine clock shows the time of process.hrtime', () => {
  const before = Number(process.hrtime.bigint()) / 1e6
  const now = machineNowMs()
  const after = Number(process.hrtime.bigint()) / 1e6

  // The measured difference between the two clocks is below 0.1 ms.
  expect(now).toBeGreaterThan(before - 0.2)
  expect(now).toBeLessThan(after + 0.2)
})

it.each([
  [
    'process',
    async () =>
      Number(
        execFileSync(process.execPath, [
          '-e',
          `import('${CLOCK}').then(({ machineNowMs }) => console.log(machineNowMs()))`,
        ]),
      ),
  ],
  [
    'thread',
    async () => {
      const code = `import('${CLOCK}').then(({ machineNowMs }) =>
        require('node:worker_threads').parentPort.postMessage(machineNowMs()))`
      const worker = new Worker(code, { eval: true })
      const [now] = await once(worker, 'message')
      await worker.terminate()
      return now as number
    },
  ],
])('the machine clock shows the same time in another %s', async (_where, read) => {
  const before = machineNowMs()
  const there = await read()
  const after = machineNowMs()

  expect(there).toBeGreaterThan(before - 0.2)
  expect(there).toBeLessThan(after + 0.2)
})
