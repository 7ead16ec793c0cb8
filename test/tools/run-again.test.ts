/** Reports that vitest writes, and the time limit of a second run. */

import { spawnSync } from 'node:child_process'
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { reporting, runWithin } from '../../tools/again/run-again.ts'
import { readReport, type TestReport } from '../../tools/again/test-report.ts'
import { isRunning } from '../support/process-end.ts'
import { ROOT } from '../support/source-tree.ts'

describe('a report of vitest', () => {
  let folder: string
  beforeEach(() => {
    // Inside the checkout, where the file finds vitest.
    mkdirSync(join(ROOT, 'build'), { recursive: true })
    folder = mkdtempSync(join(ROOT, 'build', 'reported-'))
  })
  afterEach(() => rmSync(folder, { recursive: true, force: true }))

  /** Runs a test file with vitest and the setup of this repository. Returns the report of the file. */
  function reportOf(program: string): TestReport {
    const setup = join(ROOT, 'test/support/test-meta.ts')
    writeFileSync(join(folder, 'a.test.ts'), `import { afterAll, beforeAll, expect, it } from 'vitest'\n${program}\n`)
    writeFileSync(
      join(folder, 'vitest.config.ts'),
      `export default { test: { name: 'live', setupFiles: [${JSON.stringify(setup)}], tags: [{ name: 'proof' }] } }\n`,
    )
    const { NODE_OPTIONS: _, VITEST: __, ...env } = process.env
    const path = join(folder, 'report.json')
    const vitest = join(ROOT, 'node_modules/vitest/vitest.mjs')
    spawnSync(process.execPath, [vitest, 'run', '--root', folder, ...reporting(path)], { env })
    const read = readReport(path)
    if (read === null) throw new Error('vitest wrote no report')
    return read
  }

  it('contains each test with its state, messages, number of expectations, tag, and the machine at a failure', () => {
    const { files } = reportOf(`
      it('passes', () => { expect(1).toBe(1); expect(2).toBe(2) })
      it('fails', { tags: ['proof'] }, () => expect([1, 1]).toEqual([1]))
      it.skip('is skipped', () => {})`)

    expect(files).toMatchObject([{ path: 'a.test.ts', project: 'live', isFailed: true, messages: [] }])
    expect(files[0]?.tests).toMatchObject([
      { title: 'passes', state: 'passed', messages: [], isProof: false, machine: '', expects: 2 },
      { title: 'fails', state: 'failed', isProof: true, machine: expect.stringMatching(/^load \d/), expects: 1 },
      { title: 'is skipped', state: 'skipped' },
    ])
    expect(files[0]?.tests[1]?.messages).toEqual([
      expect.stringMatching(/^AssertionError: expected .*\n(.*\n)*\+ {3}1,/),
    ])
  })

  it('contains failed hooks, a file that cannot be loaded, and an error outside of tests', () => {
    const before = reportOf(`beforeAll(() => { throw new Error('no server') })\nit('a', () => expect(1).toBe(1))`)
    const after = reportOf(`afterAll(() => { throw new Error('no end') })\nit('a', () => expect(1).toBe(1))`)
    const unloaded = reportOf(`it('a', () => {`)
    const unhandled = reportOf(
      `it('a', async () => {
        setTimeout(() => { throw new Error('later') })
        await new Promise((end) => setTimeout(end, 50))
        expect(1).toBe(1)
      })`,
    )

    expect(before.files).toMatchObject([
      { isFailed: true, messages: ['Error: no server'], tests: [{ state: 'skipped' }] },
    ])
    expect(after.files).toMatchObject([{ isFailed: true, messages: ['Error: no end'], tests: [{ state: 'passed' }] }])
    expect(unloaded.files).toMatchObject([{ isFailed: true, tests: [] }])
    expect(unhandled).toMatchObject({ files: [{ isFailed: false }], unhandled: ['Error: later'] })
  })
})

describe('the time limit of a second run', () => {
  it('kills the command with its descendants', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'cloaca-limit-'))
    const pidPath = join(folder, 'pid')
    const program = `
      const { pid } = require('child_process').spawn(process.execPath, ['-e', 'setInterval(() => {}, 1000)'])
      require('fs').writeFileSync(${JSON.stringify(pidPath)}, String(pid))
      setInterval(() => {}, 1000)`

    let status: number | null = 0
    // The limit is doubled until the command has begun.
    for (let limitMs = 500; !existsSync(pidPath); limitMs *= 2) {
      status = await runWithin(limitMs, [process.execPath, '-e', program])
    }
    const pid = Number(readFileSync(pidPath, 'utf8'))
    rmSync(folder, { recursive: true })

    expect(status).toBe(null)
    await expect.poll(() => isRunning(pid)).toBe(false)
  })
})
