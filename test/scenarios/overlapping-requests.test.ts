/** Network requests of different tasks overlap. */

import { createServer, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { expect, it } from 'vitest'
import { runScript } from '../support/run-script.ts'

it('sends the requests of two tasks without waiting for the first reply', async () => {
  const waiting: ServerResponse[] = []
  // The server replies after both requests have arrived.
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
