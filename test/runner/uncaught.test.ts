/** Programs that contain a runner: an error outside of a task ends the program in the same way as without a runner. */

import { execFile } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'

const INDEX = new URL('../../src/index.ts', import.meta.url).href
const folder = mkdtempSync(join(tmpdir(), 'cloaca-uncaught-'))

/** Program that fails in the given way. With the argument `engine`, it first opens a runner and executes a task. */
const MAIN = `
import { failures, workflows } from './failures.ts'

const [, , failure, engine] = process.argv
if (engine === 'engine') {
  const { Runner } = await import('${INDEX}')
  const runner = await Runner.open({ database: ':memory:' })
  await runner.register(...(await workflows()))
  const result = await runner.execute('orders', {})
  if (result.status !== 'Completed') throw new Error('the task of the program has failed')
  await failures[failure]?.(runner)
} else await failures[failure]?.()
`

const FAILURES = `
const { exit } = process

export async function workflows() {
  const { workflow } = await import('${INDEX}')
  return [
    workflow('orders').task('ship', () => ({ shipped: true })),
    workflow('exits').task('early', async () => { await null; exit(6) }),
    workflow('fails').task('loose', async () => {
      setTimeout(() => { throw new Error('mine') }, 0)
      await new Promise((resolve) => setTimeout(resolve, 50))
    }),
  ]
}

const soon = (work) => void setTimeout(work, 5)
export const failures = {
  throws: () => soon(() => { throw new Error('boom') }),
  throwsText: () => soon(() => { throw 'boom' }),
  rejects: () => soon(() => void Promise.reject(new TypeError('boom'))),
  rejectsText: () => soon(() => void Promise.reject('boom')),
  exits: () => soon(() => process.exit(5)),
  exitsEarly: () => soon(() => exit(5)),
  exitsOfItself: () => { process.exitCode = 7; soon(() => process.reallyExit(process.exitCode)) },
  kills: () => soon(() => process.kill(process.pid)),
  listens() {
    process.on('uncaughtException', (error, origin) => { console.log(origin, error.message); process.exit(9) })
    soon(() => void Promise.reject(new Error('boom')))
  },
  listensToRejections() {
    process.on('unhandledRejection', (error) => { console.log(error.message); process.exit(9) })
    soon(() => void Promise.reject(new Error('boom')))
  },
  monitors() {
    process.on('uncaughtExceptionMonitor', (error, origin) => console.log(origin, error.message))
    soon(() => { throw new Error('boom') })
  },
  says: () => soon(() => { process.on('exit', (code) => console.log('exit', code)); throw new Error('boom') }),
  async ofTasks(runner) {
    process.on('uncaughtException', () => console.log('never called'))
    for (const name of ['exits', 'fails']) {
      const { status, tasks } = await runner.execute(name, {})
      console.log(name, status)
    }
    await new Promise((resolve) => process.nextTick(resolve))
    console.log('exit code', process.exitCode)
    await runner.close()
  },
}
`

interface End {
  readonly code: number | null
  readonly signal: string | null
  readonly stdout: string
  readonly stderr: string
}

/** Frames of Node itself, which differ with the timers of the program. */
const NODE_FRAMES = /\n +at .*?\(node:internal[^)]*\)/g

function run(...words: readonly string[]): Promise<End> {
  return new Promise((resolve) => {
    const child = execFile(process.execPath, ['main.ts', ...words], { cwd: folder }, (_error, stdout, stderr) =>
      resolve({ code: child.exitCode, signal: child.signalCode, stdout, stderr: stderr.replace(NODE_FRAMES, '') }),
    )
  })
}

beforeAll(() => {
  writeFileSync(join(folder, 'main.ts'), MAIN)
  writeFileSync(join(folder, 'failures.ts'), FAILURES)
  writeFileSync(join(folder, 'package.json'), '{"type":"module"}')
})
afterAll(() => rmSync(folder, { recursive: true }))

describe('a program that fails outside of its tasks', () => {
  it.each<[string, Partial<End>]>([
    ['throws', { code: 1, stderr: expect.stringContaining('Error: boom') }],
    ['throwsText', { code: 1, stderr: expect.stringContaining('boom\n(Use `node --trace-uncaught') }],
    ['rejects', { code: 1, stderr: expect.stringContaining('TypeError: boom') }],
    ['rejectsText', { code: 1, stderr: expect.stringContaining('The promise rejected with the reason "boom"') }],
    ['exits', { code: 5 }],
    ['exitsEarly', { code: 5 }],
    ['exitsOfItself', { code: 7 }],
    ['kills', { code: null, signal: 'SIGTERM' }],
    ['listens', { code: 9, stdout: 'unhandledRejection boom\n' }],
    ['listensToRejections', { code: 9, stdout: 'boom\n' }],
    ['monitors', { code: 1, stdout: 'uncaughtException boom\n' }],
    ['says', { code: 1, stdout: 'exit 1\n' }],
  ])('has the same output and exit code with and without a runner: %s', async (failure, expected) => {
    const [without, withRunner] = [await run(failure), await run(failure, 'engine')]

    expect(without).toMatchObject(expected)
    expect(withRunner).toEqual(without)
  })

  it('continues without a call of its listeners when a task exits or throws', async () => {
    const { code, stdout, stderr } = await run('ofTasks', 'engine')

    expect({ code, stdout, stderr }).toEqual({
      code: 0,
      stdout: 'exits Failed\nfails Failed\nexit code undefined\n',
      stderr: '',
    })
  })
})
