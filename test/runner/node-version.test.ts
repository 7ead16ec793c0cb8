/** An older Node is rejected with a clear error before it loads code that it cannot run. */

import { spawnSync } from 'node:child_process'
import { readFileSync, rmSync } from 'node:fs'
import { delimiter, join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { UsageError } from '../../src/index.ts'
import { MIN_NODE_VERSION, requireNode } from '../../src/runner/start/node-version.ts'
import { ROOT } from '../support/source-tree.ts'

/** Returns the path of a Node on PATH that is too old, or undefined. */
function olderNode(): string | undefined {
  const nodes = (process.env.PATH ?? '').split(delimiter).map((folder) => join(folder, 'node'))
  return nodes.find((node) => {
    const { stdout } = spawnSync(node, ['--version'], { encoding: 'utf8' })
    return stdout && Number(/^v(\d+)/.exec(stdout)?.[1]) < MIN_NODE_VERSION
  })
}

describe('a Node that is too old', () => {
  it('is rejected with its version and an error code', () => {
    const tooOld = expect.objectContaining({ code: 'NODE_TOO_OLD', message: expect.stringContaining('20.20.2') })

    expect(() => requireNode('20.20.2')).toThrow(UsageError)
    expect(() => requireNode('20.20.2')).toThrow(tooOld)
    expect(() => requireNode(`${MIN_NODE_VERSION}.0.0`)).not.toThrow()
  })

  it('has the same limit in the package, the library and the command line', () => {
    const { engines } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8'))
    const main = readFileSync(join(ROOT, 'src/cli/main.ts'), 'utf8')

    expect(engines.node).toBe(`>=${MIN_NODE_VERSION}`)
    expect(main).toContain(`const MIN_NODE_VERSION = ${MIN_NODE_VERSION}\n`)
  })

  const node = olderNode()
  it.skipIf(node === undefined)(
    'can import the library, but gets an error from Runner.open and from every command',
    () => {
      const built = join(ROOT, 'node_modules/.cache/cloaca-node-version')
      const program = `
      const { Runner, startProgram } = await import(${JSON.stringify(`${built}/index.js`)})
      const say = ({ name, code }) => console.log(name, code)
      await Runner.open({ database: ':memory:' }).catch(say)
      await startProgram({ kind: 'code', code: '', argv: ['-c'] }, () => {}).catch(say)`
      try {
        spawnSync(process.execPath, [join(ROOT, 'tools/build-engine.ts'), built])

        const { stdout, status } = spawnSync(String(node), ['--input-type=module', '-e', program], { encoding: 'utf8' })
        const command = spawnSync(String(node), [`${built}/cli/main.js`, '--version'], { encoding: 'utf8' })

        expect(stdout).toBe('UsageError NODE_TOO_OLD\nUsageError NODE_TOO_OLD\n')
        expect(status).toBe(0)
        expect(command.stderr).toMatch(
          /^cloaca needs Node 24 or newer, but this is Node \d+\.\d+\.\d+\. Install a newer Node\.\n$/,
        )
        expect(command.status).toBe(1)
      } finally {
        rmSync(built, { recursive: true, force: true })
      }
    },
  )

  it('causes no warning of npm, whose log level is "error"', () => {
    const { npm_config_loglevel: _, ...env } = process.env // set by the npm that runs the tests

    const { stdout } = spawnSync('npm', ['config', 'get', 'loglevel'], { cwd: ROOT, encoding: 'utf8', env })

    expect(stdout).toBe('error\n')
  })
})
