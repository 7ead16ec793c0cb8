/** Errors in scripts: each is reported with its name, place and cause, and the valid scripts keep running. */

import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { Runner, type ScriptReport } from '../../src/index.ts'
import { ObservedRunner } from '../support/observed-runner.ts'
import { runScript, scenarioPath } from '../support/run-script.ts'

describe('a folder with valid and broken scripts', () => {
  let served: ObservedRunner
  let reports: readonly ScriptReport[]
  const reportOf = (name: string) => reports.find(({ script }) => script.endsWith(`/${name}.py`))

  beforeAll(async () => {
    served = await ObservedRunner.open()
    reports = await served.runner.loadAll([scenarioPath('bad_input')])
    await served.runner.start()
  })
  afterAll(() => served?.[Symbol.asyncDispose]())

  it.each([
    ['syntax_error', 3, 'SyntaxError', /never closed|invalid syntax/],
    ['missing_import', 2, 'ModuleNotFoundError', /No module named 'pandas_of_the_future'/],
    ['bad_interval', 4, 'ValueError', /Invalid poll_interval '5 minutes': .*/],
    ['task_outside', 4, 'ValueError', /No workflow context available\./],
    ['cycle', 3, 'ValueError', /Workflow validation failed: Circular dependency detected: \[.*there.*back.*there"\]/],
    [
      'unknown_dependency',
      3,
      'ValueError',
      /Missing dependency: task 'public::embedded::dangling::load' depends on '.*::fetch'/,
    ],
    ['no_tasks', 3, 'ValueError', /Workflow validation failed: Workflow cannot be empty/],
  ])('reports %s.py with its line, exception and cause', (name, line, type, cause) => {
    const error = reportOf(name)?.error

    expect(error?.code).toBe('SCRIPT_LOAD_FAILED')
    expect(error?.facts.script).toBe(scenarioPath(`bad_input/${name}.py`))
    expect(error?.message).toMatch(
      new RegExp(`^Script ".*${name}\\.py" could not be loaded \\(.*, line ${line}\\): ${type}: `),
    )
    expect(error?.message).toMatch(cause)
    expect(error?.facts.traceback).toContain(`${name}.py", line ${line}`)
  })

  it('still runs the valid script', async () => {
    const [run] = await served.runsOf('greeter')

    expect(reportOf('good')).toMatchObject({ error: null, triggers: ['greeter'], workflows: ['greet'], problems: [] })
    expect(run?.context.line).toBe('hello Ada')
  })

  it('suggests a similar workflow for a trigger whose target does not exist, and polls the trigger', async () => {
    await served.until('triggerFired', ({ trigger }) => trigger === 'misspelt')
    await served.runner.triggers.poll('misspelt')
    const logged = served.log.filter(({ message }) => /["']misspelt["']/.test(message))
    const [firing] = await served.runner.triggers.history('misspelt')
    const [tick] = await served.runner.triggers.ticks('misspelt')

    expect(logged).toHaveLength(1)
    expect(logged[0]).toMatchObject({ level: 'warn' })
    expect(tick).toMatchObject({ outcome: 'refused' })
    expect(tick?.reason).toContain('Did you mean "greet"?')
    expect((await served.runner.triggers.summary()).failing).toContain('misspelt')
    expect(logged[0]?.message).toMatch(/starts workflow "greeet", which is not declared.* Did you mean "greet"\?/)
    expect(firing).toMatchObject({ executionId: null })
    expect(firing?.completedAt).not.toBeNull()
  })

  it.each([
    ['datetime', "TypeError: unsupported type datetime at ['value']"],
    ['bytes', "TypeError: unsupported type bytes at ['value']"],
    ['object', "TypeError: unsupported type Order at ['value']"],
  ])('fails the trigger or task that returns a value that is not JSON: %s', async (kind, cause) => {
    const [failed] = await served.until('triggerFailed', ({ trigger }) => trigger === `fires_${kind}`)
    const run = await served.runner.execute(`sets_${kind}`)

    expect(failed?.error.message).toBe(`trigger 'fires_${kind}' raised exception: ${cause}`)
    expect(run.status).toBe('Failed')
    expect(run.tasks[0]?.error).toBe(`Python task execution failed: ${cause}`)
    expect(run.tasks[0]?.traceback).toMatch(/unjson\.py", line \d+, in store\n/)
  })
})

describe('cloaca run with a broken script', () => {
  it('prints the traceback as CPython does, and exits with code 1', async () => {
    const run = await runScript('bad_input/cycle.py')

    expect(run.stdout).toBe('')
    expect(run.stderr).toMatch(/^Traceback \(most recent call last\):\n {2}File ".*cycle\.py", line 3, in <module>\n/)
    expect(run.stderr).toMatch(/\nValueError: Workflow validation failed: Circular dependency detected: .*\n$/)
    expect(run.exitCode).toBe(1)
  })
})

describe('a database', () => {
  it.each([
    [
      'in a folder that does not exist',
      (folder: string) => `sqlite://${folder}/missing/jobs.db`,
      'DATABASE_UNAVAILABLE',
    ],
    ['that is not a SQLite file', (folder: string) => `sqlite://${folder}/notes.db`, 'DATABASE_UNAVAILABLE'],
    ['with an unknown URL scheme', () => 'mysql://localhost/jobs', 'INVALID_DATABASE_URL'],
  ])('%s is rejected with an error code', async (_, urlIn, code) => {
    const folder = mkdtempSync(join(tmpdir(), 'cloaca-database-'))
    writeFileSync(join(folder, 'notes.db'), 'These are notes and no database. '.repeat(100))

    await expect(Runner.open({ database: urlIn(folder) })).rejects.toMatchObject({ code })
    rmSync(folder, { recursive: true })
  })
})
