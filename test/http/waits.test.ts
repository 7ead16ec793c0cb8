/** The routes of `/api/v1` for signals and approvals. Each answer is compared with the OpenAPI document. */

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

with cloaca.WorkflowBuilder("refund"):
    cloaca.wait_for_signal("decided", signal="refund-decision", key="{order_id}", timeout="3d")

    @cloaca.task(dependencies=["decided"])
    def pay(ctx):
        return ctx

with cloaca.WorkflowBuilder("purchase"):
    cloaca.approval(
        "ok",
        title="Buy {item}?",
        form={
            "type": "object",
            "properties": {"amount": {"type": "number", "minimum": 1}, "shop": {"type": "string"}},
            "required": ["amount"],
        },
    )
`
const MEBIBYTE = 1024 ** 2

let terminal: Terminal
let observed: ObservedRunner
let client: HttpClient

beforeAll(async () => {
  terminal = new Terminal()
  writeFileSync(join(terminal.folder, 'refund.py'), SCRIPT)
  observed = await ObservedRunner.open()
  await observed.runner.load(join(terminal.folder, 'refund.py'))
  await observed.runner.start()
  client = await HttpClient.of(httpHandler(observed.runner))
})
afterAll(async () => {
  await observed[Symbol.asyncDispose]()
  await terminal[Symbol.asyncDispose]()
})

/** Starts an execution, and returns its id when it waits. */
async function startWaiting(workflow: string, context: object): Promise<string> {
  const { json } = await client.post('/api/v1/executions', { workflow, context })
  await vi.waitFor(
    async () => expect((await client.get(`/api/v1/executions/${json.id}`)).json.waitingFor).not.toBeNull(),
    { timeout: LIMIT_MS },
  )
  return json.id
}

async function requestApproval(item: string) {
  const executionId = await startWaiting('purchase', { item })
  const { json } = await client.get(`/api/v1/executions/${executionId}`)
  return { executionId, at: `/api/v1/approvals/${json.waitingFor.approvalId}` }
}

const ended = (id: string) => observed.until('executionFinished', ({ executionId }) => executionId === id)

describe('a signal over HTTP', () => {
  it('ends the wait of an execution, which continues with the exact payload', async () => {
    const id = await startWaiting('refund', { order_id: 7 })
    const { json: waiting } = await client.get(`/api/v1/executions/${id}`)
    const wait = { kind: 'signal', node: 'decided', signal: 'refund-decision', key: '7' }
    expect(waiting).toMatchObject({ status: 'Running', waitingFor: wait })
    expect(waiting.tasks).toMatchObject([
      { id: 'decided', status: 'Waiting', waitingFor: wait },
      { id: 'pay', status: 'NotStarted', waitingFor: null },
    ])
    expect(Date.parse(waiting.waitingFor.until) - Date.parse(waiting.waitingFor.since)).toBe(3 * 86_400_000)
    expect((await client.get('/api/v1/executions')).json.items[0]).toMatchObject({ id, waitingFor: wait })

    const sent = await client.post(
      '/api/v1/signals/refund-decision',
      '{"key": "7", "payload": {"n": 12345678901234567890, "x": 1.0}}',
    )

    expect(sent).toMatchObject({ status: 201, json: { state: 'used', executions: [id] } })
    await ended(id)
    const { text } = await client.get(`/api/v1/executions/${id}/context`)
    expect(text.replaceAll(' ', '')).toContain('"decided":{"n":12345678901234567890,"x":1.0}')
    const { json: listed } = await client.get('/api/v1/signals?name=refund-decision&state=used')
    expect(listed.items).toMatchObject([{ id: sent.json.id, key: '7', source: 'http', executions: [id] }])
    expect(listed.items[0].payloadText.replaceAll(' ', '')).toBe('{"n":12345678901234567890,"x":1.0}')
  })

  it('is kept if no node waits, and the next wait for it uses it', async () => {
    const sent = await client.post('/api/v1/signals/refund-decision', { key: 'early' })
    expect(sent).toMatchObject({ status: 201, json: { state: 'kept', executions: [] } })

    const { json: started } = await client.post('/api/v1/executions', {
      workflow: 'refund',
      context: { order_id: 'early' },
    })
    await ended(started.id)

    const { json } = await client.get('/api/v1/signals?key=early')
    expect(json.items).toMatchObject([
      { id: sent.json.id, state: 'used', executions: [started.id], payloadText: 'null' },
    ])
  })

  it('is sent once with an id, and a repeated request has the first answer', async () => {
    const path = '/api/v1/signals/stock'
    const first = await client.post(path, '{"id": "msg-1", "key": "k", "payload": {"a": 1, "b": 2.0}}')
    expect(first).toMatchObject({ status: 201, json: { id: 'msg-1', state: 'kept' } })

    const again = await client.post(path, '{"payload":{"b":2.0,"a":1},"key":"k","id":"msg-1"}')

    expect(again).toMatchObject({ status: 200, json: first.json })
    expect(again.headers.get('Idempotent-Replayed')).toBe('true')
    expect((await client.get('/api/v1/signals?name=stock')).json.items).toHaveLength(1)
  })

  it.each([
    ['another payload', 'once', { id: 'msg-2', key: 'k', payload: 2 }],
    ['another key', 'once', { id: 'msg-2', key: 'other', payload: 1 }],
    ['no key', 'once', { id: 'msg-2', payload: 1 }],
    ['another name', 'twice', { id: 'msg-2', key: 'k', payload: 1 }],
  ])('is rejected if its id is known with %s', async (_, name, body) => {
    await client.post('/api/v1/signals/once', { id: 'msg-2', key: 'k', payload: 1 })

    expect(await client.post(`/api/v1/signals/${name}`, body)).toMatchObject({
      status: 422,
      json: { code: 'KEY_REUSED' },
    })
  })

  it('has a payload of at most 1 MiB', async () => {
    const text = (bytes: number) => `{"payload": "${'x'.repeat(bytes - 2)}"}`

    expect(await client.post('/api/v1/signals/large', text(MEBIBYTE))).toMatchObject({ status: 201 })
    const larger = await client.post('/api/v1/signals/large', text(MEBIBYTE + 1))
    expect(larger).toMatchObject({ status: 400, json: { code: 'INVALID_ARGUMENT' } })
    const huge = await client.post('/api/v1/signals/large', text(2 * MEBIBYTE))
    expect(huge).toMatchObject({ status: 413, json: { code: 'BODY_TOO_LARGE' } })
    const { json } = await client.get('/api/v1/signals?name=large')
    expect(json.items).toMatchObject([{ payloadText: null, payloadLength: MEBIBYTE }])
  })

  it.each([
    ['a key that is no text', { key: 7 }],
    ['an unknown member', { by: 'boss' }],
    ['an empty id', { id: '' }],
    ['a key of more than 512 bytes', { key: 'ü'.repeat(257) }],
  ])('is rejected with %s', async (_, body) => {
    expect(await client.post('/api/v1/signals/wrong', body)).toMatchObject({
      status: 400,
      json: { code: 'INVALID_ARGUMENT' },
    })
    expect((await client.get('/api/v1/signals?name=wrong')).json.items).toEqual([])
  })

  it('pages through the list', async () => {
    for (const key of ['1', '2', '3']) await client.post('/api/v1/signals/paged', { key })

    const { json: first } = await client.get('/api/v1/signals?name=paged&limit=2')
    const { json: rest } = await client.get(`/api/v1/signals?name=paged&limit=2&cursor=${first.nextCursor}`)

    expect([...first.items, ...rest.items].map(({ key }) => key)).toEqual(['3', '2', '1'])
    expect(rest.nextCursor).toBeNull()
  })
})

describe('an approval over HTTP', () => {
  it('is listed while it is open, oldest first, and counted', async () => {
    const one = await requestApproval('pen')
    const two = await requestApproval('ink')
    const ids = async (query: string) =>
      (await client.get(`/api/v1/approvals?${query}`)).json.items.map(({ executionId }: never) => executionId)

    expect(await ids('workflow=purchase')).toEqual([one.executionId, two.executionId])
    expect(await ids('workflow=refund')).toEqual([])
    expect(await ids('state=answered')).toEqual([])
    const { json: first } = await client.get('/api/v1/approvals?limit=1')
    expect(await ids(`limit=1&cursor=${first.nextCursor}`)).toEqual([two.executionId])
    expect((await client.get('/api/v1/approvals/counts')).json).toEqual({ open: 2 })
    expect((await client.get(one.at)).json).toEqual({
      id: one.at.split('/').at(-1),
      executionId: one.executionId,
      workflow: 'purchase',
      node: 'ok',
      title: 'Buy pen?',
      form: expect.objectContaining({ required: ['amount'] }),
      createdAt: expect.any(String),
      expiresAt: null,
      state: 'open',
      answer: null,
    })

    await client.post(`/api/v1/executions/${one.executionId}/cancel`, {})
    await ended(one.executionId)
    expect(await ids('state=cancelled')).toEqual([one.executionId])
    expect(await client.post(`${one.at}/approve`, { values: { amount: 1 } })).toMatchObject({
      status: 409,
      json: { code: 'ALREADY_ANSWERED' },
    })
    await client.post(`${two.at}/reject`, {})
    expect(await ids('state=all')).toEqual([one.executionId, two.executionId])
  })

  it('is approved with exact values, and the execution continues with the answer', async () => {
    const { executionId, at } = await requestApproval('chair')

    const answer = await client.post(`${at}/approve`, '{"values": {"amount": 12.0, "shop": "ä"}, "note": "fine"}')

    expect(answer).toMatchObject({
      status: 200,
      json: { state: 'answered', answer: { approved: true, by: 'http', note: 'fine' } },
    })
    expect(answer.text).toContain('"values":{"amount":12.0,"shop":"ä"}')
    await ended(executionId)
    const { text, json } = await client.get(`/api/v1/executions/${executionId}/context`)
    expect(json.ok).toMatchObject({ approved: true, by: 'http', note: 'fine', at: expect.anything() })
    expect(text.replaceAll(' ', '')).toContain('"amount":12.0')
    const { json: again } = await client.post(`${at}/reject`, {})
    expect(again).toMatchObject({ status: 409, code: 'ALREADY_ANSWERED' })
    expect((await client.get(at)).text).toBe(answer.text)
    const { json: actions } = await client.get('/api/v1/actions')
    expect(actions.items[0]).toMatchObject({ kind: 'approve', source: 'http', note: 'fine' })
  })

  it('is rejected, and the node fails', async () => {
    const { executionId, at } = await requestApproval('car')

    const { json } = await client.post(`${at}/reject`, { note: 'too much' })

    expect(json).toMatchObject({ state: 'answered', answer: { approved: false, values: {}, note: 'too much' } })
    await ended(executionId)
    expect((await client.get(`/api/v1/executions/${executionId}`)).json.cause).toContain('ApprovalRejected')
  })

  it('names the path of each wrong value, and stays open', async () => {
    const { at } = await requestApproval('desk')

    const wrong = await client.post(`${at}/approve`, { values: { amount: 0, shop: 5 } })
    const missing = await client.post(`${at}/approve`)

    expect(wrong).toMatchObject({ status: 400, json: { code: 'INVALID_VALUES' } })
    expect(wrong.json.problems.map(({ path }: { readonly path: string }) => path).sort()).toEqual(['amount', 'shop'])
    expect(missing.json.problems).toMatchObject([{ path: 'amount', message: expect.any(String) }])
    expect((await client.get(at)).json).toMatchObject({ state: 'open', answer: null })
    expect((await client.post(`${at}/approve`, { values: { amount: 1 } })).status).toBe(200)
  })

  it.each([
    ['the person who answers', { values: { amount: 1 }, by: 'boss' }],
    ['the source', { values: { amount: 1 }, source: 'cli' }],
    ['the time', { values: { amount: 1 }, at: '2026-01-01T00:00:00Z' }],
    ['values that are no object', { values: [1] }],
    ['a note that is too long', { values: { amount: 1 }, note: 'x'.repeat(1_001) }],
  ])('accepts no request with %s', async (_, body) => {
    const { at } = await requestApproval('lamp')

    expect(await client.post(`${at}/approve`, body)).toMatchObject({ status: 400, json: { code: 'INVALID_ARGUMENT' } })

    expect((await client.get(at)).json.state).toBe('open')
  })

  it('is answered only by POST, and only under its own id', async () => {
    const { at, executionId } = await requestApproval('sofa')
    const id = at.split('/').at(-1) ?? ''

    expect((await client.get(`${at}/approve`)).status).toBe(405)
    expect((await client.get(`${at}?approved=true`)).status).toBe(400)
    const unknown = [executionId, id.slice(0, 8), id.toUpperCase(), `${id}0`, '*', '%25']
    for (const each of unknown) {
      expect(await client.post(`/api/v1/approvals/${each}/approve`, { values: { amount: 1 } })).toMatchObject({
        status: 404,
        json: { code: 'APPROVAL_NOT_FOUND' },
      })
    }
    expect((await client.get(at)).json.state).toBe('open')
  })

  it('accepts one of many simultaneous answers', async () => {
    const { at, executionId } = await requestApproval('book')

    const answers = await Promise.all(
      Array.from({ length: 20 }, (_, index) =>
        client.post(`${at}/${index % 2 === 0 ? 'approve' : 'reject'}`, { values: { amount: 1 }, note: String(index) }),
      ),
    )

    const accepted = answers.filter(({ status }) => status === 200)
    expect(accepted).toHaveLength(1)
    expect(answers.filter(({ json }) => json.code === 'ALREADY_ANSWERED')).toHaveLength(19)
    expect((await client.get(at)).json).toEqual(accepted[0]?.json)
    await ended(executionId)
  })
})
