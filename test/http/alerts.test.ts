/** Lists of alerts and incidents over HTTP: their fields, order and pages. */

import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { SystemClock } from '../../src/engine/system-clock.ts'
import { httpHandler, Runner } from '../../src/index.ts'
import { openSqliteStore } from '../../src/store/sqlite/sqlite-store.ts'
import { HttpClient } from '../support/http-client.ts'
import { incidentReport } from '../support/store-builders.ts'
import { type TemporaryFolder, temporaryFolder } from '../support/store-sites.ts'

const AT = Date.UTC(2026, 4, 6, 8)
const TARGET = { receiver: 'oncall', to: 'url' } as const

let folder: TemporaryFolder
let runner: Runner
let client: HttpClient

beforeAll(async () => {
  folder = temporaryFolder()
  const path = folder.file('alerts.db')
  const store = await openSqliteStore({ path, durability: 'normal', clock: new SystemClock() })
  const { facts } = incidentReport()
  for (const [index, subject] of ['etl', 'mail'].entries()) {
    const at = AT + index
    await store.incidents.report(
      incidentReport({ subject, at, targets: [TARGET], facts: { ...facts, workflow: subject } }),
    )
  }
  const [taken] = await store.incidents.take({ targets: [TARGET], at: AT + 10, limit: 1 })
  const delivery = { ...TARGET, attempts: 2, response: 'status 500', error: 'the server answered with status 500' }
  await store.incidents.settleDelivery(
    taken?.alert.id ?? '',
    { ...delivery, outcome: 'pending', endedAt: null },
    AT + 2_000,
  )
  await store.incidents.end(['execution-failed'], 'mail', AT + 20)
  await store.close()
  runner = await Runner.open({ database: path })
  client = await HttpClient.of(httpHandler(runner))
})
afterAll(async () => {
  await runner.close()
  folder[Symbol.dispose]()
})

describe('GET /alerts', () => {
  it('lists alerts, newest first, with the failure and the attempts and response of each delivery', async () => {
    const { json } = await client.get('/api/v1/alerts')

    expect(json.items.map(({ state, workflow }: Record<string, string>) => [state, workflow])).toEqual([
      ['recovered', 'mail'],
      ['opened', 'mail'],
      ['opened', 'etl'],
    ])
    const { facts } = incidentReport()
    expect(json.items[2]).toEqual({
      ...facts,
      ...{ id: expect.any(String), kind: 'execution-failed', state: 'opened', workflow: 'etl', count: 1 },
      ...{ at: '2026-05-06T08:00:00.000+00:00', since: '2026-05-06T08:00:00.000+00:00' },
      deliveries: [
        {
          ...{ receiver: 'oncall', to: 'url', outcome: 'pending', attempts: 2, endedAt: null },
          ...{ response: 'status 500', error: 'the server answered with status 500' },
        },
      ],
    })
  })

  it('has pages', async () => {
    const first = await client.get('/api/v1/alerts?limit=2')
    const second = await client.get(`/api/v1/alerts?limit=2&cursor=${first.json.nextCursor}`)

    expect([first.json.items.length, second.json.items.length, second.json.nextCursor]).toEqual([2, 1, null])
  })
})

describe('GET /incidents', () => {
  it('lists incidents by their last failure, newest first', async () => {
    const { json } = await client.get('/api/v1/incidents')

    expect(json.items).toEqual([
      {
        ...{ id: expect.any(String), kind: 'execution-failed', subject: 'mail', count: 1 },
        ...{ openedAt: '2026-05-06T08:00:00.001+00:00', lastAt: '2026-05-06T08:00:00.001+00:00' },
        endedAt: '2026-05-06T08:00:00.020+00:00',
      },
      expect.objectContaining({ subject: 'etl', endedAt: null }),
    ])
    expect(json.items.map(({ id }: { readonly id: string }) => id)).toEqual(
      (await runner.incidents.list({ limit: 2 })).map(({ id }) => id),
    )
  })
})
