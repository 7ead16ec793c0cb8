/** Limits of request bodies: size, depth of nesting, number of keys, number of values. */

import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { BodyShape, MAX_BODY_DEPTH, MAX_KEYS, MAX_VALUES } from '../../src/http/bodies/body-shape.ts'
import { bodyElements, bodyWithoutContext } from '../../src/http/bodies/large-bodies.ts'
import { httpHandler, Runner } from '../../src/index.ts'
import { HttpClient, ORIGIN } from '../support/http-client.ts'

const KIBIBYTE = 1024
const keys = (count: number) => `{${Array.from({ length: count }, (_, index) => `"k${index}":1`).join()}}`

describe('a request body', () => {
  let runner: Runner
  let client: HttpClient
  beforeAll(async () => {
    runner = await Runner.open({ database: ':memory:', durability: 'normal' })
    client = await HttpClient.of(httpHandler(runner))
  })
  afterAll(() => runner.close())

  /** Sends a body in pieces. Returns the answer, and the number of bytes that the server read. */
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

  it.each(TAKERS)('is rejected by %s after the first bytes if its nesting is too deep', async (path) => {
    const { status, code, detail, sent } = await send(path, '['.repeat(8 * KIBIBYTE ** 2))

    expect({ status, code, detail }).toEqual({
      status: 413,
      code: 'BODY_TOO_LARGE',
      detail: `The body is nested deeper than ${MAX_BODY_DEPTH} levels.`,
    })
    expect(sent).toBeLessThan(256 * KIBIBYTE)
  })

  it.each(TAKERS)('is rejected by %s before its end if it has 800,000 keys', async (path) => {
    const { status, code, detail, sent } = await send(path, keys(800_000))

    expect({ status, code, detail }).toEqual({
      status: 413,
      code: 'BODY_TOO_LARGE',
      detail: `The body has more than ${MAX_KEYS} keys.`,
    })
    expect(sent).toBeLessThan(4_000 * KIBIBYTE)
  })

  it('is rejected before its end if it has 8 million values', async () => {
    const { status, detail, sent } = await send('/sources/x/events?each=true', `[${'1,'.repeat(8_000_000)}1]`)

    expect({ status, detail }).toEqual({ status: 413, detail: `The body has more than ${MAX_VALUES} values.` })
    expect(sent).toBeLessThan(3_000 * KIBIBYTE)
  })

  it('is limited to 1 MiB on a route that takes no context', async () => {
    const { status, detail } = await send('/triggers/x/disable', `{"note": "${'x'.repeat(2_000_000)}"}`)

    expect({ status, detail }).toEqual({ status: 413, detail: 'The body is larger than 1 MiB.' })
  })

  it('keeps the text of its context unchanged, even if the context is large', async () => {
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
  ])('is rejected with the same error whether the body is small or large: %s', async (body, code) => {
    const large = body.replace(/\{|\[|"/, (first) => `${' '.repeat(300 * KIBIBYTE)}${first}`)

    expect(await send('/executions', body)).toMatchObject({ status: 400, code })
    expect(await send('/executions', large)).toMatchObject({ status: 400, code })
  })

  it.each([
    ['an object', () => bodyWithoutContext(`{"workflow": "x", "context": ${keys(MAX_KEYS - 10)}}`)],
    ['a list', () => bodyElements(`[${'{"a": [1, "],"]},'.repeat(100_000)}1]`)],
  ])('does not block the event loop while it is parsed, even if it is large: %s', async (_, parse) => {
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
        const text = `${'['.repeat(MAX_BODY_DEPTH - 3)}${letters.join('')}`
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
    [`${'['.repeat(MAX_BODY_DEPTH)}`, null],
    [`${'['.repeat(MAX_BODY_DEPTH)}{`, `is nested deeper than ${MAX_BODY_DEPTH} levels`],
    [`${'[]'.repeat(MAX_BODY_DEPTH + 1)}`, null],
    [`{${'"":1,'.repeat(MAX_KEYS + 1)}`, `has more than ${MAX_KEYS} keys`],
    [`"${':'.repeat(MAX_KEYS + 1)}"`, null],
    [`[${','.repeat(MAX_VALUES)}`, `has more than ${MAX_VALUES} values`],
  ])('ignores brackets, commas and colons inside strings: %.20s', (text, exceeded) => {
    expect(new BodyShape().exceededBy(Buffer.from(text))).toBe(exceeded)
  })
})
