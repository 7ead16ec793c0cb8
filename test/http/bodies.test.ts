/** Bodies of few bytes that are deeply nested, or have many keys or values. */

import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { BodyShape, MAX_DEPTH, MAX_KEYS, MAX_VALUES } from '../../src/http/bodies/body-shape.ts'
import { bodyElements, bodyWithoutContext } from '../../src/http/bodies/large-bodies.ts'
import { httpHandler, Runner } from '../../src/index.ts'
import { HttpClient, ORIGIN } from '../support/http-client.ts'

const KIBIBYTE = 1024
const keys = (count: number) => `{${Array.from({ length: count }, (_, index) => `"k${index}":1`).join()}}`

describe('a body', () => {
  let runner: Runner
  let client: HttpClient
  beforeAll(async () => {
    runner = await Runner.open({ database: ':memory:', durability: 'normal' })
    client = await HttpClient.of(httpHandler(runner))
  })
  afterAll(() => runner.close())

  /** Sends a body in pieces. Returns the answer, and how much of the body was read for it. */
  async function send(path: string, text: string) {
    const bytes = Buffer.from(text)
    let sent = 0
    const body = new ReadableStream({
      pull(controller) {
        controller.enqueue(bytes.subarray(sent, sent + 64 * KIBIBYTE))
        sent += 64 * KIBIBYTE
        if (sent >= bytes.length) controller.close()
      },
    })
    const headers = { origin: ORIGIN, 'content-type': 'application/json' }
    const request = new Request(`${ORIGIN}/api/v1${path}`, { method: 'POST', headers, body, duplex: 'half' })
    const { status, json } = await client.send(request)
    return { status, code: json.code, detail: json.detail, sent }
  }

  const TAKERS = ['/executions', '/workflows/x/executions', '/triggers/x/fire', '/sources/x/events?each=true']

  it.each(TAKERS)('of eight million brackets is refused after its first bytes at %s', async (path) => {
    const { status, code, detail, sent } = await send(path, '['.repeat(8 * KIBIBYTE ** 2))

    expect({ status, code, detail }).toEqual({
      status: 413,
      code: 'BODY_TOO_LARGE',
      detail: `The body is nested deeper than ${MAX_DEPTH} levels.`,
    })
    expect(sent).toBeLessThan(256 * KIBIBYTE)
  })

  it.each(TAKERS)('of 800,000 keys is refused while it is read at %s', async (path) => {
    const { status, code, detail, sent } = await send(path, keys(800_000))

    expect({ status, code, detail }).toEqual({
      status: 413,
      code: 'BODY_TOO_LARGE',
      detail: `The body has more than ${MAX_KEYS} keys.`,
    })
    expect(sent).toBeLessThan(4_000 * KIBIBYTE)
  })

  it('of a million values is refused while it is read', async () => {
    const { status, detail, sent } = await send('/sources/x/events?each=true', `[${'1,'.repeat(8_000_000)}1]`)

    expect({ status, detail }).toEqual({ status: 413, detail: `The body has more than ${MAX_VALUES} values.` })
    expect(sent).toBeLessThan(3_000 * KIBIBYTE)
  })

  it('of words has one MiB at most', async () => {
    const { status, detail } = await send('/triggers/x/disable', `{"note": "${'x'.repeat(2_000_000)}"}`)

    expect({ status, detail }).toEqual({ status: 413, detail: 'The body is larger than 1 MiB.' })
  })

  it('within the limits keeps the text of its context unchanged, even if it is large', async () => {
    const context = `{"exact": 1.0, "id": 1152921504606846977, "many": ${keys(50_000)}}`
    const body = `{"workflow": "unknown", "context": ${context}, "context" : ${context}}`

    expect(await send('/executions', body)).toMatchObject({ status: 404, code: 'WORKFLOW_NOT_FOUND' })
    expect((await bodyWithoutContext(body)).contextText).toBe(context)
    expect(await bodyWithoutContext(body)).toMatchObject({ restText: '{"workflow":"unknown","context":{}}' })
  })

  it.each([
    ['{"workflow": 7, "context": {}}', 'INVALID_ARGUMENT'],
    ['{"workflow": "x", "context": [1]}', 'INVALID_CONTEXT'],
    ['{"workflow": "x", "context": null}', 'INVALID_ARGUMENT'],
    ['{"workflow": "x", "contexts": {}}', 'INVALID_ARGUMENT'],
    ['[{"workflow": "x"}]', 'INVALID_ARGUMENT'],
    ['"x"', 'INVALID_ARGUMENT'],
    ['{"workflow": "x", "context": {}', 'BODY_NOT_JSON'],
    [`{"workflow": "x", "context": ${'['.repeat(600)}${']'.repeat(600)}}`, 'INVALID_CONTEXT'],
  ])('that is wrong is refused alike whether it is small or large: %s', async (body, code) => {
    const large = body.replace(/\{|\[|"/, (first) => `${' '.repeat(300 * KIBIBYTE)}${first}`)

    expect(await send('/executions', body)).toMatchObject({ status: 400, code })
    expect(await send('/executions', large)).toMatchObject({ status: 400, code })
  })

  it.each([
    ['an object', () => bodyWithoutContext(`{"workflow": "x", "context": ${keys(MAX_KEYS - 10)}}`)],
    ['a list', () => bodyElements(`[${'{"a": [1, "],"]},'.repeat(100_000)}1]`)],
  ])('that is large leaves the event loop to others while it is parsed: %s', async (_, parse) => {
    await bodyElements(`[${' '.repeat(300 * KIBIBYTE)}]`)
    let turns = 0
    let isDone = false
    const parsed = parse().finally(() => {
      isDone = true
    })
    while (!isDone) {
      await new Promise((resolve) => setImmediate(resolve))
      turns += 1
    }

    await parsed
    expect(turns).toBeGreaterThan(20)
  })
})

describe('the shape of a body', () => {
  it('is the same however the body is cut into pieces', () => {
    const pieces = fc.array(fc.constantFrom('"', '\\', '[', ']', '{', '}', ',', ':', 'a'), { maxLength: 60 })
    fc.assert(
      fc.property(pieces, fc.integer({ min: 1, max: 7 }), (letters, size) => {
        const text = `${'['.repeat(MAX_DEPTH - 3)}${letters.join('')}`
        const bytes = Buffer.from(text)
        const whole = new BodyShape().exceededBy(bytes)
        const shape = new BodyShape()
        let cut: string | null = null
        for (let at = 0; at < bytes.length; at += size) cut ??= shape.exceededBy(bytes.subarray(at, at + size))

        expect(cut).toBe(whole)
      }),
    )
  })

  it.each([
    ['["[[[[", "\\"[[[["]', null],
    [`${'['.repeat(MAX_DEPTH)}`, null],
    [`${'['.repeat(MAX_DEPTH)}{`, `is nested deeper than ${MAX_DEPTH} levels`],
    [`${'[]'.repeat(MAX_DEPTH + 1)}`, null],
    [`{${'"":1,'.repeat(MAX_KEYS + 1)}`, `has more than ${MAX_KEYS} keys`],
    [`"${':'.repeat(MAX_KEYS + 1)}"`, null],
    [`[${','.repeat(MAX_VALUES)}`, `has more than ${MAX_VALUES} values`],
  ])('counts what is outside of strings: %.20s', (text, exceeded) => {
    expect(new BodyShape().exceededBy(Buffer.from(text))).toBe(exceeded)
  })
})
