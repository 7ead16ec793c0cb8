/** The routes of `/api/v1/limits`, priorities and refused starts. Each answer is compared with the OpenAPI document. */

import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import { httpHandler } from '../../src/index.ts'
import { Terminal } from '../support/cloaca-process.ts'
import { HttpClient } from '../support/http-client.ts'
import { LIMIT_MS } from '../support/limits.ts'
import { ObservedRunner } from '../support/observed-runner.ts'

const SCRIPT = `
import cloaca

crm = cloaca.limit("crm", max_active=1, rate="100/1m", per="tenant")

with cloaca.WorkflowBuilder("push", priority=3):

    @cloaca.task(limits=[crm])
    def send(ctx):
        return ctx

with cloaca.WorkflowBuilder("sync", max_active=1, per="customer"):
    cloaca.wait_for_signal("done", signal="done", key="{customer}", timeout="3d")

with cloaca.WorkflowBuilder("single", max_active=1, overflow="drop"):
    cloaca.wait_for_signal("done", signal="single-done", timeout="3d")
`

let terminal: Terminal
let observed: ObservedRunner
let client: HttpClient

beforeAll(async () => {
  terminal = new Terminal()
  writeFileSync(join(terminal.folder, 'push.py'), SCRIPT)
  observed = await ObservedRunner.open()
  await observed.runner.load(join(terminal.folder, 'push.py'))
  await observed.runner.start()
  client = await HttpClient.of(httpHandler(observed.runner))
})
afterAll(async () => {
  await observed[Symbol.asyncDispose]()
  await terminal[Symbol.asyncDispose]()
})

const AT = '/api/v1/limits'
const started = async (workflow: string, context: object, given = {}): Promise<string> =>
  (await client.post('/api/v1/executions', { workflow, context, ...given })).json.id
const execution = async (id: string) => (await client.get(`/api/v1/executions/${id}`)).json
const until = (check: () => Promise<void>) => vi.waitFor(check, { timeout: LIMIT_MS })
const ended = (id: string) => until(async () => expect((await execution(id)).status).toBe('Completed'))

describe('limits over HTTP', () => {
  it('are listed with the values of the code, by name', async () => {
    const { json } = await client.get(AT)

    expect(json.items.map(({ name }: never) => name)).toEqual(['crm', 'workflow:single', 'workflow:sync'])
    expect(json.items[0]).toEqual({
      ...{ name: 'crm', workflow: null, maxActive: 1, rate: '100/1m', per: 'tenant' },
      ...{ declared: { maxActive: 1, rate: '100/1m', per: 'tenant' }, overrides: {}, differs: false },
      ...{ used: 0, waiting: 0, isClosed: false, closedUntil: null },
    })
    expect(json.items[2]).toMatchObject({ workflow: 'sync', maxActive: 1, rate: null, per: 'customer' })
    const { json: first } = await client.get(`${AT}?limit=1`)
    const { json: second } = await client.get(`${AT}?limit=1&cursor=${first.nextCursor}`)
    expect([first.items[0].name, second.items[0].name]).toEqual(['crm', 'workflow:single'])
  })

  it('are closed for one value, for which tasks wait until it is opened', async () => {
    const { status, json } = await client.post(`${AT}/crm/close`, { value: 'acme', forMs: 600_000, note: 'broken' })
    expect([status, json.isClosed]).toEqual([200, false])

    const [waiting, other] = [await started('push', { tenant: 'acme' }), await started('push', { tenant: 'else' })]
    await ended(other)
    await until(async () => expect((await execution(waiting)).waitingFor).not.toBeNull())

    const wait = { kind: 'limit', limit: 'crm', value: 'acme', slots: 1, heldBy: [], node: 'send' }
    const shown = await execution(waiting)
    expect(shown).toMatchObject({ waitingFor: wait, priority: 3 })
    expect(shown.tasks).toMatchObject([{ id: 'send', status: 'Waiting', waitingFor: wait, attempts: 0 }])
    const { json: values } = await client.get(`${AT}/crm/values`)
    const acme = values.items.find(({ value }: never) => value === 'acme')
    expect(acme).toMatchObject({ valueText: '"acme"', used: 0, waiting: 1, isClosed: true })
    expect(Date.parse(acme.closedUntil)).toBeGreaterThan(observed.runner.now() + 500_000)

    await client.post(`${AT}/crm/open`, { value: 'acme' })
    await ended(waiting)
    const { json: actions } = await client.get('/api/v1/actions')
    const ours = actions.items.filter(({ target }: never) => target === 'limit crm')
    expect(ours.map(({ kind, source, note }: never) => [kind, source, note])).toEqual([
      ['open', 'http', null],
      ['close', 'http', 'broken'],
    ])
  })

  it('are overridden and reset', async () => {
    const { json } = await client.post(`${AT}/crm/set`, { maxActive: 4, rate: null, note: 'sale' })
    expect(json).toMatchObject({ maxActive: 4, rate: null, overrides: { maxActive: 4, rate: null } })

    expect((await client.post(`${AT}/crm/set`, { reset: true, maxActive: 1 })).status).toBe(400)
    expect((await client.post(`${AT}/crm/set`, { reset: true })).json).toMatchObject({ maxActive: 1, overrides: {} })
  })

  it.each([
    ['set', {}],
    ['set', { maxActive: 0 }],
    ['set', { rate: '1' }],
    ['set', { maxActive: null, rate: null }],
    ['close', { forMs: 0 }],
    ['close', { value: [1] }],
    ['close', { value: 'x'.repeat(199) }],
    ['open', { value: {} }],
    ['open', { values: 1 }],
  ])('refuse to %s with %j', async (verb, body) => {
    expect(await client.post(`${AT}/crm/${verb}`, body)).toMatchObject({
      status: 400,
      json: { code: 'INVALID_ARGUMENT' },
    })
  })

  it('name the values that are allowed if one is a list', async () => {
    const { json } = await client.post(`${AT}/crm/close`, { value: [1] })

    const allowed = 'a string, a number, true or false, or null'
    expect(json.detail).toBe(`"value" of the body must be ${allowed}, but an array was given.`)
  })

  it('are not found under another name', async () => {
    for (const path of ['cmr', 'cmr/values']) {
      const { status, json } = await client.get(`${AT}/${path}`)
      expect([status, json.code, json.limit]).toEqual([404, 'LIMIT_NOT_FOUND', 'cmr'])
      expect(json.detail).toContain('Did you mean "crm"?')
    }
    expect((await client.post(`${AT}/cmr/close`, {})).status).toBe(404)
  })
})

describe('executions above the limit of their workflow', () => {
  it('wait, and name the executions that use the slots of their value', async () => {
    const first = await started('sync', { customer: 7 })
    const [second, other] = [await started('sync', { customer: 7 }), await started('sync', { customer: '7' })]
    await until(async () => expect((await execution(other)).waitingFor?.kind).toBe('signal'))

    const waitingFor = { kind: 'limit', limit: 'workflow:sync', value: 7, slots: 1, heldBy: [first] }
    expect(await execution(second)).toMatchObject({ status: 'Pending', waitingFor })
    expect((await execution(second)).waitingFor).toEqual(waitingFor)
    const { json: values } = await client.get(`${AT}/workflow:sync/values`)
    expect(values.items.map((row: never) => row)).toMatchObject([
      { valueText: '"7"', used: 1, waiting: 0, heldBy: [other], begun: null },
      { valueText: '7', used: 1, waiting: 1, heldBy: [first] },
    ])
    await client.post('/api/v1/signals/done', { key: '7' })
    await ended(first)
    await until(async () => expect((await execution(second)).waitingFor?.kind).toBe('signal'))
  })

  it('are refused with 409 if the overflow is drop', async () => {
    const first = await started('single', {})

    const refused = await client.post('/api/v1/executions', { workflow: 'single', context: {} })

    expect(refused).toMatchObject({ status: 409, json: { code: 'LIMITED' } })
    await client.post(`/api/v1/executions/${first}/cancel`, {})
    expect((await client.post('/api/v1/executions', { workflow: 'single' })).status).toBe(201)
  })
})

describe('the priority of an execution over HTTP', () => {
  it('is that of the body, and appears in lists', async () => {
    const id = await started('push', { tenant: 'p' }, { priority: -50 })

    expect(await execution(id)).toMatchObject({ priority: -50 })
    const { json } = await client.get('/api/v1/executions?workflow=push&limit=1')
    expect(json.items).toMatchObject([{ id, priority: -50 }])
  })

  it.each([101, -101, 0.5, '1', null])('refuses %j', async (priority) => {
    const { status, json } = await client.post('/api/v1/executions', { workflow: 'push', priority })

    expect([status, json.code, json.path]).toEqual([400, 'INVALID_ARGUMENT', 'priority'])
  })
})
