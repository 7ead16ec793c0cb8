/** Fail-over from a primary server to its replica under the same address, and the opening of a replica. */

import { afterAll, beforeAll, expect, test } from 'vitest'
import { SystemClock } from '../../src/engine/system-clock.ts'
import { openPostgresStore } from '../../src/store/postgres/postgres-store.ts'
import { ObservedRunner } from '../support/observed-runner.ts'
import { OwnPostgres } from '../support/own-postgres.ts'
import { PostgresProxy } from '../support/postgres-proxy.ts'
import { administer } from '../support/postgres-server.ts'
import { FIRST_PAGE } from '../support/store-builders.ts'

const EXECUTIONS = 60

let primary: OwnPostgres
let replica: OwnPostgres

beforeAll(async () => {
  primary = OwnPostgres.start()
  await administer(primary.server.url('postgres'), 'CREATE DATABASE app')
  replica = primary.replica()
  // Confirms a commit only after the replica has stored it.
  await administer(primary.server.url('postgres'), "ALTER SYSTEM SET synchronous_standby_names = '*'")
  await administer(primary.server.url('postgres'), 'SELECT pg_reload_conf()')
})
afterAll(() => {
  replica?.[Symbol.dispose]()
  primary?.[Symbol.dispose]()
})

test('a replica can only be read, and a fail-over to it neither loses nor duplicates executions', {
  tags: ['proof'],
}, async () => {
  await using proxy = await PostgresProxy.to(primary.server, 'app')
  const clock = new SystemClock({ keepsProcessAlive: false })
  const open = (readOnly: boolean) =>
    openPostgresStore({ url: replica.server.url('app'), durability: 'full', clock, readOnly })
  const observed = await ObservedRunner.start(['failover.py'], { database: proxy.url, durability: 'full' })
  const { runner } = observed

  await expect(open(false)).rejects.toMatchObject({ message: expect.stringContaining('Connect to the primary') })
  const submitted = Array.from({ length: EXECUTIONS }, (_, index) => runner.workflows.submit('counts', { index }))
  await observed.until('executionFinished', () => true, 5)
  primary.kill()
  await proxy.away()
  replica.promote()
  proxy.leadTo(replica.server)
  await administer(replica.server.url('postgres'), "ALTER SYSTEM SET synchronous_standby_names = ''")
  await administer(replica.server.url('postgres'), 'SELECT pg_reload_conf()')
  await proxy.back()
  const ids = await Promise.all(submitted)
  await observed.until('executionFinished', () => true, EXECUTIONS)
  await observed[Symbol.asyncDispose]()

  const reader = await open(true)
  const listed = await reader.listExecutions({ ...FIRST_PAGE, limit: 1_000 })
  const outputs = await Promise.all(listed.map(async ({ id }) => (await reader.getExecution(id))?.finalText))
  await reader.close()
  expect(listed.map(({ id, status }) => [id, status]).sort()).toEqual(ids.map((id) => [id, 'Completed']).sort())
  expect(outputs.map((text) => JSON.parse(text ?? '{}').seen).sort((a, b) => a - b)).toEqual(
    Array.from({ length: EXECUTIONS }, (_, index) => index),
  )
  expect(observed.log.map(({ message }) => message)).toEqual(
    expect.arrayContaining([
      expect.stringContaining('Cannot reach database'),
      expect.stringContaining('is back after'),
    ]),
  )
})
