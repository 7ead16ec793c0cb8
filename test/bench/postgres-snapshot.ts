/**
 * Benchmark of a snapshot that stays open for minutes, as in a backup or a forgotten session: PostgreSQL cannot clean
 * up rows that were removed since, so tables that change often grow. The figure is a share of the rate before the
 * snapshot, so that it does not depend on the machine.
 */

import pg from 'pg'
import { administer, durablePostgres } from '../support/postgres-server.ts'
import type { Figure } from './figure.ts'
import { run } from './postgres.ts'

const MEASURED_S = 15
/** Duration of the work under the snapshot before the measurement. */
const HELD_S = Number(process.env.SNAPSHOT_HELD_S ?? 180)
const READY_WITHIN_S = 4

export async function snapshotFigures(): Promise<Figure[]> {
  using server = durablePostgres()
  await administer(server.url('postgres'), 'CREATE DATABASE bench')
  const url = server.url('bench')
  const rate = async (seconds: number): Promise<number> => {
    const { per_s = Number.NaN } = await run('busy.py', [
      url,
      String(seconds),
      String(Date.now() / 1_000 + READY_WITHIN_S),
    ])
    return per_s
  }
  await rate(MEASURED_S)
  const before = await rate(MEASURED_S)
  const holder = new pg.Client({ connectionString: url })
  await holder.connect()
  await holder.query('BEGIN ISOLATION LEVEL REPEATABLE READ; SELECT count(*) FROM active_executions')
  await rate(HELD_S)
  const held = await rate(MEASURED_S)
  await holder.query('COMMIT')
  await holder.end()
  return [
    { name: 'executions that 1 process stores', value: before, unit: '/s' },
    { name: `the same, with a snapshot held for ${HELD_S} s`, value: held, unit: '/s' },
    { name: 'share of the rate that is left', value: (100 * held) / before, unit: '%', budget: 70, note: 'at least' },
  ]
}
