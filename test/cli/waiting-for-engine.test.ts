/** Executions that no engine can continue after their engine was killed, in commands and HTTP responses. */

import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import { Terminal } from '../support/cloaca-process.ts'
import { LIMIT_MS } from '../support/limits.ts'

const GONE = `
import { workflow } from 'cloaca'

export const gone = workflow('gone').task('wait', () => new Promise<void>(() => {}))
`
const KEPT = `
import { workflow } from 'cloaca'

export const kept = workflow('kept').task('done', () => ({ done: true }))
`
const WAITING_FOR = { kind: 'engine', workflow: 'gone' }
const WORDS = 'waiting for an engine that has workflow gone'

describe('an execution whose workflow no engine serves after a restart', () => {
  const terminal = new Terminal()
  const db = ['--db', 'sqlite://jobs.db']
  let id: string
  let url: string
  const run = async (...words: string[]) => await terminal.run([...words, ...db])
  const json = async (...words: string[]) => JSON.parse((await run(...words, '--json')).stdout)
  const get = async (path: string) => JSON.parse(await (await fetch(`${url}/api/v1${path}`)).text())

  beforeAll(async () => {
    terminal.write('gone.ts', GONE)
    terminal.write('kept.ts', KEPT)
    const first = terminal.start(['serve', 'gone.ts', ...db])
    await first.logs('serving ')
    id = (await json('workflow', 'run', 'gone')).id
    await vi.waitFor(async () => expect((await json('execution', 'show', id)).status).toBe('Running'), {
      timeout: LIMIT_MS,
    })
    expect((await json('execution', 'show', id)).waitingFor).toBeNull()
    first.kill('SIGKILL')
    await first.ended
    const second = terminal.start(['serve', 'kept.ts', ...db])
    url = String((await second.logs('HTTP is at')).url)
    await second.logs('serving ')
    await vi.waitFor(async () => expect((await get(`/executions/${id}`)).waitingFor).not.toBeNull(), {
      timeout: LIMIT_MS,
    })
  })
  afterAll(() => terminal[Symbol.asyncDispose]())

  it('is shown as waiting for an engine by execution show and status', async () => {
    expect((await run('execution', 'show', id)).stdout).toMatch(new RegExp(`^status +Running, ${WORDS}$`, 'm'))
    expect((await run('status')).stdout).toContain(`\n1 execution is ${WORDS}\n`)
  })

  it('has waitingFor in the JSON of commands and HTTP, which is null for a running execution', async () => {
    await run('workflow', 'run', 'kept', '--wait')
    const rows = [
      { workflow: 'kept', waitingFor: null },
      { id, waitingFor: WAITING_FOR },
    ]
    const counted = [{ waitingFor: WAITING_FOR, executions: 1 }]

    expect(await json('execution', 'show', id)).toMatchObject({ status: 'Running', waitingFor: WAITING_FOR })
    expect(await json('execution', 'list')).toMatchObject(rows)
    expect(await json('status')).toMatchObject({ waiting: counted })
    expect(await get(`/executions/${id}`)).toMatchObject({ status: 'Running', waitingFor: WAITING_FOR })
    expect((await get('/executions')).items).toMatchObject(rows)
    expect(await get('/status')).toMatchObject({ waiting: counted })
  })

  it('stops waiting when another engine serves its workflow', async () => {
    const third = terminal.start(['serve', 'gone.ts', '--no-http', ...db])
    await third.logs('serving ')

    await vi.waitFor(async () => expect((await get(`/executions/${id}`)).waitingFor).toBeNull(), { timeout: LIMIT_MS })

    expect((await run('status')).stdout).not.toContain('waiting for an engine')
  })
})
