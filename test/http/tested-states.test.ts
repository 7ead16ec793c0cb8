/** `POST /triggers/{name}/test` of a trigger with state. */

import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import { fire, httpHandler, trigger, workflow } from '../../src/index.ts'
import { HttpClient } from '../support/http-client.ts'
import { LIMIT_MS } from '../support/limits.ts'
import { ObservedRunner } from '../support/observed-runner.ts'

const takeRow = workflow('take_row').task('take', () => ({}))
const rows = trigger('rows', { every: '1h', starts: takeRow, state: { last: 0 } }, ({ state }) => {
  state.last += 2
  return [fire({ id: state.last - 1 }, { key: `row-${state.last - 1}` }), fire({ id: state.last })]
})

describe('a test of a trigger with state', () => {
  let observed: ObservedRunner
  let client: HttpClient
  beforeAll(async () => {
    observed = await ObservedRunner.open()
    await observed.runner.register(takeRow, rows)
    await observed.runner.start()
    client = await HttpClient.of(httpHandler(observed.runner))
    const isPolled = async () => (await client.get('/api/v1/triggers/rows/state')).json.version === 1
    await vi.waitUntil(isPolled, LIMIT_MS)
  })
  afterAll(() => observed[Symbol.asyncDispose]())

  it('starts from the stored state, returns the firings and the state after it, and stores nothing', async () => {
    const first = await client.post('/api/v1/triggers/rows/test')
    const second = await client.post('/api/v1/triggers/rows/test')
    const stored = await client.get('/api/v1/triggers/rows/state')

    expect(first.json).toMatchObject({
      outcome: 'fired',
      contextText: '{"id":3}',
      firings: [
        { key: 'row-3', contextText: '{"id":3}' },
        { key: null, contextText: '{"id":4}' },
      ],
      stateText: '{"last":4}',
    })
    expect(second.json).toMatchObject({ stateText: '{"last":4}' })
    expect(stored.json).toMatchObject({ state: { last: 2 }, version: 1, changedBy: 'poll' })
  })
})
