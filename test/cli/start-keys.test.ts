/** `workflow run --key` starts a workflow once for a key. */

import { join } from 'node:path'
import { beforeEach, describe, expect, it } from 'vitest'
import { openSqliteStore } from '../../src/store/sqlite/sqlite-store.ts'
import { Terminal } from '../support/cloaca-process.ts'
import { workflow } from '../support/declared.ts'
import { ManualClock } from '../support/manual-clock.ts'
import { FIRST_PAGE, RunningEngine } from '../support/running-engine.ts'

const bill = workflow('bill', { charge: {} })
const clock = new ManualClock()

describe('workflow run --key', () => {
  let terminal: Terminal
  let path: string

  beforeEach(async () => {
    terminal = new Terminal()
    path = join(terminal.folder, 'jobs.db')
    const store = await openSqliteStore({ path, durability: 'normal', clock })
    await store.saveWorkflows([bill], clock.now())
    await store.close()
    return () => terminal[Symbol.asyncDispose]()
  })

  const run = (...words: string[]) => terminal.run(['workflow', 'run', 'bill', ...words, '--db', path])
  const executions = async () => {
    const store = await openSqliteStore({ path, durability: 'normal', clock })
    const rows = await store.listExecutions(FIRST_PAGE)
    await store.close()
    return rows.map(({ id }) => id)
  }

  it('starts the workflow at the first call, and prints the same execution at the next', async () => {
    const first = await run('--key', 'invoice-7', '--context', '{"a": 1, "b": 1.0}')
    const again = await run('--key', 'invoice-7', '--context', '{"b": 1.0, "a": 1}')

    const [id] = await executions()
    expect(first).toMatchObject({ exitCode: 0, stdout: `Workflow "bill" is accepted as execution ${id}.\n` })
    expect(again).toMatchObject({
      exitCode: 0,
      stdout: `Workflow "bill" was already started with this key, as execution ${id}.\n`,
    })
    expect(await executions()).toEqual([id])
  })

  it('prints with --json whether the key was known', async () => {
    const answers = [await run('--json', '--key', 'k'), await run('--json', '--key', 'k'), await run('--json')]

    const [other, id] = await executions()
    expect(answers.map(({ stdout }) => JSON.parse(stdout))).toEqual([
      { id, isReplayed: false },
      { id, isReplayed: true },
      { id: other },
    ])
  })

  it('fails for another context with exit code 1, and for a wrong key with exit code 2', async () => {
    await run('--key', 'invoice-7', '--context', '{"n": 1}')

    const reused = await run('--key', 'invoice-7', '--context', '{"n": 1.0}')
    expect(reused).toMatchObject({ exitCode: 1, stdout: '' })
    expect(reused.stderr).toMatch(/^cloaca: Key "invoice-7" of workflow "bill" was used with another input: [^\n]*\n$/)
    for (const key of ['', 'k'.repeat(513)]) {
      const wrong = await run('--key', key)
      expect(wrong).toMatchObject({ exitCode: 2, stdout: '' })
      expect(wrong.stderr).toContain('Invalid --key: "key" must have 1 to 512 bytes of UTF-8')
    }
    expect(await executions()).toHaveLength(1)
  })

  it('waits with --wait for the execution that was started first, also if it has ended', async () => {
    await run('--key', 'invoice-7')
    const store = await openSqliteStore({ path, durability: 'normal', clock })
    await using serving = await RunningEngine.start({ clock, store, workflows: [bill] })
    await clock.advance(1_000)
    expect(serving.host.runs).toHaveLength(1)
    await serving.engine.stop({ graceMs: 0 })
    await store.close()

    const ended = await run('--key', 'invoice-7', '--wait', '--json')

    const [id] = await executions()
    expect(ended.exitCode).toBe(0)
    expect(JSON.parse(ended.stdout)).toMatchObject({ id, status: 'Completed' })
    expect(ended.stderr).toContain('was already started with this key')
  })
})
