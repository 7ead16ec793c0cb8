/** An older Node is told so, in place of whatever it would do to what it loads. */

import { spawnSync } from 'node:child_process'
import { readFileSync, rmSync } from 'node:fs'
import { delimiter, join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { UsageError } from '../../src/index.ts'
import { OLDEST_NODE, requireNode } from '../../src/runner/node-version.ts'
import { ROOT } from '../support/source-tree.ts'

/** A Node of this machine that is too old, if there is one. */
function olderNode(): string | undefined {
  const nodes = (process.env.PATH ?? '').split(delimiter).map((folder) => join(folder, 'node'))
  return nodes.find((node) => {
    const { stdout } = spawnSync(node, ['--version'], { encoding: 'utf8' })
    return stdout && Number(/^v(\d+)/.exec(stdout)?.[1]) < OLDEST_NODE
  })
}

describe('a Node that is too old', () => {
  it('is named in an error with a code', () => {
    const tooOld = expect.objectContaining({ code: 'NODE_TOO_OLD', message: expect.stringContaining('20.20.2') })

    expect(() => requireNode('20.20.2')).toThrow(UsageError)
    expect(() => requireNode('20.20.2')).toThrow(tooOld)
    expect(() => requireNode(`${OLDEST_NODE}.0.0`)).not.toThrow()
  })

  it('is the same for the package, the library and the command line', () => {
    const { engines } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8'))
    const main = readFileSync(join(ROOT, 'src/cli/main.ts'), 'utf8')

    expect(engines.node).toBe(`>=${OLDEST_NODE}`)
    expect(main).toContain(`const OLDEST_NODE = ${OLDEST_NODE}\n`)
  })

  const node = olderNode()
  it.skipIf(node === undefined)(
    'can import the library, is refused when a runner is opened, and told so by every command',
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

  it('is not what npm warns of when it installs the Node that everything runs on', () => {
    const { npm_config_loglevel: _, ...env } = process.env // what npm itself was told where it runs the tests

    const { stdout } = spawnSync('npm', ['config', 'get', 'loglevel'], { cwd: ROOT, encoding: 'utf8', env })

    expect(stdout).toBe('error\n')
  })
})
