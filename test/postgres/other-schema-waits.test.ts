/** Approvals and signals of one schema of a PostgreSQL database, requested through another schema. */

import { expect, test } from 'vitest'
import { openPostgresStore } from '../../src/store/postgres/postgres-store.ts'
import { acquiredExecution } from '../support/acquired-execution.ts'
import { ManualClock } from '../support/manual-clock.ts'
import { openWaits } from '../support/open-waits.ts'
import { temporaryDatabase } from '../support/postgres-server.ts'
import { change, newAction, START, settlement } from '../support/store-builders.ts'

test('an answer through another schema finds no approval, and a signal through it ends no wait', {
  tags: ['proof'],
}, async () => {
  await using database = await temporaryDatabase()
  const open = (schema: string) =>
    openPostgresStore({ url: database.url, schema, durability: 'normal', clock: new ManualClock(START) })
  const [acme, beta] = [await open('acme'), await open('beta')]
  const { id } = await acquiredExecution(acme, { tasks: ['ok', 'decided'] })
  const times = { openedAt: START, deadlineAt: null }
  const changes = [
    change('ok', { status: 'Waiting', wait: { ...times, kind: 'approval', approvalId: 'p', title: '', form: null } }),
    change('decided', { status: 'Waiting', wait: { ...times, kind: 'signal', signal: 'decision', key: '' } }),
  ]
  await acme.settle(settlement(id, { changes, givenBack: 'waiting' }))

  const answer = { approved: true, valuesText: '{}', by: 'http', at: START, note: null }
  const signal = { id: 's', name: 'decision', key: '', payloadText: '1', fingerprint: '', source: 'http', at: START }
  expect(await beta.approvals.get('p', START)).toBeNull()
  expect(await beta.approvals.answer('p', answer, newAction({ id: 'a-1', kind: 'approve' }))).toBeNull()
  expect(await beta.signals.send(signal, newAction({ id: 'a-2', kind: 'signal' }))).toMatchObject({ state: 'kept' })
  expect(await acme.approvals.get('p', START)).toMatchObject({ state: 'open' })
  expect(await openWaits(acme, id)).toHaveLength(2)
  expect(await acme.approvals.answer('p', answer, newAction({ id: 'a-1', kind: 'approve' }))).toEqual([id])
  await Promise.all([acme.close(), beta.close()])
})
