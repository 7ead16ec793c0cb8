/**
 * Completeness of the manual: it names everything in the command line, the Node API and the settings, and nothing else.
 * `manual-samples.test.ts` runs the samples.
 */

import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { scriptConfigSchema } from '../src/default-runner/script-config.ts'
import { DEFAULT_CONFIG } from '../src/engine/engine-config.ts'
import { loadSettings } from '../src/settings/settings.ts'
import { getSetting, SETTING_KEYS } from '../src/settings/settings-table.ts'
import { manualCommands, PAGES_WITH_TABLE, pageWithTable } from '../tools/manual-tables.ts'
import { codeIn, fencedBlocks, readDocument, tableRows } from './support/documents.ts'
import { ROOT, sourceFiles } from './support/source-tree.ts'

const PAGES = readdirSync(join(ROOT, 'docs'))
  .filter((name) => name.endsWith('.md'))
  .map((name) => `docs/${name}`)

const SETTING_VARIABLES: ReadonlySet<string> = new Set(SETTING_KEYS.map((key) => getSetting(key).variable))

const codeInTable = (page: string, firstColumn: string, column: number) =>
  tableRows(readDocument(page), firstColumn).flatMap((cells) => codeIn(cells[column] ?? ''))

describe('the pages of the manual', () => {
  it('are all linked from README', () => {
    const linked = [...readDocument('README.md').matchAll(/\]\((docs\/[\w-]+\.md)\)/g)].map((match) => match[1])

    expect(PAGES.filter((page) => !linked.includes(page))).toEqual([])
  })

  it('have table cells of at most 220 characters', () => {
    const long = PAGES.flatMap((page) =>
      readDocument(page)
        .split('\n')
        .filter((line) => line.startsWith('|'))
        .flatMap((line) => line.split(/(?<!\\)\|/).map((cell) => cell.trim()))
        .filter((cell) => cell.length > 220 && !/^-+$/.test(cell))
        .map((cell) => `${page}: ${cell}`),
    )

    expect(long).toEqual([])
  })
})

describe('the program in Python and in TypeScript', () => {
  it('has paragraphs of the same number of lines', () => {
    const [python = '', typescript = ''] = fencedBlocks(readDocument('docs/typescript.md')).map(({ text }) => text)
    // Python has one more empty line between functions.
    const paragraphs = (text: string) => text.split(/\n{2,}/).map((lines) => lines.split('\n').length)

    expect(python).toContain('with WorkflowBuilder')
    expect(paragraphs(typescript)).toEqual(paragraphs(python))
  })
})

describe('the messages in the manual', () => {
  it('occur in the sources', () => {
    const texts = [...sourceFiles('src', '.ts'), ...sourceFiles('python/cloaca', '.py')].map((file) => file.text)
    const page = readDocument('docs/troubleshooting.md')
    const messages = ['What you see', 'Message or code'].flatMap((title) =>
      page
        .split('## ')
        .filter((section) => section.includes(`| ${title} `))
        .flatMap((section) => tableRows(section, title).flatMap(([cell = '']) => codeIn(cell))),
    )
    const parts = messages
      .filter((message) => !/^(trigger history|workflow run|cloaca run)\b/.test(message))
      .flatMap((message) => message.split(/["']?…["']?|\d+ s$/).map((part) => part.trim()))
      .filter((part) => part.length > 8)

    expect(parts.length).toBeGreaterThan(12)
    expect(parts.filter((part) => !texts.some((text) => text.includes(part)) && !isPythons(part))).toEqual([])
  })
})

describe('the generated tables of the manual', () => {
  it.each(PAGES_WITH_TABLE)('are the output of tools/manual-tables.ts, in %s', (page) => {
    expect(readDocument(page)).toBe(pageWithTable(page))
  })

  it('contain every command of the command line that is not hidden', () => {
    const additions = readDocument('src/cli/command-line.ts').matchAll(/\.addCommand\((\w+)Command\((.*)/g)
    const added = [...additions].flatMap(([, name, rest]) => (rest?.includes('hidden: true') ? [] : [name]))

    expect(added.length).toBeGreaterThan(10)
    expect(
      manualCommands()
        .map((command) => command.name())
        .toSorted(),
    ).toEqual(added.toSorted())
  })

  it('name only groups of options that the page explains', () => {
    const page = readDocument('docs/command-line.md')
    const groups = tableRows(page, 'Command').flatMap(([, , options = '']) => options.match(/_\w+_/g) ?? [])

    expect(groups.length).toBeGreaterThan(10)
    expect([...new Set(groups)].filter((group) => !page.includes(`- ${group}: `))).toEqual([])
  })
})

describe('the settings of the manual', () => {
  it('are the options of a runner, without exception', () => {
    expect(codeInTable('docs/settings.md', 'Option', 0).toSorted()).toEqual(
      fieldsOf('src/runner/runner-options.ts', 'RunnerOptions').toSorted(),
    )
  })

  it('contain every limit and interval under its names in Node and in Python', () => {
    const limits = [...tableRows(readDocument('docs/settings.md'), 'Node'), ...withoutEffect()]
    const python = limits.flatMap(([, names = '']) => codeIn(names))

    expect(limits.flatMap(([name = '']) => codeIn(name)).toSorted()).toEqual(Object.keys(DEFAULT_CONFIG).toSorted())
    expect(python.filter((name) => name !== 'pipeline_timeout_seconds').toSorted()).toEqual(
      Object.keys(scriptConfigSchema.entries).toSorted(),
    )
    expect(codeInTable('docs/settings.md', 'Key', 0)).toEqual(Object.keys(DEFAULT_CONFIG.retention))
  })

  it('contain no variable that is rejected as a misspelt setting', () => {
    const described = codeInTable('docs/settings.md', 'Variable', 0).filter((name) => name.startsWith('CLOACA_'))

    // The file in CLOACA_SETTINGS would have to exist.
    const others = described.filter((name) => name !== 'CLOACA_SETTINGS')
    const environment = Object.fromEntries(others.map((name) => [name, 'x']))
    expect(() => loadSettings({ folder: join(ROOT, 'docs'), environment })).not.toThrow()
  })

  it('contain every environment variable that the sources read', () => {
    const sources = [...sourceFiles('src', '.ts'), ...sourceFiles('python/cloaca', '.py')].map((file) => file.text)
    const read = sources.flatMap((text) =>
      [...text.matchAll(/\benv(?:iron|ironment)?\.(?:get\(")?(CLOACA_\w+)/g)].map((match) => match[1] ?? ''),
    )

    const described = codeInTable('docs/settings.md', 'Variable', 0)

    expect(described.filter((name) => name.startsWith('CLOACA_')).toSorted()).toEqual(
      [...new Set(read)].filter((name) => !SETTING_VARIABLES.has(name)).toSorted(),
    )
  })
})

describe('the Node API of the manual', () => {
  const page = readDocument('docs/from-node.md')
  const prose = page.replace(/^```[\s\S]*?^```$/gm, '')
  const words = new Set(codeIn(prose).flatMap((code) => code.split(/\W+/)))

  it('contains every event with all its fields', () => {
    const events = [...readDocument('src/engine/engine-events.ts').matchAll(/^ {2}readonly (\w+): (\w+)$/gm)].filter(
      ([, , type = '']) => /Event$|^Trouble$/.test(type),
    )
    const sources = ['src/engine/engine-events.ts', 'src/engine/clock-port.ts']

    const described = tableRows(page, 'Event').map(([name = '', , fields = '']) => [codeIn(name)[0], codeIn(fields)])

    expect(described).toEqual(
      events.map(([, name, type = '']) => [
        name,
        sources.flatMap((source) => (declares(source, type) ? fieldsOf(source, type) : [])),
      ]),
    )
  })

  it('contains every method of a runner and of its services', () => {
    const services = sourceFiles('src/engine/services', '.ts').filter(({ path }) => path.endsWith('-service.ts'))
    const files = ['src/runner/runner.ts', ...services.map(({ path }) => path)]
    const calls = files.flatMap((file) =>
      [...withoutInternal(readDocument(file)).matchAll(/^ {2}(?:static )?(?:async |get )?([a-z]\w*)(?:<.*>)?\(/gm)].map(
        (match) => match[1] ?? '',
      ),
    )

    expect(calls.length).toBeGreaterThan(25)
    expect(calls.filter((name) => name !== 'constructor' && !words.has(name))).toEqual([])
  })
})

/** Returns a source without its internal methods. */
function withoutInternal(text: string): string {
  return text.replace(/\/\*\*(?:(?!\*\/)[\s\S])*@internal\s*\*\/\n.*$/gm, '')
}

/** Returns whether CPython itself prints a message. */
function isPythons(message: string): boolean {
  return message === 'ModuleNotFoundError' || message === 'MemoryError'
}

/** Returns the settings of the native engine that have no effect in this engine. */
function withoutEffect(): readonly (readonly string[])[] {
  return tableRows(readDocument('docs/native-engine.md'), 'Node')
}

function declares(path: string, type: string): boolean {
  return readDocument(path).includes(`export interface ${type} {`)
}

function fieldsOf(path: string, type: string): readonly string[] {
  const body = new RegExp(`^export interface ${type} \\{\\n([\\s\\S]*?)^\\}`, 'm').exec(readDocument(path))?.[1] ?? ''
  return [...body.matchAll(/^ {2}readonly (\w+)\??:/gm)].map((match) => match[1] ?? '')
}
