/** Number of rows that one request of the Node API or of HTTP reads from a large SQLite database. */

import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { httpHandler, Runner, workflow } from '../../src/index.ts'
import { Connection } from '../../src/store/sqlite/file/sqlite-connection.ts'
import { HttpClient } from '../support/http-client.ts'

const SCHEDULES = 40

const flows = Array.from({ length: SCHEDULES }, (_, index) => workflow(`flow_${index}`).task('go', () => ({})))

interface Reads {
  readonly statements: number
  readonly rows: number
}

describe('a runner with 40 workflows, schedules and subscriptions', () => {
  let folder: string
  let runner: Runner
  let schedules: string[]
  let subscriptions: string[]
  beforeEach(async () => {
    folder = mkdtempSync(join(tmpdir(), 'cloaca-rows-read-'))
    runner = await Runner.open({ database: ':memory:' })
    await runner.register(...flows)
    schedules = []
    subscriptions = []
    for (const { name } of flows) {
      schedules.push(await runner.schedules.register(name, '0 3 * * *'))
      subscriptions.push(await runner.reactors.subscribe('alarm', name, { allowMissing: true }))
    }
    await runner.schedules.list()
  })
  afterEach(async () => {
    vi.restoreAllMocks()
    await runner[Symbol.asyncDispose]()
    rmSync(folder, { recursive: true })
  })

  /** Returns the number of statements that read a table, and of their rows. */
  async function reads(table: string, run: () => Promise<unknown>): Promise<Reads> {
    const spies = [vi.spyOn(Connection.prototype, 'all'), vi.spyOn(Connection.prototype, 'one')]
    await run()
    const from = new RegExp(`FROM ${table}\\b`)
    const results = spies.flatMap(({ mock }) =>
      mock.results.flatMap(({ value }, call) => (from.test(String(mock.calls[call]?.[0])) ? [value as unknown] : [])),
    )
    vi.restoreAllMocks()
    const rows = results.flatMap((value) => (value === undefined ? [] : value))
    return { statements: results.length, rows: rows.length }
  }

  it('reads one page and one more row for GET /schedules, with one statement', async () => {
    const client = await HttpClient.of(httpHandler(runner))

    const read = await reads('crons', async () => {
      const { json } = await client.get('/api/v1/schedules?limit=10')
      expect(json.items).toHaveLength(10)
      expect(json.items[0].nextRuns).toHaveLength(5)
    })

    expect(read).toEqual({ statements: 1, rows: 11 })
  })

  it('finds a schedule by its id or a prefix of its id without reading other schedules', async () => {
    const id = String(schedules[7])
    const byId = await reads('crons', async () => expect(await runner.schedules.find(id)).toMatchObject({ id }))
    const byPrefix = await reads('crons', async () => {
      expect(await runner.schedules.find(id.slice(0, 13))).toMatchObject({ id })
    })

    expect([byId.rows, byPrefix.rows]).toEqual([1, 1])
  })

  it('gets a workflow without reading the definitions of other workflows', async () => {
    const database = join(folder, 'served.db')
    await using serving = await Runner.open({ database })
    await serving.register(...flows)
    await serving.start()
    await using reading = await Runner.open({ database })

    const read = await reads('workflows', async () => {
      expect(await reading.workflows.get('flow_7')).toMatchObject({ key: 'flow_7' })
    })

    expect(read.rows).toBe(1)
  })

  it('pauses a subscription over HTTP without reading other subscriptions', async () => {
    const client = await HttpClient.of(httpHandler(runner))

    const read = await reads('subscriptions', async () => {
      const { json } = await client.post(`/api/v1/subscriptions/${subscriptions[7]}/pause`)
      expect(json).toMatchObject({ workflow: 'flow_7', enabled: false })
    })

    expect(read.rows).toBe(1)
  })

  it('finds schedules with an index, without a scan of the table', async () => {
    const asked = vi.spyOn(Connection.prototype, 'all')
    await runner.schedules.find(String(schedules[7]).slice(0, 13))
    const finding = asked.mock.calls.filter(([sql]) => /FROM crons\b/.test(sql))
    const [connection] = asked.mock.contexts as Connection[]
    vi.restoreAllMocks()

    const plans = finding.flatMap(
      ([sql, ...values]) => connection?.all<{ readonly detail: string }>(`EXPLAIN QUERY PLAN ${sql}`, ...values) ?? [],
    )

    expect(finding).toHaveLength(2)
    expect(plans.map(({ detail }) => detail).filter((detail) => detail.startsWith('SCAN'))).toEqual([])
  })
})
