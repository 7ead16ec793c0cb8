/** Requests of different tasks are on their way at the same time. */

import { createServer, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { expect, it } from 'vitest'
import { runScript } from '../support/run-script.ts'

it('two tasks wait for the network at the same time', async () => {
  const waiting: ServerResponse[] = []
  // Nobody is answered before both have asked.
  const server = createServer((_request, response) => {
    waiting.push(response)
    if (waiting.length === 2) for (const each of waiting) each.end('answered')
  })
  await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening))
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`

  const run = await runScript('overlapping_requests.py', { env: { TEST_URL: url } })
  server.close()

  expect(run.stdout).toBe('Completed answered answered\n')
})
