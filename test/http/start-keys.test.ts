/** The header `Idempotency-Key`: a request that is sent again starts nothing. */

import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type HttpServer, listen } from '../../src/http/server.ts'
import { httpHandler, Runner, workflow } from '../../src/index.ts'
import { HttpClient } from '../support/http-client.ts'
import { rawRequest } from '../support/raw-http.ts'

const BILL = workflow('bill').task('charge', () => ({ charged: true }))
const REFUND = workflow('refund').task('pay', () => ({}))

let runner: Runner
let client: HttpClient
let server: HttpServer

beforeAll(async () => {
  runner = await Runner.open({ database: ':memory:', durability: 'normal' })
  await runner.register(BILL, REFUND)
  await runner.start()
  client = await HttpClient.of(httpHandler(runner))
  server = await listen(runner, {
    host: '127.0.0.1',
    port: 0,
    mayMove: false,
    token: null,
    hosts: [],
    log: () => undefined,
  })
})

afterAll(async () => {
  await server.close()
  await runner.close()
})

const withKey = (key: string) => ({ 'idempotency-key': key })
const executions = async () => (await runner.executions.list({ limit: 1_000 })).length

describe('Idempotency-Key', () => {
  it('answers a repeated request with the first execution, 200 and Idempotent-Replayed, on both routes', async () => {
    const before = await executions()
    const body = { workflow: 'bill', context: { amount: 7, of: 'A' } }

    const first = await client.post('/api/v1/executions', body, withKey('invoice-7'))
    const again = await client.post('/api/v1/executions', body, withKey('invoice-7'))
    const sorted = '{"context": {"of": "A", "amount": 7}, "workflow": "bill"}'
    const other = await client.post('/api/v1/executions', sorted, withKey('invoice-7'))
    const onWorkflow = '{"of": "A", "amount": 7}'
    const last = await client.post('/api/v1/workflows/bill/executions', onWorkflow, withKey('invoice-7'))

    expect(first.status).toBe(201)
    expect(first.headers.get('idempotent-replayed')).toBeNull()
    for (const answer of [again, other, last]) {
      expect(answer.status).toBe(200)
      expect(answer.headers.get('idempotent-replayed')).toBe('true')
      expect(answer.json).toEqual(first.json)
    }
    expect(await runner.execute('bill', { amount: 7, of: 'A' }, { key: 'invoice-7' })).toMatchObject(first.json)
    expect(await executions()).toBe(before + 1)
  })

  it('rejects another context with 422 KEY_REUSED, and starts nothing', async () => {
    const { json } = await client.post('/api/v1/workflows/bill/executions', '{"amount": 1}', withKey('other'))
    const before = await executions()

    for (const context of ['{"amount": 1.0}', '{"amount": 2}', '{}']) {
      const answer = await client.post('/api/v1/workflows/bill/executions', context, withKey('other'))
      const problem = { status: 422, code: 'KEY_REUSED', workflow: 'bill', executionId: json.id }
      expect(answer).toMatchObject({ status: 422, json: problem })
    }
    expect((await client.post('/api/v1/executions', { workflow: 'refund' }, withKey('other'))).status).toBe(201)
    expect(await executions()).toBe(before + 1)
  })

  it('starts one execution for requests that arrive at the same time', { tags: ['proof'] }, async () => {
    const send = () => client.post('/api/v1/executions', { workflow: 'bill', context: {} }, withKey('together'))

    const answers = await Promise.all(Array.from({ length: 10 }, send))

    expect(new Set(answers.map(({ json }) => json.id)).size).toBe(1)
    expect(answers.map(({ status }) => status).sort()).toEqual([...Array(9).fill(200), 201])
  })

  it.each([
    ['is empty', ''],
    ['has 256 bytes', 'k'.repeat(256)],
    ['has a tab', 'a\tb'],
    ['has a DEL', 'a\x7fb'],
    ['has a control character in UTF-8', 'a\xc2\x85b'],
    ['is not UTF-8', 'caf\xe9'],
    ['is cut off in a character', `${'k'.repeat(253)}\xe2\x82`],
  ])('rejects a header that %s with 400, and starts nothing', async (_title, header) => {
    const before = await executions()
    for (const path of ['/api/v1/executions', '/api/v1/workflows/bill/executions']) {
      const body = path.endsWith('bill/executions') ? '{}' : '{"workflow": "bill"}'
      const answer = await client.post(path, body, withKey(header))
      expect(answer).toMatchObject({ status: 400, json: { code: 'INVALID_ARGUMENT', path: 'Idempotency-Key' } })
    }
    expect(await executions()).toBe(before)
  })

  it('accepts 255 bytes, and text in UTF-8, which is the same key as that text elsewhere', async () => {
    const text = `Rechnung ${'€'.repeat(82)}`
    const bytes = Buffer.from(text).toString('latin1')
    expect(bytes).toHaveLength(255)

    const { status, json } = await client.post('/api/v1/executions', { workflow: 'bill' }, withKey(bytes))

    expect(status).toBe(201)
    expect(await runner.workflows.submit('bill', {}, { key: text })).toBe(json.id)
  })

  it('answers bytes on the wire in the same way, and rejects control characters before the engine', async () => {
    const { host } = new URL(server.url)
    const send = (key: string) =>
      rawRequest(
        server.url,
        'POST /api/v1/workflows/bill/executions HTTP/1.1',
        ...[`Host: ${host}`, `Origin: http://${host}`, 'Content-Type: application/json', 'Content-Length: 2'],
        `Idempotency-Key: ${key}`,
      )
    const before = await executions()

    for (const key of ['a\x01b', 'a\x00b', 'a\tb', 'k'.repeat(256), '']) expect((await send(key)).status).toBe(400)
    expect(await executions()).toBe(before)
  })
})
