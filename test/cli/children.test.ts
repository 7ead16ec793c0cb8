/** Parents and children in `cloaca execution show`, and `cloaca execution retry --keep-once`. */

import { describe, expect, it } from 'vitest'
import type { TaskRequest, TimeLimit } from '../../src/engine/ports.ts'
import type { ProcessEnd } from '../support/cloaca-process.ts'
import { workflow } from '../support/declared.ts'
import { completed, type FakeHost, failed } from '../support/fake-host.ts'
import { settle } from '../support/manual-clock.ts'
import { steeredDatabases } from '../support/steered-database.ts'

const NO_LIMIT: TimeLimit = { suspend: () => () => undefined }

const database = steeredDatabases()
const run = (...words: string[]) => database().run(...words)
const json = ({ stdout, stderr }: ProcessEnd) => {
  expect(stderr).toBe('')
  return JSON.parse(stdout)
}
const serve = (python: (host: FakeHost) => void) =>
  database().serve({
    workflows: [workflow('order', { pay: {} }), workflow('billing', { bill: {} })],
    config: { parkMs: 1_000 },
    python,
  })

/** Runs "billing", and fails after its end. */
async function pay({ memory }: TaskRequest) {
  const end = await memory.runChild({ workflow: 'billing', inputText: '{}', key: 'bill' }, NO_LIMIT)
  return end.kind === 'parked' ? end : failed('later')
}

describe('cloaca execution show', () => {
  it('prints the child that a parent waits for, and the parent of the child', async () => {
    await using engine = await serve((host) =>
      host.task('pay', pay).task('bill', (request) => host.untilCancelled(request)),
    )
    const id = await engine.engine.submit('order', '{}')
    await database().clock.advance(1_000)

    const shown = json(await run('execution', 'show', id, '--json'))
    const [child] = shown.children
    const waitingFor = {
      ...{ kind: 'child', node: 'pay', executionId: child.id, until: null },
      since: expect.stringMatching(/^\d{4}-.*\+00:00$/),
    }
    expect(shown).toMatchObject({ status: 'Running', waitingFor, tasks: [{ id: 'pay', status: 'Waiting' }] })
    expect(child).toEqual({ task: 'pay', key: 'bill', id: child.id, workflow: 'billing', status: 'Running' })

    const { stdout } = await run('execution', 'show', id, '--utc')
    expect(stdout).toMatch(new RegExp(`Running, waiting for execution ${child.id} since 20\\S+ \\S+ \\+00:00\\n`))
    expect(stdout).toMatch(/CHILD +WORKFLOW +STATUS +TASK +KEY\n[0-9a-f-]{36} +billing +Running +pay +bill\n/)
    const { stdout: ofChild } = await run('execution', 'show', child.id)
    expect(ofChild).toContain(`task pay of execution ${id}\n`)
    expect(json(await run('execution', 'show', child.id, '--json'))).toMatchObject({
      origin: { kind: 'child', parent: id, task: 'pay' },
      children: [],
    })
  })
})

describe('cloaca execution retry', () => {
  it.each([
    [['--all'], 2],
    [['--from', 'pay'], 2],
    [['--all', '--keep-once'], 1],
    [['--from', 'pay', '--keep-once'], 1],
    [[], 1],
  ])('with %j has started %i children in total', async (options, count) => {
    await using engine = await serve((host) => host.task('pay', pay).task('bill', () => completed('{}')))
    const { id } = await engine.engine.execute('order', '{}')

    const retry = json(await run('execution', 'retry', id, ...options, '--json'))
    await database().clock.advance(5_000)
    await settle()

    const { status, children } = json(await run('execution', 'show', retry[0]?.id ?? retry.id, '--json'))
    expect([status, children.length]).toEqual(['Failed', 1])
    expect(engine.host.runsOf('bill')).toHaveLength(count)
  })

  it('refuses --keep-once without --from or --all, and retries nothing', async () => {
    await using engine = await serve((host) => host.task('pay', pay).task('bill', () => completed('{}')))
    const { id } = await engine.engine.execute('order', '{}')

    for (const selection of [[id], ['--workflow', 'order', '--yes']]) {
      const { exitCode, stdout, stderr } = await run('execution', 'retry', ...selection, '--keep-once')

      expect([exitCode, stdout]).toEqual([2, ''])
      expect(stderr).toBe("error: option '--keep-once' requires option '--from <task>' or '--all'\n")
    }
    expect(json(await run('execution', 'list', '--workflow', 'order', '--json'))).toHaveLength(1)
  })
})
