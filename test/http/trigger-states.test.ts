/** HTTP routes of the states of triggers, and firings with a key. */

import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { SystemClock } from '../../src/engine/system-clock.ts'
import { httpHandler, Runner } from '../../src/index.ts'
import { openSqliteStore } from '../../src/store/sqlite/sqlite-store.ts'
import { workflow } from '../support/declared.ts'
import { HttpClient } from '../support/http-client.ts'
import { declaration, firedTick, START } from '../support/store-builders.ts'
import { type TemporaryFolder, temporaryFolder } from '../support/store-sites.ts'

const STATE = '/api/v1/triggers/rows/state'
const FIRE = '/api/v1/triggers/rows/fire'

let folder: TemporaryFolder
let runner: Runner
let client: HttpClient

beforeAll(async () => {
  folder = temporaryFolder()
  const path = folder.file('workflows.db')
  const store = await openSqliteStore({
    path,
    durability: 'normal',
    clock: new SystemClock({ keepsProcessAlive: false }),
  })
  await store.saveWorkflows([workflow('ingest', { only: {} })], START)
  await store.saveTriggers(
    [declaration({ name: 'plain' }), declaration({ name: 'rows', initialStateText: '{}' })],
    START,
  )
  const polledState = { version: 0, beforeText: '{}', afterText: '{"ratio":1.0}' }
  await store.recordFired(firedTick({ trigger: 'rows', polledState, at: START + 1 }))
  await store.close()
  runner = await Runner.open({ database: `sqlite://${path}`, durability: 'normal' })
  client = await HttpClient.of(httpHandler(runner))
})

afterAll(async () => {
  await runner.close()
  folder[Symbol.dispose]()
})

describe('the state of a trigger', () => {
  it('is returned with exact numbers and its last change', async () => {
    const { status, text, json } = await client.get(STATE)

    expect(status).toBe(200)
    expect(text).toContain('"state":{"ratio":1.0}')
    expect(json).toEqual({
      ...{ trigger: 'rows', state: { ratio: 1 }, version: 1, changedAt: '2026-01-01T00:00:00.001+00:00' },
      changedBy: 'poll',
      previousState: {},
    })
  })

  it('is replaced with the exact numbers of the body, and the change is an action', async () => {
    const body = '{"state": {"last": 12345678901234567890, "list": [1.50]}, "note": "skip", "version": 1}'

    const { status, text, json } = await client.put(STATE, body)

    expect(status).toBe(200)
    expect(text).toContain('"state":{"last":12345678901234567890,"list":[1.50]},"version":2')
    const [action] = (await client.get('/api/v1/triggers/rows/actions')).json.items
    expect(action).toMatchObject({ id: json.changedBy, kind: 'state', source: 'http', note: 'skip' })
  })

  it('is not replaced with another version, an invalid body, or for a trigger without a state', async () => {
    const answers = [
      await client.put(STATE, { state: {}, version: 1 }),
      await client.put(STATE, { state: [] }),
      await client.put(STATE, { version: 2 }),
      await client.put(STATE, { state: { text: 'x'.repeat(65_536) } }),
      await client.put('/api/v1/triggers/plain/state', { state: {} }),
      await client.get('/api/v1/triggers/plain/state'),
      await client.get('/api/v1/triggers/nobody/state'),
    ]

    expect(answers.map(({ status, json }) => [status, json.code])).toEqual([
      [409, 'STATE_CHANGED'],
      [400, 'INVALID_CONTEXT'],
      [400, 'INVALID_ARGUMENT'],
      [400, 'INVALID_ARGUMENT'],
      [422, 'TRIGGER_HAS_NO_STATE'],
      [422, 'TRIGGER_HAS_NO_STATE'],
      [404, 'TRIGGER_NOT_FOUND'],
    ])
    expect(answers[0]?.json).toMatchObject({ version: 2 })
  })

  it('is reset', async () => {
    const { status, json } = await client.delete(`${STATE}?note=again`)

    expect([status, json]).toMatchObject([200, { state: {}, version: 3 }])
  })

  it('is shown before and after the tick that changed it', async () => {
    const { items } = (await client.get('/api/v1/triggers/rows/ticks')).json
    const [{ id, lastAt, changesState, firings }] = items

    const { text } = await client.get(`/api/v1/triggers/rows/ticks/${id}?at=${encodeURIComponent(lastAt)}`)

    expect([changesState, firings]).toEqual([true, 1])
    expect(text).toContain('"stateChange":{"before":{},"after":{"ratio":1.0}}')
  })
})

describe('the key of a firing', () => {
  it('fires once, as a parameter or as the header Idempotency-Key', async () => {
    const first = await client.post(`${FIRE}?key=row-7`, '{"row": 7}')
    const again = await client.post(FIRE, '{"row": 8}', { 'idempotency-key': 'row-7' })
    const both = await client.post(`${FIRE}?key=row-7`, '', { 'idempotency-key': 'row-7' })

    expect(first.json).toMatchObject({ outcome: 'fired' })
    for (const { json } of [again, both]) expect(json).toEqual({ ...first.json, outcome: 'duplicate' })
  })

  it('is rejected if it is empty or too long, or if parameter and header differ', async () => {
    const answers = [
      await client.post(`${FIRE}?key=`),
      await client.post(`${FIRE}?key=${'x'.repeat(513)}`),
      await client.post(FIRE, '', { 'idempotency-key': 'x'.repeat(256) }),
      await client.post(`${FIRE}?key=a`, '', { 'idempotency-key': 'b' }),
    ]

    expect(answers.map(({ status, json }) => [status, json.code])).toEqual(answers.map(() => [400, 'INVALID_ARGUMENT']))
  })
})

describe('the periods in which a trigger was disabled', () => {
  const PERIODS = '/api/v1/triggers/plain/disabled'

  it('are those of the last 24 hours, or of the given range, with the note and the interface', async () => {
    const before = await client.get(PERIODS)
    await client.post('/api/v1/triggers/plain/disable', { note: 'the shop moves' })
    const open = (await client.get(PERIODS)).json.items
    await client.post('/api/v1/triggers/plain/enable')
    const [ended] = (await client.get(PERIODS)).json.items
    const earlier = await client.get(`${PERIODS}?until=${encodeURIComponent(ended.since)}`)

    expect(before.json).toEqual({ items: [], nextCursor: null })
    expect(open).toEqual([{ since: ended.since, until: null, source: 'http', note: 'the shop moves' }])
    expect(Date.parse(ended.until)).toBeGreaterThanOrEqual(Date.parse(ended.since))
    expect(earlier.json.items).toEqual([])
  })

  it('are refused for an unknown trigger and an invalid time', async () => {
    const unknown = await client.get('/api/v1/triggers/nobody/disabled')
    const invalid = await client.get(`${PERIODS}?since=yesterday`)

    expect([unknown.status, unknown.json.code]).toEqual([404, 'TRIGGER_NOT_FOUND'])
    expect(invalid.status).toBe(400)
  })
})
