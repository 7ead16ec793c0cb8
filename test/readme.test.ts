/** README compared with the product: its commands print the shown output, and its code is part of the examples. */

import { globSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { fencedBlocks, masked, maskedText, outputPattern, readDocument, stepsOf } from './support/documents.ts'
import { fromSource, type Server, Shell } from './support/shell.ts'
import { ROOT, sourceFiles } from './support/source-tree.ts'

const README = readDocument('README.md')
const blocks = fencedBlocks(README)
const headings = [...new Set(blocks.filter(({ language }) => language === 'console').map(({ heading }) => heading))]

const isServer = (command: string) => /^npm start$|-- serve /.test(command)

describe('the commands of README', () => {
  it.each(headings)('print the output under "%s"', async (heading) => {
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

  it('run only npm scripts that package.json declares', () => {
    const { scripts } = JSON.parse(readDocument('package.json')) as { scripts: Record<string, string> }
    const commands = blocks.flatMap(({ text }) => text.split('\n'))

    const named = commands.flatMap((line) =>
      [...line.matchAll(/npm (?:run -s )?(start|test|cloaca)/g)].map((m) => m[1]),
    )

    expect(named.filter((name) => name === undefined || !(name in scripts))).toEqual([])
  })
})

describe('the code of README', () => {
  it('is part of an example', () => {
    const examples = sourceFiles('examples', '.ts').map((file) => withoutIndentation(file.text))
    const excerpts = blocks.filter(({ language }) => language === 'ts').flatMap(({ text }) => text.split('\n// …\n'))

    const invented = excerpts.filter((text) => !examples.some((example) => example.includes(withoutIndentation(text))))

    expect(invented).toEqual([])
  })
})

describe('a service in the documents', () => {
  const documents = globSync('**/*.{md,service}', { cwd: ROOT, exclude: ['**/node_modules/**'] })
  const started = documents.flatMap((document) =>
    [...readDocument(document).matchAll(/^(?:ExecStart=|CMD |ENTRYPOINT |command=)(.*)$/gm)].map(
      (match) => match[1] ?? '',
    ),
  )

  it('is started without npm, which passes no signals on', () => {
    expect(started).not.toEqual([])
    for (const command of started) expect(command).not.toMatch(/\b(npm|npx)\b/)
  })
})

function withoutIndentation(text: string): string {
  return text.replace(/^ +/gm, '')
}
