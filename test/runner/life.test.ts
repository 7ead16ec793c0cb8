/** Start and end of a runner: loaded scripts, unfinished runs, and a program that does not close its runner. */

import { spawnSync } from 'node:child_process'
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { Runner } from '../../src/index.ts'
import { LIMIT_MS } from '../support/limits.ts'
import { ObservedRunner } from '../support/observed-runner.ts'

const SCRIPT = fileURLToPath(new URL('./scripts/counting.py', import.meta.url))
const INDEX = new URL('../../src/index.ts', import.meta.url).href

describe('the life of a runner', () => {
  let folder: string
  let database: string
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'cloaca-runner-'))
    database = join(folder, 'jobs.db')
  })
  afterEach(() => {
    rmSync(folder, { recursive: true })
  })

  it('opens the database in CLOACA_DATABASE_URL without starting Python', async () => {
    process.env.CLOACA_DATABASE_URL = `sqlite://${database}`
    try {
      await using runner = await Runner.open()

      expect(await runner.triggers.list()).toEqual([])
      expect(existsSync(database)).toBe(true)
    } finally {
      delete process.env.CLOACA_DATABASE_URL
    }
  })

  it('rejects a number of interpreters that is not a positive integer', async () => {
    for (const interpreters of [0, -1, 1.5]) {
      await expect(Runner.open({ database, interpreters })).rejects.toMatchObject({ code: 'INVALID_ARGUMENT' })
    }
  })

  it('distributes scripts over the interpreters, and runs each workflow in the interpreter of its script', async () => {
    for (const name of ['one', 'two', 'three']) {
      writeFileSync(join(folder, `${name}.py`), scriptThatCounts(name))
    }
    await using observed = await ObservedRunner.open({ database, interpreters: 2 })
    await observed.runner.load(folder)

    const names = ['one', 'three', 'two', 'one']
    const imports = []
    for (const name of names) imports.push((await observed.runner.execute(name)).context.imports)

    // The files go to the two interpreters in turn, in the order of their names: only "three" is in the second.
    expect(imports).toEqual([2, 1, 2, 2])
  })

  it('replaces the declarations of a script when the script is loaded again', async () => {
    const path = join(folder, 'changing.py')
    writeFileSync(path, TRIGGER_AND_WORKFLOW('before', 'first'))
    await using observed = await ObservedRunner.open({ database })
    await observed.runner.load(path)
    await observed.runner.start()
    await observed.until('tick', ({ trigger }) => trigger === 'before')

    writeFileSync(path, TRIGGER_AND_WORKFLOW('after', 'second'))
    await observed.runner.load(path)
    await observed.until('tick', ({ trigger }) => trigger === 'after')

    expect((await observed.runner.execute('work')).context.version).toBe('second')
    const listed = await observed.runner.triggers.list()
    expect(listed.map(({ name, isLoaded }) => [name, isLoaded]).sort()).toEqual([
      ['after', true],
      ['before', false],
    ])
  })

  it('completes a running task within the grace period of close, and rejects every later call', async () => {
    const observed = await ObservedRunner.open({ database })
    await observed.runner.load(SCRIPT)
    const running = observed.runner.execute('sleepy', { seconds: 0.2 })
    await observed.until('taskStarted')

    await observed.runner.close({ graceMs: 10_000 })
    await observed.runner.close()

    expect((await running).status).toBe('Completed')
    for (const call of [
      () => observed.runner.execute('count'),
      () => observed.runner.triggers.list(),
      () => observed.runner.start(),
      () => observed.runner.load(SCRIPT),
    ]) {
      await expect(call()).rejects.toMatchObject({ code: 'RUNNER_CLOSED' })
    }
  })

  it('leaves a run that exceeds the grace period to the next runner, and rejects the execute call', async () => {
    const first = await ObservedRunner.open({ database })
    await first.runner.load(SCRIPT)
    const waiting = first.runner.execute('sleepy', { seconds: 0.5 })
    const refused = expect(waiting).rejects.toMatchObject({ code: 'RUNNER_CLOSED' })
    const [started] = await first.until('executionStarted')

    await first.runner.close({ graceMs: 0 })
    await refused
    await using second = await ObservedRunner.open({ database })
    await second.runner.load(SCRIPT)
    await second.runner.start()

    const result = await second.runner.executions.wait(String(started?.executionId))
    expect(result).toMatchObject({ status: 'Completed', context: { slept: true } })
    expect(second.events('executionStarted')).toMatchObject([{ isResumed: true }])
  })
})

describe('a program that forgets to close its runner', () => {
  let folder: string
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'cloaca-program-'))
  })
  afterEach(() => {
    rmSync(folder, { recursive: true })
  })

  function run(code: string) {
    const program = join(folder, 'program.mjs')
    writeFileSync(
      program,
      `import { Runner } from '${INDEX}'
      const runner = await Runner.open({ database: ':memory:' })
      await runner.load(${JSON.stringify(SCRIPT)})
      ${code}`,
    )
    return spawnSync(process.execPath, [program], { encoding: 'utf8', timeout: LIMIT_MS })
  }

  it('exits when it has nothing left to do, if the runner was not started', () => {
    const { status, stdout } = run(`console.log((await runner.execute('count')).context.runs)`)

    expect({ status, stdout }).toEqual({ status: 0, stdout: '1\n' })
  })

  it('keeps running until it closes its runner, if the runner was started', () => {
    const { status, stdout } = run(`
      process.on('exit', () => console.log('ended'))
      // The only poll of the hour may come before start() returns.
      const polled = new Promise((resolve) => runner.on('tick', resolve))
      await runner.start()
      polled.then(async () => {
        console.log('still polling')
        await runner.close()
      })`)

    expect({ status, stdout }).toEqual({ status: 0, stdout: 'still polling\nended\n' })
  })
})

const scriptThatCounts = (name: string) => `
import sys
import cloaca

sys.imports = getattr(sys, "imports", 0) + 1

with cloaca.WorkflowBuilder("${name}"):
    @cloaca.task()
    def look(context):
        context.set("imports", sys.imports)
        return context
`

const TRIGGER_AND_WORKFLOW = (trigger: string, version: string) => `
import cloaca

@cloaca.trigger("work", name="${trigger}", poll_interval="20ms")
def look():
    return False

with cloaca.WorkflowBuilder("work"):
    @cloaca.task()
    def tell(context):
        context.set("version", "${version}")
        return context
`

describe('the stop of a runner', () => {
  it('logs no defect if a task is starting', async () => {
    const messages: string[] = []
    const runner = await Runner.open({ database: ':memory:', log: ({ message }) => void messages.push(message) })
    await runner.load(SCRIPT)
    await runner.start()
    const closed = new Promise<void>((resolve) => runner.on('executionStarted', () => resolve(runner.close())))

    await runner.workflows.submit('count')
    await closed

    expect(messages.filter((message) => message.includes('defect'))).toEqual([])
    expect(messages.at(-1)).toBe('stopped')
  })

  it('logs the names of interrupted tasks', async () => {
    const messages: string[] = []
    const runner = await Runner.open({ database: ':memory:', log: ({ message }) => void messages.push(message) })
    await runner.load(SCRIPT)
    await runner.start()
    const started = new Promise((resolve) => runner.on('taskStarted', resolve))
    await runner.workflows.submit('sleepy', { seconds: 60 })
    await started

    await runner.close({ graceMs: 0 })

    expect(messages.at(-1)).toContain(
      "stopped; interrupted work that runs again after the next start: task 'sleep' of workflow 'sleepy'",
    )
  })
})
