/**
 * The npm package, packed from a copy of this checkout that was never built: it contains everything that it needs to
 * be installed and to run, and has no links to missing files.
 */

import { spawnSync } from 'node:child_process'
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join, posix } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { PackedPackage } from '../support/packed-package.ts'
import { ROOT } from '../support/source-tree.ts'

const LINK = /\]\(([^)\s]+)\)|^\[[^\]]+\]: (\S+)/gm

const manifest = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8'))
let checkout: PackedPackage
let packed: ReadonlySet<string>

beforeAll(() => {
  // Files that work in a checkout leaves behind, and that must not be packed.
  const leftovers = {
    'dist/removed.js': '',
    'python/cloaca/__pycache__/removed.cpython-314.pyc': '',
    'jobs.db': '',
  }
  checkout = PackedPackage.make(leftovers)
  packed = checkout.files
})
afterAll(() => checkout[Symbol.dispose]())

/** JavaScript that runs in Node, not in a browser. */
const MODULES = /^dist\/(?!page\/).*\.js$/

function write(path: string, text: string): void {
  mkdirSync(join(checkout.folder, posix.dirname(path)), { recursive: true })
  writeFileSync(join(checkout.folder, path), text)
}

function packedFiles(pattern: RegExp): readonly string[] {
  return [...packed].filter((path) => pattern.test(path))
}

/** Returns whether a file, or a file in a folder, is packed. */
function isPacked(path: string): boolean {
  return packed.has(path) || packedFiles(/./).some((file) => file.startsWith(`${path}/`))
}

/** Runs Node in the folder of the copy. */
function node(...words: readonly string[]) {
  const { stdout, stderr, status } = spawnSync(process.execPath, words, { cwd: checkout.folder, encoding: 'utf8' })
  return { stdout, stderr, status }
}

const cloaca = (...words: readonly string[]) => node('dist/cli/main.js', ...words)

const read = (path: string) => readFileSync(join(checkout.folder, path), 'utf8')

describe('the package', () => {
  it('contains the files of its manifest, a licence, and the types of every source', () => {
    const { '.': whole, './testing': testing } = manifest.exports
    const named = [manifest.bin.cloaca, whole.types, whole.default, testing.types, testing.default, 'LICENSE']

    expect(named.map((path) => posix.normalize(path)).filter((path) => !packed.has(path))).toEqual([])
    expect(packedFiles(/^dist\/.*\.d\.ts$/).length).toBe(packedFiles(/^src\/(?!page\/).*\.ts$/).length)
  })

  it('contains a bill of materials of its runtime packages only', () => {
    const bom = JSON.parse(read('sbom.cdx.json'))
    const names = bom.components.map(({ name }: { readonly name: string }) => name)

    expect([bom.bomFormat, bom.metadata.component.name]).toEqual(['CycloneDX', manifest.name])
    expect(packed.has('sbom.cdx.json')).toBe(true)
    expect(Object.keys(manifest.dependencies).filter((name) => !names.includes(name))).toEqual([])
    expect(names).toContain('pg-protocol')
    expect(Object.keys(manifest.devDependencies).filter((name) => names.includes(name))).toEqual([])
  })

  it('runs a program that executes a workflow', () => {
    const program = `
import cloaca

with cloaca.WorkflowBuilder("built") as builder:
    @cloaca.task()
    def answer(context):
        context.set("answer", 42)
        return context

with cloaca.DefaultRunner(":memory:") as runner:
    print(runner.execute("built", cloaca.Context({})).status)
`

    expect(cloaca('run', '-c', program)).toEqual({ stdout: 'Completed\n', stderr: '', status: 0 })
  })

  it('runs a TypeScript script in a worker, and knows the line of its workflow', () => {
    write(
      'jobs/hashing.ts',
      `import { isMainThread } from 'node:worker_threads'
import { workflow } from 'cloaca'

export const isolation = 'worker'
export const hashing = workflow('hashing').task('hash', () => ({ isMainThread }))
`,
    )
    write(
      'jobs/program.mjs',
      `import { Runner } from 'cloaca'

await using runner = await Runner.open({ database: 'sqlite://:memory:' })
await runner.load('jobs/hashing.ts')
const { contextText } = await runner.execute('hashing', {})
console.log(contextText)
`,
    )

    expect(node('jobs/program.mjs')).toEqual({ stdout: '{"isMainThread":false}\n', stderr: '', status: 0 })
    expect(cloaca('check', 'jobs/hashing.ts', '--json').stdout).toMatch(/hashing\.ts",\s+"line": 5\b/)
  })

  it('contains the page with its scripts and one style sheet', () => {
    expect(packedFiles(/^dist\/page\/(main|page)-\w+\.js$/)).toHaveLength(2)
    expect(packedFiles(/^dist\/page\/overview-screen-\w+\.js$/)).toHaveLength(1)
    expect(packedFiles(/^dist\/page\/.*\.css$/)).toHaveLength(1)
    expect(packed.has('dist/page/index.html')).toBe(true)
  })

  it('contains the source of every source map', () => {
    const maps = packedFiles(/\.map$/)
    const missing = maps.flatMap((map) => {
      const { sources, sourcesContent, sourceRoot = '' } = JSON.parse(read(map))
      const paths = sources.map((source: string) => posix.join(posix.dirname(map), sourceRoot, source))
      return paths.filter((path: string, at: number) => !packed.has(path) && !sourcesContent?.[at])
    })

    expect(maps.length).toBe(packedFiles(MODULES).length)
    expect(missing).toEqual([])
  })

  it('contains the sources, the headers and the installer of the addon', () => {
    const sources = [...read('binding.gyp').matchAll(/'(src\/native\/[^']+\.cc)'/g)].map(([, path = '']) => path)
    const headers = sources.flatMap((path) =>
      [...read(path).matchAll(/^#include "([^"]+)"/gm)].map(([, name = '']) => posix.join(posix.dirname(path), name)),
    )
    const [, installer = ''] = /^node (\S+)$/.exec(manifest.scripts.install) ?? []

    expect(sources.length).toBeGreaterThan(0)
    expect(headers.length).toBeGreaterThan(0)
    const needed = [...sources, ...headers, ...packedFiles(/^src\/native\/.*\.h$/), 'binding.gyp', installer]
    expect(needed.filter((path) => !packed.has(path))).toEqual([])
  })

  it('contains the Python package with its time zones', () => {
    const wheels = packedFiles(/^python\/cloaca\/_vendor\/tzdata-.*\.whl$/)

    expect(wheels).toHaveLength(1)
    expect(packed).toContain('python/cloaca/__init__.py')
    expect(packed).toContain('python/cloaca/py.typed')
  })

  it('contains every file that its README, changelog and manual link to', () => {
    const pages = packedFiles(/^(README|CHANGELOG|CONTRIBUTING)\.md$|^(docs|examples|python)\/.*\.md$/)
    const broken = pages.flatMap((page) =>
      [...read(page).matchAll(LINK)]
        .map((match) => match[1] ?? match[2] ?? '')
        .filter((link) => !/^(https?:|mailto:|#)/.test(link))
        .map((link) => posix.join(posix.dirname(page), link.replace(/#.*$/, '')).replace(/\/$/, ''))
        .filter((path) => !isPacked(path))
        .map((path) => `${page} → ${path}`),
    )

    expect(pages).toContain('README.md')
    expect(pages).toContain('CHANGELOG.md')
    expect(broken).toEqual([])
  })

  it('contains the manual if the repository has one', () => {
    expect(isPacked('docs')).toBe(existsSync(join(ROOT, 'docs')))
  })

  it('links to its own repository only by the address in its manifest', () => {
    const home = /^git\+(https:\/\/.+)\.git$/.exec(manifest.repository.url)?.[1]
    const own = packedFiles(/^(README|CHANGELOG|CONTRIBUTING|ARCHITECTURE)\.md$|^docs\/.*\.md$/).flatMap((page) =>
      [...read(page).matchAll(LINK)].map((match) => match[1] ?? match[2] ?? '').filter((link) => /\/cloaca/.test(link)),
    )

    expect(home).toBeDefined()
    expect(manifest.homepage).toBe(`${home}#readme`)
    expect(manifest.bugs).toBe(`${home}/issues`)
    expect(own.filter((link) => /^https?:/.test(link) && !link.startsWith(`${home}`))).toEqual([])
  })

  it('contains no tests, no leftovers and no compiled Python files', () => {
    const unwanted = packedFiles(/^(test|python\/tests|build)\/|__pycache__|\.pyc$|\.db$|^dist\/removed\.js$|\.tgz$/)

    expect(unwanted).toEqual([])
  })
})
