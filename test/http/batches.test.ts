/** The routes of `/api/v1` for backfills and refires. Each answer is compared with the OpenAPI document. */

import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { httpHandler } from '../../src/index.ts'
import { Terminal } from '../support/cloaca-process.ts'
import { HttpClient } from '../support/http-client.ts'
import { ObservedRunner } from '../support/observed-runner.ts'

const SCRIPT = `
import cloaca
with cloaca.WorkflowBuilder("report"):
    @cloaca.task()
    def write(context):
        return context

@cloaca.trigger(on="report", cron="0 3 * * *", timezone="Europe/Berlin")
def nightly():
    pass

@cloaca.trigger(on="report", poll_interval="1h")
def inbox():
    return cloaca.TriggerResult.skip()
`
const WEEK = { from: '2025-12-01', to: '2025-12-08' }

describe('backfills and refires over HTTP', () => {
  const terminal = new Terminal()
  let observed: ObservedRunner
  let client: HttpClient
  beforeAll(async () => {
    writeFileSync(join(terminal.folder, 'report.py'), SCRIPT)
    observed = await ObservedRunner.open()
    await observed.runner.load(join(terminal.folder, 'report.py'))
    await observed.runner.start()
    client = await HttpClient.of(httpHandler(observed.runner))
  })
  afterAll(async () => {
    await observed[Symbol.asyncDispose]()
    await terminal[Symbol.asyncDispose]()
  })

  it('preview, start and list a backfill, until all its executions have ended', async () => {
    const at = '/api/v1/schedules/nightly/backfills'
    const { json: preview } = await client.get(`${at}/preview?from=2025-12-01&to=2025-12-08&again=false`)
    expect(preview).toMatchObject({ times: 7, executions: 7, alreadyFired: 0, from: '2025-11-30T23:00:00.000+00:00' })

    const { status, json: made } = await client.post(at, { ...WEEK, maxActive: 3, note: 'the disk was full' })
    expect(status).toBe(201)
    expect(made).toMatchObject({ trigger: 'nightly', workflow: 'report', maxActive: 3, total: 7, again: false })
    const ends = await observed.until('executionFinished', () => true, 7)

    const { json: execution } = await client.get(`/api/v1/executions/${ends[0]?.executionId}`)
    const { scheduleId } = made
    const origin = { kind: 'backfill', schedule: scheduleId, trigger: 'nightly', backfillId: made.id }
    expect(execution).toMatchObject({ origin })
    expect((await client.get(at)).json.items).toMatchObject([{ id: made.id, started: 7 }])
    expect((await client.get('/api/v1/backfills?limit=1')).json.items).toMatchObject([{ id: made.id }])
    expect((await client.get(`${at}/preview?from=2025-12-01&to=2025-12-08`)).json).toMatchObject({ alreadyFired: 7 })
    expect((await client.get(`/api/v1/schedules/nightly/actions`)).json.items).toMatchObject([
      { kind: 'backfill', source: 'http', note: 'the disk was full' },
    ])
  })

  it('pause, resume and cancel a backfill', async () => {
    const at = '/api/v1/schedules/nightly/backfills'
    const range = { from: '2020-01-01', to: '2025-01-01' }
    const { json: made } = await client.post(at, range)
    const one = `/api/v1/backfills/${made.id}`

    expect((await client.post(`${one}/pause`, { note: 'slow' })).json).toMatchObject({ status: 'paused' })
    expect(await client.post(`${one}/pause`)).toMatchObject({ status: 409, json: { code: 'ACTION_REFUSED' } })
    expect((await client.post(`${one}/resume`)).json).toMatchObject({ status: 'running' })
    expect((await client.post(`${one}/cancel`, { executions: true })).json).toMatchObject({ status: 'cancelled' })
    expect((await client.get(one)).json).toMatchObject({ status: 'cancelled', total: 1_827 })
  })

  it('start firings of a trigger again with the same context', async () => {
    const at = '/api/v1/triggers/inbox/refires'
    const { json: fired } = await client.post('/api/v1/triggers/inbox/fire', '{"n": 1.0}')
    await observed.until('executionFinished', ({ executionId }) => executionId === fired.executionId)
    const to = new Date(Date.now()).toISOString()
    const query = `from=2025-12-01&to=${to}&status=Completed`
    expect((await client.get(`${at}/preview?${query}`)).json).toMatchObject({ executions: 1, pruned: 0 })

    const { status, json: made } = await client.post(at, { from: '2025-12-01', to, timezone: 'Europe/Berlin' })
    expect(status).toBe(201)
    const [started] = await observed.until('executionStarted', ({ origin }) => origin.kind === 'refire')
    await observed.until('executionFinished', ({ executionId }) => executionId === started?.executionId)

    const inputs = [fired.executionId, started?.executionId].map((id) => `/api/v1/executions/${id}/input`)
    expect((await client.get(inputs[1] ?? '')).text).toBe((await client.get(inputs[0] ?? '')).text)
    expect((await client.get(at)).json.items).toMatchObject([{ id: made.id, trigger: 'inbox', total: 1 }])
    expect((await client.get('/api/v1/refires')).json.items).toMatchObject([{ id: made.id }])
    expect((await client.get(`/api/v1/refires/${made.id}`)).json).toMatchObject({ started: 1 })
  })

  it.each([
    ['schedules/unknown/backfills', WEEK, 404, 'SCHEDULE_NOT_FOUND'],
    ['schedules/nightly/backfills', { from: '2025-12-01' }, 400, 'INVALID_ARGUMENT'],
    ['schedules/nightly/backfills', { ...WEEK, from: 'monday' }, 400, 'INVALID_ARGUMENT'],
    ['schedules/nightly/backfills', { ...WEEK, maxActive: 0 }, 400, 'INVALID_ARGUMENT'],
    ['schedules/nightly/backfills', { from: '2025-12-01', to: '2025-12-01T01:00' }, 409, 'ACTION_REFUSED'],
    ['triggers/unknown/refires', WEEK, 404, 'TRIGGER_NOT_FOUND'],
    ['triggers/inbox/refires', { ...WEEK, timezone: 'Moon' }, 400, 'INVALID_TIMEZONE'],
    ['triggers/inbox/refires', WEEK, 409, 'ACTION_REFUSED'],
    ['backfills/unknown/pause', {}, 404, 'BATCH_NOT_FOUND'],
    ['refires/unknown/cancel', {}, 404, 'BATCH_NOT_FOUND'],
  ])('refuse POST /%s with %j', async (path, body, status, code) => {
    expect(await client.post(`/api/v1/${path}`, body)).toMatchObject({ status, json: { code } })
  })
})
