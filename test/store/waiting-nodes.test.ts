/** Work of the database for the list of waiting nodes, which each engine reads when it starts. */

import pg from 'pg'
import { describe, expect, test } from 'vitest'
import { SystemClock } from '../../src/engine/system-clock.ts'
import { openPostgresStore } from '../../src/store/postgres/postgres-store.ts'
import { LIST_WAITING_NODES, MAKE_NODES_AVAILABLE } from '../../src/store/sql/executions/wait-sql.ts'
import { Connection } from '../../src/store/sqlite/file/sqlite-connection.ts'
import { openSqliteStore } from '../../src/store/sqlite/sqlite-store.ts'
import { temporaryDatabase } from '../support/postgres-server.ts'
import { temporaryFolder } from '../support/store-sites.ts'

const WAITS = 3_000
const NODES = [
  { workflow: 'a', taskId: 'x' },
  { workflow: 'a', taskId: 'y' },
  { workflow: 'b', taskId: 'x' },
]
/** Largest number of waits that the list reads: about two per node and two per workflow. */
const MAX_READ = 10

const clock = new SystemClock({ keepsProcessAlive: false })

/** Returns a statement that stores open waits of the nodes for the numbers of a table. */
function insertWaits(numbers: string): string {
  return `INSERT INTO waits (execution_seq, task_id, workflow, kind, opened_at)
SELECT n, CASE n % 3 WHEN 1 THEN 'y' ELSE 'x' END, CASE n % 3 WHEN 2 THEN 'b' ELSE 'a' END, 'delay', 0 FROM ${numbers}`
}

interface Plan {
  readonly 'Relation Name'?: string
  readonly 'Actual Rows': number
  readonly 'Actual Loops': number
  readonly Plans?: readonly Plan[]
}

function readWaits(plan: Plan): number {
  const own = plan['Relation Name'] === 'waits' ? plan['Actual Rows'] * plan['Actual Loops'] : 0
  return (plan.Plans ?? []).reduce((sum, child) => sum + readWaits(child), own)
}

describe('the list of waiting nodes finds each node in the index, however many waits are open', () => {
  test('on SQLite', async () => {
    using folder = temporaryFolder()
    const path = folder.file('waits.db')
    const store = await openSqliteStore({ path, durability: 'normal', clock })
    await store.close()
    const connection = new Connection(path)
    const plan = (sql: string, ...values: string[]) =>
      connection.all<{ readonly detail: string }>(`EXPLAIN QUERY PLAN ${sql}`, ...values).map(({ detail }) => detail)
    const counted = `SELECT 1 AS n UNION ALL SELECT n + 1 FROM counted WHERE n < ${WAITS}`
    const numbers = `(WITH RECURSIVE counted AS (${counted}) SELECT n FROM counted)`
    connection.run(insertWaits(numbers))

    const found = connection.all(LIST_WAITING_NODES)
    const steps = [...plan(LIST_WAITING_NODES), ...plan(MAKE_NODES_AVAILABLE, 'a', 'x')]
    connection.close()

    const ofWaits = steps.filter((step) => /^(SEARCH|SCAN) (waits|w)\b/.test(step))
    expect(found).toHaveLength(NODES.length)
    expect(found).toEqual(expect.arrayContaining(NODES))
    expect(ofWaits.length).toBe(5)
    expect(ofWaits.filter((step) => !step.startsWith('SEARCH') || !step.includes('INDEX waits_by_node'))).toEqual([])
  })

  test('on PostgreSQL', async () => {
    await using database = await temporaryDatabase()
    const store = await openPostgresStore({ url: database.url, durability: 'normal', clock })
    await store.close()
    const client = new pg.Client(database.url)
    await client.connect()
    await client.query(insertWaits(`generate_series(1, ${WAITS}) AS numbers (n)`))
    await client.query('ANALYZE waits')

    const { rows: found } = await client.query(LIST_WAITING_NODES)
    const { rows } = await client.query(`EXPLAIN (ANALYZE, FORMAT JSON) ${LIST_WAITING_NODES}`)
    await client.end()

    expect(found).toHaveLength(NODES.length)
    expect(found).toEqual(expect.arrayContaining(NODES))
    expect(readWaits(rows[0]['QUERY PLAN'][0].Plan)).toBeLessThanOrEqual(MAX_READ)
  })
})
