/** Triggers that wait for network requests: their requests overlap, time out, and delay no other triggers. */

import { mkdtempSync, rmSync } from 'node:fs'
import { createServer, type RequestListener, type ServerResponse } from 'node:http'
import { createServer as createSecureServer } from 'node:https'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { EngineEventMap } from '../../src/engine/engine-events.ts'
import { ObservedRunner } from '../support/observed-runner.ts'
import { differs } from '../support/python-differences.ts'
import { TestAuthority } from '../support/test-authority.ts'

/** Deadline that is long enough for the two requests of a poll on a busy machine. */
const POLL_DEADLINE_MS = 6_000

/** Returns the names of triggers that timed out with a traceback to the line that waits. */
function stoppedWhereTheyWait(failed: readonly EngineEventMap['triggerFailed'][]): ReadonlySet<string> {
  const stopped = failed.filter(({ outcome, error }) => outcome === 'timedOut' && / in ask\n/.test(error.traceback))
  return new Set(stopped.map(({ trigger }) => trigger))
}

describe('a trigger that waits for a server', () => {
  const folder = mkdtempSync(join(tmpdir(), 'cloaca-waiting-'))
  const waiting = new Set<ServerResponse>()
  const answer: RequestListener = (request, response) => {
    if (request.url !== '/both') return
    waiting.add(response)
    response.on('close', () => waiting.delete(response))
    // The server replies after both requests have arrived.
    if (waiting.size === 2) for (const each of waiting) each.end('together')
  }
  const plain = createServer(answer)
  let secure: ReturnType<typeof createSecureServer>
  let served: ObservedRunner

  beforeAll(async () => {
    const authority = await TestAuthority.make(folder)
    secure = createSecureServer(await authority.certificate({}), answer)
    for (const server of [plain, secure]) {
      await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening))
    }
    process.env.TEST_CA = authority.caPath
    process.env.TEST_HTTP_URL = `http://localhost:${(plain.address() as AddressInfo).port}`
    process.env.TEST_HTTPS_URL = `https://localhost:${(secure.address() as AddressInfo).port}`
    served = await ObservedRunner.start(['waiting_triggers.py'], { config: { pollDeadlineMs: POLL_DEADLINE_MS } })
  })
  afterAll(async () => {
    await served?.[Symbol.asyncDispose]()
    for (const server of [plain, secure]) {
      server?.closeAllConnections()
      server?.close()
    }
    for (const name of ['TEST_CA', 'TEST_HTTP_URL', 'TEST_HTTPS_URL']) delete process.env[name]
    rmSync(folder, { recursive: true })
  })

  it('receives its reply while another trigger waits for its own', async () => {
    const runs = [...(await served.runsOf('one')), ...(await served.runsOf('other'))]

    expect(runs.map(({ context }) => context.answer)).toEqual(['together', 'together'])
  })

  it('is stopped at the waiting line when its deadline passes, over HTTP and HTTPS', async () => {
    for (const name of ['silent_http', 'silent_https']) {
      await served.until('triggerFailed', ({ trigger, outcome }) => trigger === name && outcome === 'timedOut')
    }
    // CPython can stop only the waiting trigger on its main thread.
    const stoppable = differs('waits-in-c', { pyodide: 2, cpython: 1 })
    await expect.poll(() => stoppedWhereTheyWait(served.events('triggerFailed')).size).toBe(stoppable)
    const isStackReport = /^Python stacks when the interpreter was killed:[\s\S]* in ask\n/
    await expect
      .poll(() => served.log.filter(({ message }) => isStackReport.test(message)))
      .toHaveLength(differs('waits-in-c', { pyodide: 0, cpython: 1 }))
  })

  it('delays no other trigger', async () => {
    const [first] = await served.until('triggerFailed', ({ outcome }) => outcome === 'timedOut', 1)
    const before = served.events('tick', ({ trigger, at }) => trigger === 'brisk' && at < Number(first?.at))

    // The trigger is due many times before the deadline. Delayed by the others, it would be polled once.
    expect(before.length).toBeGreaterThan(5)
  })
})
