/** Schemas of payloads: a payload that does not match fails its node, in the engine and after a restart. */

import { describe, expect, it, vi } from 'vitest'
import type { WaitDefinition } from '../../../src/model/workflow.ts'
import { workflow } from '../../support/declared.ts'
import { LIMIT_MS } from '../../support/limits.ts'
import { ManualClock, settle } from '../../support/manual-clock.ts'
import { openMemoryStore, RunningEngine } from '../../support/running-engine.ts'

const WAIT: WaitDefinition = {
  ...{ kind: 'signal', signal: 'decision', key: '', timeoutMs: null, onTimeout: 'fail' },
  payload: { type: 'object', properties: { by: { type: 'string' } }, required: ['by'] },
}
const REFUND = workflow('refund', { decided: { wait: WAIT }, pay: { after: ['decided'] } })

describe('a node with a schema of its payload', () => {
  it.each([
    ['{"by":7}', '"by" must be string'],
    ['{}', '"by" is missing'],
    ['null', 'it must be object'],
  ])('fails with the payload %s, and stops the tasks after it', async (payloadText, reason) => {
    await using running = await RunningEngine.start({ workflows: [REFUND] })

    const ended = running.engine.execute('refund', '{}')
    await running.engine.services.signals.send('decision', { payloadText })
    const { tasks, status } = await ended

    expect(status).toBe('Failed')
    expect(tasks[0]?.error).toEqual({
      type: 'WaitPayloadError',
      message: `Node "decided" failed, because the payload of signal "decision" does not match its schema: ${reason}.`,
      traceback: '',
    })
    expect(tasks[1]?.status).toBe('Skipped')
  })

  it('completes with a payload that matches', async () => {
    await using running = await RunningEngine.start({ workflows: [REFUND] })

    await running.engine.services.signals.send('decision', { payloadText: '{"by":"Ada","n":1.0}' })
    const { status, finalText } = await running.engine.execute('refund', '{}')

    expect([status, finalText]).toEqual(['Completed', '{"decided":{"by":"Ada","n":1.0}}'])
  })

  it('checks a payload that was sent while no engine had the workflow', async () => {
    const clock = new ManualClock()
    const store = await openMemoryStore(clock)
    const first = await RunningEngine.start({ workflows: [REFUND], store, clock })
    const id = await first.engine.submit('refund', '{}')
    await settle()
    await first[Symbol.asyncDispose]()
    const sender = await RunningEngine.start({ store, clock })
    await sender.engine.services.signals.send('decision', { payloadText: '[]' })
    await sender[Symbol.asyncDispose]()

    const second = await RunningEngine.start({ workflows: [REFUND], store, clock })
    await vi.waitFor(async () => expect((await store.getExecution(id))?.status).toBe('Failed'), LIMIT_MS)

    await second[Symbol.asyncDispose]()
    await store.close()
  })
})
