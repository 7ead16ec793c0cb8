/** Tests the trigger and the workflow without an engine, without a network, and with a fake clock. */

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { FakeClock, pollTrigger, runWorkflow } from 'cloaca/testing'
import { incident, service_down } from './incidents.ts'

const DOWN = { url: 'http://shop.test', status: 503, severity: 'high' }
const FAKES = {
  diagnose: { cause: 'the database is full' },
  open_ticket: { ticket: 17 },
  page: {},
  recovered: { is_over: true },
}

test('pages the team for an incident of high severity', async () => {
  const run = await runWorkflow(incident, DOWN, { tasks: FAKES })

  assert.equal(run.status, 'Completed')
  assert.deepEqual(run.tasks.page.input, { ...DOWN, cause: 'the database is full', ticket: 17 })
})

test('does not page the team for low severity, which is the default', async () => {
  const run = await runWorkflow(incident, { url: 'http://shop.test', status: 500 }, { tasks: FAKES })

  assert.equal(run.tasks.page.status, 'Skipped')
  assert.equal(run.tasks.recovered.output?.is_over, true)
})

test('retries with the same key while the ticket system is unavailable', async () => {
  const keys = new Set<string>()
  const open_ticket = async (_: unknown, { attempt, executionId }: { attempt: number; executionId: string }) => {
    keys.add(executionId)
    if (attempt < 4) throw new Error('temporary: /tickets answered 503')
    return { ticket: 17 }
  }

  const run = await runWorkflow(incident, DOWN, { tasks: { ...FAKES, open_ticket } })

  assert.deepEqual(run.tasks.open_ticket.attemptedAtMs, [0, 1_000, 3_000, 7_000])
  assert.equal(keys.size, 1)
})

test('stops waiting for recovery after one hour', async (t) => {
  const clock = new FakeClock('2030-01-02T03:04:05Z')
  t.mock.method(globalThis, 'fetch', async () => new Response('down', { status: 503 }))
  const { recovered: _, ...others } = FAKES

  const run = await runWorkflow(incident, DOWN, { clock, tasks: others })

  assert.equal(run.tasks.recovered.errorType, 'DeadlineError')
  assert.equal(clock.now().toISOString(), '2030-01-02T04:04:05.000Z')
})

test('fires with the context that the workflow needs', async (t) => {
  const answers = [new Response('ok'), new Response('the database is full', { status: 503 })]
  t.mock.method(globalThis, 'fetch', async () => answers.shift())

  assert.equal((await pollTrigger(service_down)).reason, 'the service is up')
  const fired = await pollTrigger(service_down)
  const run = await runWorkflow(incident, fired.context, { tasks: FAKES })

  assert.equal(run.tasks.diagnose.input?.severity, 'high')
})
