/** A PostgreSQL database of an older version is brought to this one, with what is in it and what goes on in it. */

import { expect, test } from 'vitest'
import { SystemClock } from '../../src/engine/clock.ts'
import { openPostgresStore } from '../../src/store/postgres/postgres-store.ts'
import { MIGRATIONS } from '../../src/store/postgres/schema/migrations.ts'
import { administer, temporaryDatabase } from '../support/postgres-server.ts'
import { completed, FIRST_PAGE, firedTick, newExecution, settlement } from '../support/store-builders.ts'

const AT = Date.UTC(2026, 0, 1)
const AHEAD = Date.UTC(2060, 0, 1)

/** As version 2 left them. `e-1` has ended, `e-2` goes on; the clock that `e-3` was fired by was ahead. */
const ROWS = `
INSERT INTO instances (id, host, pid, opened_at, heartbeat_at, expires_at, alive_since, declared)
VALUES ('gone', 'elsewhere', 1, 1, 1, 1, 1, ARRAY['poll inbox']);
INSERT INTO instance_triggers VALUES (1, 'inbox');
INSERT INTO triggers (id, name, workflow, poll_interval_ms, allow_concurrent, created_at, updated_at)
VALUES ('t-1', 'inbox', 'ingest', 5000, false, 1, 2);
INSERT INTO crons (id, workflow, expression, timezone, created_at, updated_at) VALUES ('c-1', 'ingest', '* * * * *', 'UTC', 1, 1);
INSERT INTO cron_firings (id, cron_seq, scheduled_at, claimed_at, execution_id, updated_at) VALUES ('cf-1', 1, ${AT}, ${AT}, 'e-9', ${AT});
INSERT INTO executions (id, workflow, version, status, origin, origin_source, firing_id, created_at, started_at, ended_at, final_task_id)
VALUES ('e-1', 'ingest', 'v', 'Completed', 'trigger', 'inbox', 'f-1', ${AT}, ${AT + 1}, ${AT + 2}, 'only');
INSERT INTO executions (id, workflow, version, origin, origin_source, firing_id, created_at, retry_of)
VALUES ('e-2', 'ingest', 'v', 'trigger', 'inbox', 'f-2', ${AT + 10}, 'e-1');
INSERT INTO active_executions (execution_seq, id, workflow, version, origin, firing_id, created_at)
VALUES (2, 'e-2', 'ingest', 'v', 'trigger', 'f-2', ${AT + 10});
INSERT INTO execution_inputs VALUES (1, '{"a":1.0}'), (2, '{"a":2.0}');
INSERT INTO task_runs (execution_seq, position, task_id, full_name, status) VALUES (1, 0, 'only', 'x', 'Completed'), (2, 0, 'only', 'x', 'NotStarted');
INSERT INTO task_outputs VALUES (1, 'only', '{"b":1.0}');
INSERT INTO attempts (execution_seq, task_id, attempt, outcome, ended_at) VALUES (1, 'only', 1, 'completed', ${AT + 2});
INSERT INTO attempt_logs (execution_seq, piece, task_id, attempt, records, bytes, text) VALUES (1, 1, 'only', 1, 1, 2, 'hi');
INSERT INTO firings (id, trigger_seq, context_hash, is_alone, execution_id, fired_at, completed_at)
VALUES ('f-1', 1, 'aaaaaaaaaaaaaaaa', true, 'e-1', ${AT}, ${AT + 2}), ('f-2', 1, 'aaaaaaaaaaaaaaaa', true, 'e-2', ${AT + 10}, NULL),
       ('f-3', 1, 'bbbbbbbbbbbbbbbb', true, 'e-3', ${AHEAD}, ${AHEAD});
INSERT INTO ticks (id, trigger_seq, outcome, first_at, last_at, count, firing_id)
VALUES ('k-1', 1, 'fired', ${AT}, ${AT}, 1, 'f-1'), ('k-2', 1, 'skipped', ${AT + 3}, ${AT + 9}, 7, NULL),
       ('k-3', 1, 'fired', ${AT + 10}, ${AT + 10}, 1, 'f-2'), ('k-4', 1, 'duplicate', ${AT + 11}, ${AT + 11}, 1, 'f-2'),
       ('k-5', 1, 'failed', ${AT + 12}, ${AT + 12}, 1, NULL);
`

test('a database of version 2 keeps its history, its order, what is under way and what is alone', async () => {
  await using database = await temporaryDatabase()
  await administer(database.url, 'CREATE TABLE cloaca_schema (version integer PRIMARY KEY, applied_at bigint NOT NULL)')
  for (const [index, sql] of MIGRATIONS.slice(0, 2).entries()) {
    await administer(database.url, `${sql}; INSERT INTO cloaca_schema VALUES (${index + 1}, 1)`)
  }
  await administer(database.url, ROWS)
  const clock = new SystemClock({ keepsProcessAlive: false })

  const store = await openPostgresStore({ url: database.url, durability: 'normal', clock })

  await store.openInstance('engine', AT)
  const added = newExecution()
  await store.createExecution(added, { kind: 'call' }, AT + 20)
  const listed = await store.listExecutions(FIRST_PAGE)
  expect(listed.map(({ id, status, retryOf }) => [id, status, retryOf])).toEqual([
    [added.id, 'Pending', null],
    ['e-2', 'Pending', 'e-1'],
    ['e-1', 'Completed', null],
  ])
  expect(await store.listExecutions({ ...FIRST_PAGE, sinceAt: AT, after: 'e-2' })).toMatchObject([{ id: 'e-1' }])
  expect(await store.getExecution('e-1')).toMatchObject({ inputText: '{"a":1.0}', finalText: '{"b":1.0}' })
  expect(await store.listAttempts('e-1')).toHaveLength(1)
  expect(await store.logs.list({ executionId: 'e-1', limit: 10 })).toMatchObject([{ text: 'hi' }])
  const ticks = await store.listTicks('inbox', FIRST_PAGE)
  expect(ticks.map(({ id, executionId }) => [id, executionId])).toEqual([
    ['k-5', null],
    ['k-4', 'e-2'],
    ['k-3', 'e-2'],
    ['k-2', null],
    ['k-1', 'e-1'],
  ])
  expect(await store.recordFired(firedTick({ at: AT + 30 }))).toEqual({ kind: 'duplicate', executionId: 'e-2' })
  expect((await store.listFirings('inbox', FIRST_PAGE)).map(({ id }) => id)).toEqual(['f-3', 'f-2', 'f-1'])
  expect(await store.listCronFirings('c-1', FIRST_PAGE)).toHaveLength(1)

  await store.acquireExecutions({ instanceId: 'engine', workflows: ['ingest'], at: AT, limit: 5, recover: false })
  const end = { status: 'Completed', endedAt: AT + 40, finalText: '{}', errorMessage: null } as const
  await store.settle(settlement('e-2', { changes: [completed('only', { outputText: '{}' })], end }))

  expect(await store.getExecution('e-2')).toMatchObject({ status: 'Completed', inputText: '{"a":2.0}' })
  expect(await store.recordFired(firedTick({ at: AT + 50 }))).toEqual({ kind: 'started' })
  const channels = 'SELECT channel FROM cloaca_schema WHERE channel IS NOT NULL'
  expect(await administer(database.url, channels)).toEqual([
    { channel: expect.stringMatching(/^cloaca_[0-9a-f]{32}$/) },
  ])
  await store.close()
})
