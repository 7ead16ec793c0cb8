/** Requests with a wrong token: their number is logged once a minute. */

import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { WrongTokens } from '../../src/http/access/wrong-tokens.ts'
import { handlerWithRules } from '../../src/http/http-handler.ts'
import { httpHandler, type LogLine, Runner } from '../../src/index.ts'
import { ORIGIN } from '../support/http-client.ts'
import { ManualClock } from '../support/manual-clock.ts'

const TOKEN = 'a-token-that-nobody-guesses'

describe('the token of the HTTP interface', () => {
  let runner: Runner
  beforeAll(async () => {
    runner = await Runner.open({ database: ':memory:', durability: 'normal' })
  })
  afterAll(() => runner.close())

  it('causes one log line a minute with the number of wrong tokens, and no line without wrong tokens', async () => {
    const clock = new ManualClock()
    const log: LogLine[] = []
    const wrongTokens = new WrongTokens(clock, (line) => void log.push(line))
    const rules = { token: TOKEN, isOurs: () => true, onWrongToken: () => wrongTokens.add() }
    const handler = handlerWithRules(runner, rules, {})
    const ask = async (authorization?: string, path = '/api/v1/triggers') => {
      const headers = { ...(authorization !== undefined && { authorization }) }
      return (await handler(new Request(`${ORIGIN}${path}`, { headers }))).status
    }

    for (const guess of ['Bearer guess', 'Bearer other', 'Basic x', 'nonsense']) expect(await ask(guess)).toBe(401)
    expect([await ask(), await ask(`Bearer ${TOKEN}`), await ask('Bearer guess', '/healthz')]).toEqual([401, 200, 200])
    expect(log).toEqual([])
    await clock.advance(60_000)
    expect(log).toEqual([
      { level: 'warn', message: 'HTTP rejected 4 requests with a wrong token in the last minute', facts: { count: 4 } },
    ])
    await clock.advance(600_000)
    expect(log).toHaveLength(1)

    for (let guess = 0; guess < 1_000; guess++) await ask(`Bearer ${guess}`)
    await clock.advance(60_000)
    expect(log[1]?.message).toContain('1000 requests')
    expect(JSON.stringify(log)).not.toContain('guess')
  })

  it.each(['', ' ', 'two words', 'line\nbreak', 'möre', 'x'.repeat(4_097)])('cannot be %j', (token) => {
    expect(() => httpHandler(runner, { token })).toThrow(
      '"token" must be a string of at most 4,096 characters from "!" to "~", without spaces',
    )
  })
})
