/** The log of a TypeScript task or poll. */

import { expect, it } from 'vitest'
import { fire, trigger, workflow } from '../../../src/index.ts'
import { ObservedRunner } from '../../support/observed-runner.ts'
import { logOf } from './log-of.ts'

it('stores log lines with levels, values and stacks, and printed lines between them', async () => {
  await using observed = await ObservedRunner.open({ stdoutTo: 'stderr' })
  const flow = workflow('logging').task('t', async (_context, { log }) => {
    log.debug('looking', { at: 'inbox' })
    console.log('printed')
    await null
    log.warn('slow', { ms: 12.5, list: [1, null] })
    console.error('to stderr')
    log.error('broken', { error: new RangeError('too far') })
  })
  await observed.runner.register(flow)

  const { id } = await observed.runner.execute(flow)

  const records = await logOf(observed.runner, id)
  expect(records.map(({ stream, level, message, extra }) => ({ stream, level, message, extra }))).toMatchObject([
    { stream: 'log', level: 'DEBUG', message: 'looking', extra: { at: 'inbox' } },
    { stream: 'stdout', message: 'printed' },
    { stream: 'log', level: 'WARNING', message: 'slow', extra: { ms: 12.5, list: [1, null] } },
    { stream: 'stderr', message: 'to stderr' },
    { stream: 'log', level: 'ERROR', message: 'broken' },
  ])
  expect(JSON.stringify(records.at(-1))).toContain('RangeError: too far')
})

it('stores the log lines of a poll that fires', async () => {
  await using observed = await ObservedRunner.open()
  const flow = workflow('fired').task('t', () => {})
  const inbox = trigger('inbox', { every: '1h', starts: flow }, ({ log }) => {
    log.info('found', { order: 7 })
    return fire({ order: 7 })
  })
  await observed.runner.register(inbox)
  await observed.runner.start()
  await observed.runsOf('inbox')

  const logs = await observed.runner.triggers.logs('inbox')

  expect(logs.flatMap(({ records }) => records)).toMatchObject([{ message: 'found', extra: { order: 7 } }])
})
