/** `cloaca serve` with tasks that would end its process, and with errors outside of tasks and polls. */

import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type CloacaProcess, Terminal } from '../support/cloaca-process.ts'

const ORDERS = `
import { setTimeout as sleep } from 'node:timers/promises'
import { skip, trigger, workflow } from 'cloaca'

export const leaving = workflow('leaving').task('leave', { retries: 3, retryDelay: '1ms' }, () => process.exit(3))
export const good = workflow('good').task('works', async () => { console.log('worked'); return { good: true } })
export const ends = trigger('ends', { every: '1h', starts: good }, () => process.exit(4))
let polls = 0
export const starts = trigger('starts', { every: '50ms', starts: leaving }, () => (++polls === 1 ? true : skip()))

setTimeout(() => { throw new Error('in a timer') }, 1)
setTimeout(() => void Promise.reject(new TypeError('in a promise')), 1)
`

describe('a script that calls process.exit', () => {
  const terminal = new Terminal()
  afterAll(() => terminal[Symbol.asyncDispose]())

  const words = ['--db', 'sqlite://jobs.db']
  let serving: CloacaProcess
  beforeAll(() => {
    terminal.write('orders.ts', ORDERS)
    serving = terminal.start(['serve', 'orders.ts', ...words])
  })

  it('is logged with its line, as are uncaught exceptions and unhandled rejections', async () => {
    const file = join(terminal.folder, 'orders.ts')

    const failed = await serving.logs("task 'leave' of workflow 'leaving' failed")
    expect(failed).toMatchObject({ level: 'error', attempts: 1 })
    expect(failed.msg).toMatch(/ called process\.exit\(3\) \(.*orders\.ts, line 5\) with exit code 3: /)
    await serving.logs("trigger 'ends' called process.exit(4)")
    expect(await serving.logs('uncaught exception outside of tasks and polls')).toMatchObject({
      level: 'error',
      msg: expect.stringMatching(/orders\.ts, line 11\): Error: in a timer$/),
      traceback: expect.stringContaining(`${file}:11:`),
    })
    expect(await serving.logs('unhandled rejection outside of tasks and polls')).toMatchObject({
      level: 'error',
      msg: expect.stringMatching(/orders\.ts, line 12\): TypeError: in a promise$/),
    })
  })

  it('does not end `serve`, but its task and its poll fail without a retry', async () => {
    const { stdout } = await terminal.run(['workflow', 'run', 'good', ...words, '--wait', '--json'])
    expect(JSON.parse(stdout)).toMatchObject({ status: 'Completed' })
    const listed = await terminal.run(['execution', 'list', '--status', 'Failed', ...words, '--json'])
    const [{ id }] = JSON.parse(listed.stdout)
    const shown = await terminal.run(['execution', 'show', id, ...words, '--json'])
    expect(JSON.parse(shown.stdout)).toMatchObject({
      status: 'Failed',
      tasks: [{ status: 'Failed', attempts: 1, error: expect.stringMatching(/^PROCESS_EXIT: .*with exit code 3/) }],
    })
    serving.kill('SIGTERM')
    expect(await serving.ended).toMatchObject({ exitCode: 0 })
  })

  it('makes `trigger test` fail', async () => {
    terminal.write('quiet.ts', ORDERS.replace(/^setTimeout.*$/gm, ''))

    const { stdout, exitCode } = await terminal.run(['trigger', 'test', 'quiet.ts', 'ends', '--json'])

    expect(JSON.parse(stdout)).toMatchObject({ kind: 'failed', error: { type: 'PROCESS_EXIT' } })
    expect(exitCode).toBe(1)
  })
})
