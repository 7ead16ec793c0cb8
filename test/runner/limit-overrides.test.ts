/** Option `limits` of a runner: values that replace those of the code, and warnings about unknown names. */

import { expect, it, vi } from 'vitest'
import { type LogLine, limit, Runner, workflow } from '../../src/index.ts'
import { LIMIT_MS } from '../support/limits.ts'

it('replaces values of the code, and reports a limit that no script declares', async () => {
  const log: LogLine[] = []
  await using runner = await Runner.open({
    database: ':memory:',
    durability: 'normal',
    limits: { crm: { maxActive: 5 }, mial: { maxActive: 1 } },
    log: (line) => log.push(line),
  })
  const crm = limit('crm', { maxActive: 2, rate: '100/1m' })
  const mail = limit('mail', { maxActive: 3 })
  await runner.register(workflow('push').task('send', { limits: [crm, mail] }, () => ({})))

  await runner.start()

  await vi.waitFor(async () => expect(await runner.limits.list()).toHaveLength(2), { timeout: LIMIT_MS })
  expect(await runner.limits.list()).toMatchObject([
    { name: 'crm', maxActive: 5, rate: { count: 100, windowMs: 60_000 }, overrides: {} },
    { name: 'mail', maxActive: 3, rate: null },
  ])
  expect(log.filter(({ level }) => level === 'warn').map(({ message }) => message)).toEqual([
    'The settings override limit "mial", but no loaded script declares this limit. Did you mean "mail"?',
  ])
})
