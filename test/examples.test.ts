/** Examples compared with their documentation: each documented command prints the documented output. */
// @module-tag night

import { existsSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import {
  codeIn,
  fencedBlocks,
  masked,
  maskedText,
  outputPattern,
  readDocument,
  stepsOf,
  tableRows,
} from './support/documents.ts'
import { fromSource, type Server, Shell } from './support/shell.ts'
import { ROOT } from './support/source-tree.ts'

const PYTHON = 'python/examples'

function scriptsIn(folder: string): readonly string[] {
  return readdirSync(join(ROOT, PYTHON, folder))
    .filter((name) => name.endsWith('.py'))
    .sort()
    .map((name) => `${PYTHON}/${folder}/${name}`)
}

/** Returns the indented blocks of a script's docstring: its commands, and its output after "You will see". */
function documentedIn(script: string): { readonly commands: readonly string[]; readonly sees: readonly string[] } {
  const docstring = /^"""([\s\S]*?)"""/.exec(readDocument(script))?.[1] ?? ''
  const [before = '', after = ''] = docstring.split(/^You will see/m)
  return { commands: indentedLines(before), sees: indentedLines(after) }
}

function indentedLines(text: string): readonly string[] {
  return text
    .split('\n')
    .filter((line) => line.startsWith('    '))
    .map((line) => line.slice(4))
}

describe('the programs and graphs of python/examples', () => {
  let shell: Shell
  beforeAll(() => {
    shell = new Shell()
  })
  afterAll(() => shell[Symbol.asyncDispose]())

  it.each([...scriptsIn('programs'), ...scriptsIn('graphs')])('%s prints its documented output', async (script) => {
    const { commands, sees } = documentedIn(script)

    const { lines, exitCode } = await shell.run(`( ${commands.join('\n')} ) 2>/dev/null`)

    expect(lines).toEqual(sees)
    expect(exitCode).toBe(0)
  })
})

describe('the triggers of python/examples, served together', () => {
  const scripts = scriptsIn('triggers')
  let shell: Shell
  let server: Server
  beforeAll(async () => {
    shell = new Shell()
    server = await shell.serve(`cloaca serve ${PYTHON}/triggers`, masked)
    await server.prints(documentedIn(`${PYTHON}/triggers/stale_report.py`).sees)
  })
  afterAll(() => shell[Symbol.asyncDispose]())

  it.concurrent.for(scripts)('%s prints its documented output', async (script, { expect }) => {
    const { commands, sees } = documentedIn(script)
    const others = commands.filter((command) => !command.includes('cloaca serve'))

    if (others.length > 0) await shell.run(others.join('\n'))

    await expect(server.prints(sees)).resolves.toBeUndefined()
  })

  it('keep running after an exception, which is in the log with its traceback', async () => {
    expect(server.output()).toMatch(/trigger 'rates_changed' raised exception: .*JSONDecodeError/)
    expect(server.output()).toContain('flaky_source.py')
  })
})

describe('the index of python/examples', () => {
  it('has a row for every script', () => {
    const scripts = ['triggers', 'programs', 'graphs', 'testing']
      .flatMap(scriptsIn)
      .map((path) => path.slice(PYTHON.length + 1))

    const listed = tableRows(readDocument(`${PYTHON}/README.md`), 'Script').map(([first = '']) => codeIn(first)[0])

    expect(listed.toSorted()).toEqual(scripts.toSorted())
  })
})

describe('the examples for Node', () => {
  const all = readdirSync(join(ROOT, 'examples'))
  const has = (name: string, file: string) => existsSync(join(ROOT, 'examples', name, file))
  const commandsOf = (name: string) =>
    fencedBlocks(readDocument(`examples/${name}/README.md`)).filter(({ language }) => language === 'console')
  // `example-projects.test.ts` tests the projects with a package.json.
  const folders = all.filter((name) => !has(name, 'package.json') && commandsOf(name).length > 0)

  it('have a README each', () => {
    expect(all.filter((name) => !has(name, 'README.md'))).toEqual([])
  })

  it.each(folders)('%s prints its documented output', async (folder) => {
    await using shell = new Shell()
    const servers: { readonly server: Server; readonly output: readonly string[] }[] = []

    for (const { command, output } of commandsOf(folder).flatMap(({ text }) => stepsOf(text))) {
      if (command?.includes('server.ts')) {
        const server = await shell.serve(fromSource(command), masked)
        await server.prints(output.slice(0, 1))
        servers.push({ server, output })
      } else if (command !== null) {
        const { lines } = await shell.run(fromSource(command))
        expect(maskedText(lines)).toMatch(outputPattern(output))
      }
    }
    for (const { server, output } of servers) await server.prints(output)
  })
})
