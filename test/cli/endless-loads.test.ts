/** TypeScript scripts whose import never ends. */

import { join } from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import type { CheckReport } from '../../src/index.ts'
import { Terminal } from '../support/cloaca-process.ts'

const GOOD = `
import { workflow } from 'cloaca'
export const good = workflow('good').task('works', () => ({ good: true }))
`
const LOOP = `${GOOD.replaceAll('good', 'fixed')}
while (true) {}
`

/** Source by script name, with the file and line of its endless loop. Line 0: the script waits without a loop. */
const ENDLESS: Readonly<Record<string, readonly [text: string, file: string, line: number]>> = {
  'module.ts': [LOOP, 'module.ts', 5],
  'callback.ts': [`${GOOD}\nexport default () => [1].map(() => { for (;;); })`, 'callback.ts', 5],
  'imports.ts': ["import { spin } from './helper/spin.ts'\nspin()", 'helper/spin.ts', 1],
  'later.ts': ['await new Promise((resolve) => setTimeout(resolve, 1))\nfor (;;);', 'later.ts', 2],
  'pattern.ts': ["/^(a+)+$/.test('a'.repeat(80) + 'b')\nexport {}", 'pattern.ts', 1],
  'javascript.mjs': ['export {}\nfor (;;);', 'javascript.mjs', 2],
  'waits.ts': ['await new Promise(() => undefined)\nexport {}', 'waits.ts', 0],
}

function write(terminal: Terminal): void {
  for (const [file, [text]] of Object.entries(ENDLESS)) terminal.write(file, text)
  terminal.write('helper/spin.ts', 'export function spin(): never { for (;;); }')
  terminal.write('good.ts', GOOD)
}

describe('a script whose import never ends', () => {
  const terminal = new Terminal()
  write(terminal)
  afterAll(() => terminal[Symbol.asyncDispose]())

  it('is reported by `check` with file and line after the load timeout, and other scripts are checked', async () => {
    const files = [...Object.keys(ENDLESS), 'good.ts']
    const { stdout, exitCode } = await terminal.run(['check', ...files, '--json', '--load-timeout', '1500ms'])
    const { scripts, problems } = JSON.parse(stdout) as CheckReport

    expect(exitCode).toBe(1)
    expect(scripts.map(({ script }) => script)).toEqual(['good.ts'])
    expect(problems).toEqual(
      Object.entries(ENDLESS).map(([script, [, file, line]]) => ({
        kind: 'cannotBeLoaded',
        script,
        place: { file: join(terminal.folder, file), line },
        message: expect.stringContaining(
          `its import did not end within 1.5 s${line === 0 ? '' : ' and was stopped because it never paused'}. `,
        ),
        traceback: expect.stringContaining('TimeoutError: '),
      })),
    )
  })

  it('is reported by `check` in its text output, also if the script runs in a worker', async () => {
    terminal.write('worker.ts', "export const isolation = 'worker'\nfor (;;);")
    const { stdout, exitCode } = await terminal.run(['check', 'module.ts', 'worker.ts', '--load-timeout', '1s'])

    expect(exitCode).toBe(1)
    expect(stdout).toContain('module.ts:5: Cannot load the script: TimeoutError: its import did not end within 1 s and')
    expect(stdout).toContain('the import of "worker.ts" did not end within 1 s')
  })

  it('makes `trigger test` fail', async () => {
    terminal.write('cloaca.toml', '[limits]\nload = "1s"\n')
    const { stderr, exitCode } = await terminal.run(['trigger', 'test', 'module.ts', 'inbox'])

    expect(exitCode).toBe(1)
    expect(stderr).toMatch(/Script "module\.ts" could not be loaded \(.*module\.ts, line 5\): TimeoutError: /)
  })

  it('is logged by `serve`, which serves the other scripts, and this script after its file is corrected', async () => {
    const serving = terminal.start(['serve', 'module.ts', 'good.ts', '--watch', '--load-timeout', '1500ms'])
    expect(await serving.logs('Script "module.ts" could not be loaded')).toMatchObject({ level: 'error' })
    await serving.logs('serving 0 triggers and 1 workflow from 1 script')
    const run = async (name: string) => (await terminal.run(['workflow', 'run', name, '--wait', '--json'])).stdout
    expect(JSON.parse(await run('good'))).toMatchObject({ status: 'Completed' })

    terminal.write('module.ts', LOOP.replace('while (true) {}', ''))
    await serving.logs('loaded script "module.ts"')

    expect(JSON.parse(await run('fixed'))).toMatchObject({ status: 'Completed' })
  })
})
