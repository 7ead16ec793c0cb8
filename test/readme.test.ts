/**
 * README is true: its commands print what stands there, its excerpts stand in the examples, and its tables name what
 * the command line and the Python package have.
 */

import { spawnSync } from 'node:child_process'
import { existsSync, globSync } from 'node:fs'
import { dirname, join } from 'node:path'
import type { Command } from 'commander'
import { describe, expect, it } from 'vitest'
import { executionCommand } from '../src/cli/execution.ts'
import { pipCommand } from '../src/cli/pip.ts'
import { serveCommand } from '../src/cli/serve/serve.ts'
import { triggerCommand } from '../src/cli/trigger.ts'
import { workflowCommand } from '../src/cli/workflow.ts'
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
import { ROOT, sourceFiles } from './support/source-tree.ts'

const README = readDocument('README.md')
const blocks = fencedBlocks(README)
const headings = [...new Set(blocks.filter(({ language }) => language === 'console').map(({ heading }) => heading))]

const isServer = (command: string) => /^npm start$|-- serve /.test(command)

describe('the commands of README', () => {
  it.each(headings)('print what stands under "%s"', async (heading) => {
    await using shell = new Shell()
    let server: Server | null = null
    const steps = blocks
      .filter((block) => block.language === 'console' && block.heading === heading)
      .flatMap((block) => stepsOf(block.text))

    for (const { command, output } of steps) {
      if (command === null) await server?.prints(output)
      else if (isServer(command)) {
        server = await shell.serve(command, masked)
        await server.prints(output)
      } else {
        const { lines, exitCode } = await shell.run(fromSource(command))
        expect(maskedText(lines)).toMatch(outputPattern(output))
        expect(exitCode).toBe(0)
      }
    }
  })

  it('are scripts of package.json where they are run by npm', () => {
    const { scripts } = JSON.parse(readDocument('package.json')) as { scripts: Record<string, string> }
    const commands = blocks.flatMap(({ text }) => text.split('\n'))

    const named = commands.flatMap((line) =>
      [...line.matchAll(/npm (?:run -s )?(start|test|cloaca)/g)].map((m) => m[1]),
    )

    expect(named.filter((name) => name === undefined || !(name in scripts))).toEqual([])
  })
})

describe('the code of README', () => {
  it('stands in an example', () => {
    const examples = sourceFiles('examples', '.ts').map((file) => withoutIndentation(file.text))
    const excerpts = blocks.filter(({ language }) => language === 'ts').flatMap(({ text }) => text.split('\n// …\n'))

    const invented = excerpts.filter((text) => !examples.some((example) => example.includes(withoutIndentation(text))))

    expect(invented).toEqual([])
  })
})

describe('the tables of README', () => {
  it('name every public name of the Python package, and no other', () => {
    const { stdout } = spawnSync('python3', ['-c', 'import cloaca, json; print(json.dumps(cloaca.__all__))'], {
      cwd: join(ROOT, 'python'),
      env: { ...process.env, PYTHONDONTWRITEBYTECODE: '1' },
      encoding: 'utf8',
    })
    const supported = tableRows(README, 'Area').flatMap(([, names = '']) => codeIn(names))

    expect(supported.toSorted()).toEqual((JSON.parse(stdout) as string[]).toSorted())
  })

  it('name every command with all its options', () => {
    const described = tableRows(README, 'Command').map(([usage = '', what = '']) => ({
      command: (codeIn(usage)[0] ?? '').replace(/^cloaca /, '').replace(/( [A-Z]+…?)+$/, ''),
      options: codeIn(what).filter((text) => text.startsWith('--')),
    }))
    const nothing = () => undefined
    const commands = [
      serveCommand(nothing),
      triggerCommand(nothing),
      workflowCommand(nothing),
      executionCommand(),
      pipCommand(nothing),
    ]

    const existing = commands.flatMap((command) => leavesOf(command, ''))

    expect(described.filter(({ command }) => !command.startsWith('run ')).map(sorted)).toEqual(existing.map(sorted))
  })

  it('name every environment variable that the sources read', () => {
    const sources = [...sourceFiles('src', '.ts'), ...sourceFiles('python/cloaca', '.py')].map((file) => file.text)
    const read = sources.flatMap((text) =>
      [...text.matchAll(/\benv(?:iron)?\.(CLOACA_\w+)/g)].map((match) => match[1] ?? ''),
    )

    const described = tableRows(README, 'Variable').flatMap(([first = '']) => codeIn(first))

    expect(described.filter((name) => name.startsWith('CLOACA_')).toSorted()).toEqual([...new Set(read)].toSorted())
  })
})

describe('a service, as the documents start it', () => {
  const documents = globSync('**/*.{md,service}', { cwd: ROOT, exclude: ['**/node_modules/**'] })
  const started = documents.flatMap((document) =>
    [...readDocument(document).matchAll(/^(?:ExecStart=|CMD |ENTRYPOINT |command=)(.*)$/gm)].map(
      (match) => match[1] ?? '',
    ),
  )

  it('is started without npm, which hands on no signal to stop', () => {
    expect(started).not.toEqual([])
    for (const command of started) expect(command).not.toMatch(/\b(npm|npx)\b/)
  })
})

describe('the links of the documents', () => {
  const documents = ['README.md', 'ARCHITECTURE.md', 'CONTRIBUTING.md', 'CHANGELOG.md', 'python/examples/README.md']

  it.each(documents)('of %s lead somewhere', (document) => {
    const targets = [...readDocument(document).matchAll(/\]\(([^)#]+)(?:#[^)]*)?\)/g)].map((match) => match[1] ?? '')
    const files = targets.filter((target) => !target.startsWith('http'))

    expect(files.filter((target) => !existsSync(join(ROOT, dirname(document), target)))).toEqual([])
  })
})

function withoutIndentation(text: string): string {
  return text.replace(/^ +/gm, '')
}

interface Described {
  readonly command: string
  readonly options: readonly string[]
}

function leavesOf(command: Command, parent: string): readonly Described[] {
  const name = `${parent}${command.name()}`
  if (command.commands.length > 0) return command.commands.flatMap((each) => leavesOf(each, `${name} `))
  return [{ command: name, options: command.options.map((option) => option.long ?? '') }]
}

function sorted({ command, options }: Described): Described {
  return { command, options: options.toSorted() }
}
