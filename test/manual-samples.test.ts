/**
 * Samples of the manual and of the Python package's README: each page is followed from its beginning in a new project,
 * as a reader would. A block that begins with a file name is written to that file. Commands of `console` blocks print
 * the lines below them; `^C` is the key; lines without a command are printed by the running server. An id in a command
 * stands for the id that an earlier command printed in the same place. `sh` blocks are not run, because they need the
 * network or another machine.
 */

import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { mkdirSync, readdirSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { changedFiles } from '../tools/changed-files.ts'
import {
  type FencedBlock,
  fencedBlocks,
  fileNameOf,
  masked,
  maskedText,
  outputPattern,
  readDocument,
  sectionsOf,
  stepsOf,
} from './support/documents.ts'
import { MAIN } from './support/main-path.ts'
import { type Server, Shell } from './support/shell.ts'
import { ROOT } from './support/source-tree.ts'

const PAGES = [
  'python/README.md',
  ...readdirSync(join(ROOT, 'docs'))
    .filter((name) => name.endsWith('.md'))
    .map((name) => `docs/${name}`),
]

/** Pages whose samples run in the gate, because most readers begin with them. Those of other pages run at night. */
const IN_GATE: ReadonlySet<string> = new Set(['python/README.md', 'docs/get-started.md', ...changedFiles()])

const isServer = (command: string) => /^npx cloaca serve |^node \S*server\.\w+$/.test(command)

for (const page of PAGES)
  describe(page, { tags: IN_GATE.has(page) ? [] : ['night'] }, () => {
    const sections = [...sectionsOf(readDocument(page))].filter(([, blocks]) => blocks.some(isFollowed))
    let shell: Shell
    let ids: ShownIds
    beforeAll(() => {
      shell = new Shell('project')
      ids = new ShownIds()
    })
    afterAll(() => shell[Symbol.asyncDispose]())

    if (sections.length === 0) {
      it('has nothing to run', () => expect(fencedBlocks(readDocument(page)).filter(isFollowed)).toEqual([]))
      return
    }

    it.each(sections)('shows the actual output under "%s"', async (_, blocks) => {
      let server: Server | null = null
      for (const block of blocks) {
        writeFile(shell, block)
        if (block.language !== 'console') continue
        for (const { command, output } of stepsOf(block.text)) {
          if (command === null) await followServer(server, output)
          else if (isServer(command)) {
            await server?.[Symbol.asyncDispose]()
            server = await shell.serve(command, masked)
            await followServer(server, output)
          } else {
            const { lines } = await shell.run(ids.inCommand(command))
            expect(maskedText(lines), command).toMatch(outputPattern(output))
            ids.learn(output, lines)
          }
        }
      }
      await server?.[Symbol.asyncDispose]()
    })

    it('names each file that it shows, and uses each of them', () => {
      const blocks = fencedBlocks(readDocument(page))
      const shown = blocks.filter(({ language }) => ['python', 'ts', 'js'].includes(language))
      const commands = blocks
        .filter(({ language }) => ['console', 'sh', 'toml'].includes(language))
        .map(({ text }) => text)

      expect(shown.filter((block) => fileNameOf(block) === null).map(({ text }) => text)).toEqual([])
      const unused = shown
        .map((block) => fileNameOf(block) ?? '')
        .filter(
          (name) => !isUsed(name, [...commands, ...shown.map(({ text }) => text.split('\n').slice(1).join('\n'))]),
        )
      expect(unused).toEqual([])
    })
  })

describe('the TypeScript of the manual', () => {
  it('passes the type checker with the settings in the manual', async () => {
    await using shell = new Shell('project')
    const settings = fencedBlocks(readDocument('docs/get-started.md')).find(({ language }) => language === 'json')
    for (const page of PAGES) {
      for (const block of fencedBlocks(readDocument(page))) {
        const name = fileNameOf(block)
        if (block.language === 'ts' && name !== null) write(shell, join(page.replace(/\W/g, '_'), name), block.text)
      }
    }
    write(shell, 'tsconfig.json', settings?.text ?? '')

    const tsc = spawnSync(process.execPath, [join(ROOT, 'node_modules/typescript/bin/tsc'), '-p', '.'], {
      cwd: shell.folder,
      encoding: 'utf8',
    })

    expect(tsc.stdout).toBe('')
    expect(tsc.status).toBe(0)
  })
})

describe('the service definitions in the manual', () => {
  const operating = fencedBlocks(readDocument('docs/operating.md'))
  const unit = operating.find(({ language }) => language === 'ini')?.text ?? ''
  const image = operating.find(({ language }) => language === 'dockerfile')?.text ?? ''
  const { bin } = JSON.parse(readDocument('package.json')) as { bin: { cloaca: string } }
  const words = {
    systemd: (/^ExecStart=(.*)$/m.exec(unit)?.[1] ?? '').split(' '),
    Docker: JSON.parse(/^CMD (.*)$/m.exec(image)?.[1] ?? '[]') as string[],
  }

  it.each(Object.keys(words) as (keyof typeof words)[])('shut down cleanly at the signal of %s', async (way) => {
    await using shell = new Shell('project')
    write(
      shell,
      'jobs/idle.py',
      'import cloaca\n\n\n@cloaca.trigger(on="nothing", poll_interval="1h")\ndef idle():\n    return False\n',
    )
    const [node, main, ...rest] = words[way].map((word) => word.replace(/\/(srv\/jobs|app|data)\b/, shell.folder))
    expect(node).toMatch(/(^|\/)node$/)
    expect(main?.replace(`${shell.folder}/`, '')).toBe(`node_modules/cloaca/${bin.cloaca}`)
    const command = [MAIN, ...rest]
    const child = spawn(process.execPath, command, { cwd: shell.folder, stdio: ['ignore', 'ignore', 'pipe'] })
    let log = ''
    child.stderr.setEncoding('utf8')
    for await (const text of child.stderr) {
      log += text
      if (log.includes('"serving ')) {
        log = ''
        child.kill('SIGTERM')
      }
    }
    if (child.exitCode === null) await once(child, 'exit')

    expect(log).toContain('"msg":"stopping: ')
    expect(log).toContain('"msg":"stopped"')
    expect(child.exitCode).toBe(0)
  })
})

/** Ids of a page with the actual ids of the same lines, for later commands that name them. */
class ShownIds {
  static readonly #ID = /[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[0-9a-f]{4}-[0-9a-f]{12}/g
  readonly #actual = new Map<string, string>()

  learn(shown: readonly string[], printed: readonly string[]): void {
    const left = [...printed]
    for (const line of shown) {
      const index = left.findIndex((other) => masked([other])[0] === masked([line])[0])
      const [actual = ''] = index < 0 ? [] : left.splice(index, 1)
      const ids = actual.match(ShownIds.#ID) ?? []
      for (const [at, id] of (line.match(ShownIds.#ID) ?? []).entries()) {
        if (!this.#actual.has(id)) this.#actual.set(id, ids[at] ?? id)
      }
    }
  }

  inCommand(command: string): string {
    return command.replace(ShownIds.#ID, (id) => this.#actual.get(id) ?? id)
  }
}

function isFollowed(block: FencedBlock): boolean {
  return block.language === 'console' || fileNameOf(block) !== null
}

/** Waits for the lines up to `^C`, then presses the key and waits for the remaining lines. */
async function followServer(server: Server | null, output: readonly string[]): Promise<void> {
  if (server === null) throw new Error(`no server is running that could print:\n${output.join('\n')}`)
  const key = output.indexOf('^C')
  const wanted = (lines: readonly string[]) => lines.filter((line) => line !== '…')
  await server.printsNext(wanted(key < 0 ? output : output.slice(0, key)))
  if (key < 0) return
  await Promise.all([server.printsNext(wanted(output.slice(key + 1))), server.interrupt()])
}

function writeFile(shell: Shell, block: FencedBlock): void {
  const name = fileNameOf(block)
  if (name === null) return
  expect(name, 'a path in the folder of the reader').not.toMatch(/^\/|(^|\/)\.\.(\/|$)/)
  write(shell, name, block.text)
}

function write(shell: Shell, name: string, text: string): void {
  const path = join(shell.folder, name)
  mkdirSync(dirname(path), { recursive: true })
  writeFileSync(path, `${text}\n`)
}

/** Returns whether a command or another file names a file, its folder or, for Python, its module. */
function isUsed(name: string, texts: readonly string[]): boolean {
  const words = [name, name.replace(/\.py$/, ''), ...(name.includes('/') ? [dirname(name)] : [])]
  return texts.some((text) =>
    words.some((word) => new RegExp(`(^|[\\s'"/])${word.replace(/[.[\]]/g, '\\$&')}($|[\\s'"\`,:])`, 'm').test(text)),
  )
}
