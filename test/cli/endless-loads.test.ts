/** TypeScript scripts whose import never ends. */

import { existsSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import type { CheckReport } from '../../src/index.ts'
import { type CloacaProcess, Terminal } from '../support/cloaca-process.ts'
import { withGrowingLimit } from '../support/growing-limit.ts'

/** Returns a statement that creates a file, which proves that the import of a script has reached the statement. */
const begins = (script: string) => `process.getBuiltinModule('node:fs').writeFileSync('${script}.begun', '');`

const GOOD = `
import { workflow } from 'cloaca'
export const good = workflow('good').task('works', () => ({ good: true }))
`
const FIXED = GOOD.replaceAll('good', 'fixed')

/** Source by script name, with the file and line of its endless loop. Line 0: the script waits without a loop. */
const ENDLESS: Readonly<Record<string, readonly [text: string, file: string, line: number]>> = {
  'module.ts': [`${FIXED}\n${begins('module.ts')} while (true) {}`, 'module.ts', 5],
  'callback.ts': [
    `${GOOD}\nexport default () => [1].map(() => { ${begins('callback.ts')} for (;;); })`,
    'callback.ts',
    5,
  ],
  'imports.ts': ["import { spin } from './helper/spin.ts'\nspin()", 'helper/spin.ts', 1],
  'later.ts': [
    `await new Promise((resolve) => setTimeout(resolve, 1))\n${begins('later.ts')} for (;;);`,
    'later.ts',
    2,
  ],
  'pattern.ts': [`${begins('pattern.ts')} /^(a+)+$/.test('a'.repeat(80) + 'b')\nexport {}`, 'pattern.ts', 1],
  'javascript.mjs': [`export {}\n${begins('javascript.mjs')} for (;;);`, 'javascript.mjs', 2],
  'waits.ts': [`${begins('waits.ts')} await new Promise(() => undefined)\nexport {}`, 'waits.ts', 0],
}

function write(terminal: Terminal): void {
  for (const [file, [text]] of Object.entries(ENDLESS)) terminal.write(file, text)
  terminal.write('helper/spin.ts', `export function spin(): never { ${begins('imports.ts')} for (;;); }`)
  terminal.write('good.ts', GOOD + begins('good.ts'))
}

describe('a script whose import never ends', () => {
  const terminal = new Terminal()
  write(terminal)
  afterAll(() => terminal[Symbol.asyncDispose]())

  /** Calls a function with longer and longer load timeouts until the scripts have begun, also on a busy machine. */
  async function afterBegin<End>(
    scripts: readonly string[],
    call: (timeout: string) => Promise<End>,
  ): Promise<{ readonly end: End; readonly seconds: number }> {
    const marks = scripts.map((script) => join(terminal.folder, `${script}.begun`))
    const callAgain = (limitMs: number) => {
      for (const mark of marks) rmSync(mark, { force: true })
      return call(`${limitMs}ms`)
    }
    const hasBegun = () => marks.every((mark) => existsSync(mark))
    const { result, limitMs } = await withGrowingLimit(1_500, callAgain, hasBegun)
    return { end: result, seconds: limitMs / 1_000 }
  }

  it('is reported by `check` with file and line after the load timeout, and other scripts are checked', async () => {
    const files = [...Object.keys(ENDLESS), 'good.ts']
    const { end, seconds } = await afterBegin(files, (timeout) =>
      terminal.run(['check', ...files, '--json', '--load-timeout', timeout]),
    )
    const { scripts, problems } = JSON.parse(end.stdout) as CheckReport

    expect(end.exitCode).toBe(1)
    expect(scripts.map(({ script }) => script)).toEqual(['good.ts'])
    expect(problems).toEqual(
      Object.entries(ENDLESS).map(([script, [, file, line]]) => ({
        kind: 'cannotBeLoaded',
        script,
        place: { file: join(terminal.folder, file), line },
        message: expect.stringContaining(
          `its import did not end within ${seconds} s${line === 0 ? '' : ' and was stopped because it never paused'}. `,
        ),
        traceback: expect.stringContaining('TimeoutError: '),
      })),
    )
  })

  it('is reported by `check` in its text output, also if the script runs in a worker', async () => {
    terminal.write('worker.ts', "export const isolation = 'worker'\nfor (;;);")
    const { end, seconds } = await afterBegin(['module.ts'], (timeout) =>
      terminal.run(['check', 'module.ts', 'worker.ts', '--load-timeout', timeout]),
    )
    const late = `did not end within ${seconds} s`

    expect(end.exitCode).toBe(1)
    expect(end.stdout).toContain(`module.ts:5: Cannot load the script: TimeoutError: its import ${late} and`)
    expect(end.stdout).toContain(`the import of "worker.ts" ${late}`)
  })

  it('makes `trigger test` fail', async () => {
    const { end } = await afterBegin(['module.ts'], (timeout) => {
      terminal.write('cloaca.toml', `[limits]\nload = "${timeout}"\n`)
      return terminal.run(['trigger', 'test', 'module.ts', 'inbox'])
    })

    expect(end.exitCode).toBe(1)
    expect(end.stderr).toMatch(/Script "module\.ts" could not be loaded \(.*module\.ts, line 5\): TimeoutError: /)
  })

  it('is logged by `serve`, which serves the other scripts, and this script after its file is corrected', async () => {
    let before: CloacaProcess | null = null
    const { end: serving } = await afterBegin(['module.ts', 'good.ts'], async (timeout) => {
      before?.kill('SIGKILL')
      const started = terminal.start(['serve', 'module.ts', 'good.ts', '--watch', '--load-timeout', timeout])
      before = started
      await Promise.race([started.logs('serving '), started.ended])
      return started
    })
    expect(await serving.logs('Script "module.ts" could not be loaded')).toMatchObject({ level: 'error' })
    await serving.logs('serving 0 triggers and 1 workflow from 1 script')
    const run = async (name: string) => (await terminal.run(['workflow', 'run', name, '--wait', '--json'])).stdout
    expect(JSON.parse(await run('good'))).toMatchObject({ status: 'Completed' })

    await untilLoaded(serving)

    expect(JSON.parse(await run('fixed'))).toMatchObject({ status: 'Completed' })
  })

  /** Corrects the script, and changes it again each time that its load exceeds the limit on a busy machine. */
  async function untilLoaded(serving: CloacaProcess): Promise<void> {
    for (let failed = 1, isLoaded = false; !isLoaded; failed++) {
      terminal.write('module.ts', `${FIXED}// Version ${failed}\n`)
      const { level } = await Promise.race([
        serving.logs('loaded script "module.ts"'),
        serving.logs('Script "module.ts" could not be loaded', failed + 1),
      ])
      isLoaded = level === 'info'
    }
  }
})
