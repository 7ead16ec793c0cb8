/** Commands `cloaca execution cancel | pause | resume | retry | prune | list | show`. */

import { beforeEach, describe, expect, it } from 'vitest'
import { retrying, workflow } from '../support/declared.ts'
import { completed, failed } from '../support/fake-host.ts'
import { settle } from '../support/manual-clock.ts'
import type { EngineParts } from '../support/running-engine.ts'
import { steeredDatabases } from '../support/steered-database.ts'

const etl = workflow('etl', { read: {}, write: { after: ['read'], retry: retrying(2) } })
const RFC_3339 = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}\+00:00$/

const database = steeredDatabases()

beforeEach(() => database().store.saveWorkflows([etl], database().clock.now()))

const run = (...words: string[]) => database().run('execution', ...words)
const serve = (python: EngineParts['python'] = () => {}) => database().serve({ workflows: [etl], python })

/** Submits an execution that no engine runs, and returns its id. */
async function waiting(): Promise<string> {
  await using idle = await database().serve({ isIdle: true })
  return await idle.engine.submitDefinition(etl, '{"n":1.0}')
}

describe('without a serving engine', () => {
  it('executions are cancelled immediately by id prefix, and each rejected id has a message', async () => {
    const ids = [await waiting(), await waiting()]

    const first = await run('cancel', ...ids.map((id) => id.slice(0, 8)), '--note', 'wrong day')
    const second = await run('cancel', ids[0] ?? '', 'nope', '--json')

    expect(first.exitCode).toBe(0)
    expect(first.stdout).toMatch(/^(Execution [0-9a-f]{8} cancelled; no task was running\.\n){2}$/)
    expect(await database().store.getExecution(ids[1] ?? '')).toMatchObject({
      status: 'Cancelled',
      errorMessage: 'cancelled: wrong day',
    })
    expect(second.exitCode).toBe(1)
    expect(second.stderr).toContain('has already ended: Cancelled.')
    expect(second.stderr).toContain('Execution "nope" not found in this database.')
    expect(JSON.parse(second.stdout)).toMatchObject([{ code: 'ACTION_REFUSED' }, { code: 'EXECUTION_NOT_FOUND' }])
  })

  it('an execution is paused and resumed', async () => {
    const id = await waiting()

    const paused = await run('pause', id)
    const shown = await run('show', id)
    const resumed = await run('resume', id)

    expect(paused.stdout).toBe(`Execution ${id} paused. Running tasks continue; no further tasks start.\n`)
    expect(shown.stdout).toMatch(/^status +Paused since 20/m)
    expect(resumed.stdout).toBe(`Execution ${id} resumed.\n`)
    expect(await database().store.getExecution(id)).toMatchObject({ status: 'Pending', pausedAt: null })
  })

  it('one command cancels many executions and reports each of them', async () => {
    const ids = await Promise.all(Array.from({ length: 1_200 }, () => waiting()))
    const [first = '', ...rest] = ids

    const one = await run('cancel', first.slice(0, 12), '--json')
    const all = await run('cancel', ...rest)

    expect(JSON.parse(one.stdout)).toMatchObject([{ id: first, state: 'cancelled' }])
    expect(all.stdout.trimEnd().split('\n')).toHaveLength(1_199)
    expect(await database().store.countExecutions()).toEqual({ Cancelled: 1_200 })
    const pruned = await run('prune', '--older-than', '0s')
    expect([pruned.stdout, pruned.stderr]).toEqual([
      'Removed 1200 executions.\n',
      expect.stringMatching(/^cloaca: Removing 1200 executions in small batches/),
    ])
    const both = await run('retry', first, '--all', '--from', 'read')
    expect(both).toMatchObject({ exitCode: 2, stderr: expect.stringContaining("'--from <task>'") })
  })

  it('an ambiguous id prefix is rejected', async () => {
    const ids = await Promise.all(Array.from({ length: 17 }, () => waiting()))
    const digit = [...'0123456789abcdef'].find((each) => ids.filter((id) => id.startsWith(each)).length > 1) ?? ''

    const { exitCode, stderr } = await run('show', digit)

    expect(exitCode).toBe(1)
    expect(stderr).toContain(`"${digit}" matches several executions: `)
  })
})

describe('with a serving engine', () => {
  it('a running execution is cancelled, and the message counts its stopped tasks', async () => {
    await using serving = await serve((host) => host.task('read', (request) => host.untilCancelled(request)))
    const id = await serving.engine.submit('etl', '{}')
    await settle()

    const cancelled = await database().moving(run('cancel', id))

    expect(cancelled).toMatchObject({
      exitCode: 0,
      stdout: `Execution ${id} cancelled; one running task was stopped.\n`,
    })
    await serving.engine.stop({ graceMs: 0 })
  })

  it('cancel --no-wait stores the request and confirms this', async () => {
    await using serving = await serve((host) => host.task('read', (request) => host.untilCancelled(request)))
    const id = await serving.engine.submit('etl', '{}')
    await settle()

    const { stdout, exitCode } = await run('cancel', id, '--no-wait')

    expect([stdout, exitCode]).toEqual([
      `Request to cancel execution ${id} stored. The execution will be cancelled when its engine reads the request.\n`,
      0,
    ])
    await serving.engine.stop({ graceMs: 0 })
  })
})

describe('a failed execution', () => {
  async function failedOnce(): Promise<string> {
    await using serving = await serve((host) =>
      host.task('read', () => completed('{"rows":1.0}')).task('write', () => failed('no room \u001b[31m left')),
    )
    const { id } = await serving.engine.execute('etl', '{}')
    await serving.engine.stop({ graceMs: 0 })
    return id
  }

  it('is shown with its traceback, with control characters escaped', async () => {
    const { stdout } = await run('show', await failedOnce())

    expect(stdout).toContain('Attempts 1-2 of task "write": failed 2 times with the same error, last 20')
    expect(stdout).toContain('  Traceback (most recent call last):\n  ValueError: no room \\x1b[31m left\n')
  })

  it('is one JSON object with RFC 3339 timestamps and every attempt', async () => {
    const { stdout } = await run('show', await failedOnce(), '--json')

    expect(JSON.parse(stdout)).toMatchObject({
      workflow: 'etl',
      status: 'Failed',
      createdAt: expect.stringMatching(RFC_3339),
      endedAt: expect.stringMatching(RFC_3339),
      contextText: '{"rows":1.0}',
      tasks: [
        { id: 'read', history: [{ attempt: 1, outcome: 'completed', error: null }] },
        {
          id: 'write',
          history: [
            { attempt: 1, outcome: 'failed' },
            { attempt: 2, error: { type: 'ValueError' } },
          ],
        },
      ],
    })
  })

  it('is retried from its failed task, under a new id that refers to the original execution', async () => {
    const id = await failedOnce()

    const { stdout, exitCode } = await run('retry', id.slice(0, 10), '--json')
    const [{ id: retryId }] = JSON.parse(stdout) as [{ id: string }]
    await using serving = await serve()
    await settle()

    expect(exitCode).toBe(0)
    expect(serving.host.runs.map(({ taskId, inputText }) => [taskId, inputText])).toEqual([['write', '{"rows":1.0}']])
    expect((await run('show', retryId)).stdout).toMatch(new RegExp(`^started by +retry of ${id}$`, 'm'))
    await serving.engine.stop({ graceMs: 0 })
  })

  it('is removed by prune only after the given age, and --dry-run only counts', async () => {
    const id = await failedOnce()
    const prune = (...words: string[]) => run('prune', '--older-than', '1d', ...words)

    expect((await prune('--dry-run')).stdout).toBe('Would remove one execution.\n')
    expect((await prune('--status', 'cancelled')).stdout).toBe('Removed 0 executions.\n')
    expect((await run('prune', '--older-than', '99999d')).stdout).toBe('Removed 0 executions.\n')
    expect(await database().store.getExecution(id)).not.toBeNull()
    expect((await prune('--status', 'failed')).stdout).toBe('Removed one execution.\n')

    expect(await database().store.getExecution(id)).toBeNull()
    expect(await database().store.listAttempts(id)).toEqual([])
    expect(await database().store.actions.list({ target: 'executions' }, { limit: 10, offset: 0 })).toMatchObject([
      { kind: 'prune', source: 'cli' },
    ])
    expect((await run('prune')).exitCode).toBe(2)
  })

  it('is listed on a page of its own with --limit 1, and a message names the next cursor', async () => {
    const older = await waiting()
    await database().clock.advance(1_000)
    const id = await failedOnce()

    const first = await run('list', '--limit', '1', '--since', '2025-12-31', '--json')
    const second = await run('list', '--limit', '1', '--cursor', id.slice(0, 8), '--json')
    const recent = await run('list', '--since', '2h', '--json')
    const wrong = await run('list', '--since', 'yesterday')

    expect(JSON.parse(first.stdout)).toMatchObject([{ id }])
    expect(first.stderr).toBe(`cloaca: There are more executions. To show the next page, add: --cursor ${id}\n`)
    expect(JSON.parse(second.stdout)).toMatchObject([{ id: older }])
    expect(JSON.parse(recent.stdout)).toEqual([])
    expect([wrong.exitCode, wrong.stderr]).toEqual([2, expect.stringContaining('a duration such as 2h')])
  })

  it('is found by its status in upper or lower case', async () => {
    const id = await failedOnce()
    await waiting()

    const listed = await run('list', '--status', 'failed', '--json')
    const wrong = await run('list', '--status', 'broken')

    expect(JSON.parse(listed.stdout)).toMatchObject([
      { id, status: 'Failed', endedAt: expect.stringMatching(RFC_3339) },
    ])
    expect(wrong.exitCode).toBe(2)
    expect(wrong.stderr).toContain(
      'Expected one of "Pending", "Running", "Completed", "Failed", "Cancelled", "Paused".',
    )
  })
})
