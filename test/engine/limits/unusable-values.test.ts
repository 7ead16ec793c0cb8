/** Firings whose contexts have a value of `per` that selects no slots: they start nothing, and the others start. */

import { expect, it } from 'vitest'
import { trigger, workflow } from '../../support/declared.ts'
import { completed, fire, SKIP } from '../../support/fake-host.ts'
import { FIRST_PAGE, RunningEngine } from '../../support/running-engine.ts'

const HOUR_MS = 3_600_000
const unlimited = workflow('sync', { work: {} })
const perTenant = { ...unlimited, limit: { maxActive: 1, per: 'tenant', overflow: 'queue' } as const }
const TIMING = { expression: '0 * * * *', timezone: 'UTC' }
const LIST = '{"tenant":[1]}'

it('records a firing of a schedule without an execution, and warns', async () => {
  await using running = await RunningEngine.start({ workflows: [perTenant] })
  const warnings = running.record('warning')
  const { schedules } = running.engine.services
  const id = await schedules.registerInstance('sync', 'list', TIMING, LIST)
  await schedules.registerInstance('sync', 'text', TIMING, '{"tenant":"acme"}')

  await running.clock.advance(HOUR_MS + 20 * 60_000)

  expect(await schedules.history(id, FIRST_PAGE)).toMatchObject([{ executionId: null }])
  expect(warnings).toMatchObject([{ code: 'LIMITED', scheduleId: id, workflow: 'sync' }])
  expect(warnings[0]?.message).toContain('the value of "tenant" is a list')
  expect(running.host.runs.map(({ inputText }) => JSON.parse(inputText).tenant)).toEqual(['acme'])
})

it('counts each recovery of a firing, and gives it up', async () => {
  await using running = await RunningEngine.start({ config: { cronMaxRecoveryAttempts: 2 } })
  const { schedules } = running.engine.services
  const id = await schedules.registerInstance('sync', 'list', { ...TIMING, expression: '0 1 1 1 *' }, LIST)
  await running.clock.advance(HOUR_MS + 10_000)
  expect(await schedules.history(id, FIRST_PAGE)).toMatchObject([{ executionId: null, recoveryAttempts: 0 }])

  running.registry.declare({ triggers: [], workflows: [perTenant] })
  await running.clock.advance(2 * HOUR_MS)

  expect(await schedules.history(id, FIRST_PAGE)).toMatchObject([{ executionId: null, recoveryAttempts: 2 }])
  expect(running.host.runs).toHaveLength(0)
})

it('leaves a firing out of a refire', async () => {
  const tenants = ['[1]', '"acme"']
  await using running = await RunningEngine.start({
    ...{ workflows: [unlimited], triggers: [trigger('inbox', { workflow: 'sync', everyMs: 10_000 })] },
    python: (host) => {
      host.trigger('inbox', () => {
        const tenant = tenants.shift()
        return tenant === undefined ? SKIP : fire(`{"tenant":${tenant}}`)
      })
      host.task('work', ({ inputText }) => completed(inputText))
    },
  })
  const from = running.clock.now()
  await running.clock.advance(60_000)
  expect(running.host.runs).toHaveLength(2)
  running.host.runs.length = 0
  running.registry.declare({ triggers: [], workflows: [perTenant] })
  const { refires } = running.engine.services.triggers

  const made = await refires.start('inbox', { from, to: running.clock.now() })
  await running.clock.advance(60_000)

  expect(await refires.get(made.id)).toMatchObject({ status: 'completed', started: 1, leftOut: 1 })
  expect(running.host.runs.map(({ inputText }) => JSON.parse(inputText).tenant)).toEqual(['acme'])
})
