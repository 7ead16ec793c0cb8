/** Stored results and child executions of tasks in real Python, Pyodide and CPython, and in TypeScript. */

import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import type { PythonChoice } from '../../src/index.ts'
import { withGrowingLimit } from '../support/growing-limit.ts'
import { LIMIT_MS } from '../support/limits.ts'
import { ObservedRunner } from '../support/observed-runner.ts'
import { EXECUTABLE } from '../support/test-python.ts'

let folder: string
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'cloaca-children-'))
  process.env.CHILD_NOTES = join(folder, 'notes')
})
afterAll(() => {
  rmSync(folder, { recursive: true })
  delete process.env.CHILD_NOTES
})
beforeEach(() => writeFileSync(join(folder, 'notes'), ''))

const notes = () => readFileSync(join(folder, 'notes'), 'utf8').trim().split('\n')

describe.each<[string, PythonChoice]>([
  ['Pyodide', { kind: 'pyodide' }],
  ['CPython', { kind: 'cpython', executable: EXECUTABLE }],
])('a task under %s', (_, python) => {
  let observed: ObservedRunner
  let patient: ObservedRunner
  beforeAll(async () => {
    const scripts = ['once_and_children.py', 'once_and_children.ts']
    observed = await ObservedRunner.start(scripts, { python, config: { parkMs: 200, maxConcurrentTasks: 1 } })
    patient = await ObservedRunner.start(scripts, { python, config: { maxConcurrentTasks: 1 } })
  }, LIMIT_MS)
  afterAll(async () => {
    await observed?.[Symbol.asyncDispose]()
    await patient?.[Symbol.asyncDispose]()
  })

  const contextOf = async (workflow: string, input = {}, runner = patient) =>
    (await runner.runner.execute(workflow, input)).context

  it('stores a result before it returns, and finds it in its next attempt', { tags: ['proof'] }, async () => {
    const result = await patient.runner.execute('stores', {})

    expect(result.contextText).toContain('"amount":1.0,"big":9223372036854775808')
    expect(result.context).toMatchObject({ same_key: true, again: result.context.receipt })
    expect(result.context.bad).toBe(
      "the function of once('bad') has run, but its result cannot be stored: unsupported type object",
    )
    expect(notes().filter((line) => line === 'charged')).toHaveLength(1)
    expect(result.tasks).toMatchObject([{ attempts: 2 }])
  })

  it('stores a result of 1 MiB once for 8 threads, whose function stores another result', {
    tags: ['proof'],
  }, async () => {
    expect(await contextOf('stores_much')).toEqual({ lengths: [512 * 1024 - 1] })
    expect(notes()).toEqual(['charged'])
  })

  it.each([
    ['in memory', () => patient],
    ['and is parked for the longer one', () => observed],
  ])('waits for two children in threads with the only slot, %s', async (_, runner) => {
    const { context, tasks, errorMessage } = await runner().runner.execute('runs_two', {})

    expect(errorMessage).toBeNull()
    expect(context.children).toEqual([
      ['Completed', 0, null],
      ['Completed', 1, null],
    ])
    expect(tasks).toMatchObject([{ attempts: 1 }])
  })

  it('awaits results and a child in an async function', async () => {
    expect(await contextOf('awaits')).toEqual({ results: [0, 1, 2], plain: [1], child: ['Completed', 7, null] })
  })

  it('waits for a child with the only slot of the engine, and its time limit stands still', async () => {
    // A busy machine can exceed a short limit before or after the wait for the child.
    const { result, limitMs } = await withGrowingLimit(
      500,
      (ms) => patient.runner.execute(`limited_${ms}`, { seconds: (2 * ms) / 1_000 }),
      ({ status }) => status === 'Completed',
    )

    expect(result.context).toMatchObject({ seconds: (2 * limitMs) / 1_000, child: ['Completed', null, null, true] })
  })

  it('gets the result of a child that failed', async () => {
    expect(await contextOf('runs', { fails: true })).toMatchObject({
      child: ['Failed', null, expect.stringContaining('no money'), true],
    })
  })

  it('fails for an unknown workflow', async () => {
    expect((await patient.runner.execute('refused', {})).errorMessage).toContain('run failed: Workflow "bilding"')
  })

  it.each(['runs', 'awaits_long', 'ts-runs'])(
    'is parked, cleans up, and starts again after its child (%s)',
    async (name) => {
      const result = await observed.runner.execute(name, { seconds: 1 })

      expect((result.context.child as unknown[]).slice(0, 2)).toEqual(['Completed', name === 'ts-runs' ? 2 : null])
      expect(result.tasks).toMatchObject([{ status: 'Completed', attempts: 1 }])
      expect(notes().filter((line) => line === `${name} cleaned up`)).toHaveLength(2)
      expect(notes().join()).not.toContain('caught')
    },
  )

  it.each([
    ['swallows', 'swallowed Parked', 'RuntimeError'],
    ['ts-swallows', 'ParkedError', 'TypeError'],
  ])('fails if it is parked and returns (%s)', async (name, noted, error) => {
    const result = await observed.runner.execute(name, { seconds: 1 })

    expect(result).toMatchObject({ status: 'Failed', cause: expect.stringContaining(error) })
    expect(notes()).toEqual([noted])
  })

  it('stores results of a TypeScript function', async () => {
    const { context, tasks } = await patient.runner.execute('ts-stores', { n: 1 })

    expect(context).toMatchObject({
      isSame: true,
      bad: expect.stringMatching(/^TypeError: The function of once\("bad"\) has run/),
    })
    expect(tasks).toMatchObject([{ attempts: 2 }])
    expect(notes()).toEqual(['charged'])
  })
})
