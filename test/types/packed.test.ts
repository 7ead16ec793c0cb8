/**
 * Checks the packed package with `skipLibCheck: false`, in projects without other packages and in projects with all
 * optional peers. Compilers then check all declarations that a user's program reaches, so that no declaration may need
 * a package that is not installed.
 */

import { cpSync, existsSync, readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { PackedPackage } from '../support/packed-package.ts'
import { ROOT } from '../support/source-tree.ts'
import { COMPILERS, type Compiler, tagsOf, UserProject } from './compiled.ts'

/** Program that uses every entry point, and the types that other packages provided in earlier versions. */
const PROGRAM = `import * as cloaca from 'cloaca'
import * as testing from 'cloaca/testing'
export const all = { ...cloaca, ...testing }
export const backend: cloaca.StreamBackend = cloaca.kafkaStreams({ tls: { ca: 'PEM' }, sasl: { mechanism: 'PLAIN' } })
export async function open(signal: AbortSignal): Promise<void> {
  await using runner = await cloaca.Runner.open({ database: ':memory:', streams: { kafka: backend } })
  const answer: Response = await cloaca.httpHandler(runner)(new Request('http://localhost/', { signal }))
  answer.status.toFixed()
}
`
const COMPILER_NAMES = Object.keys(COMPILERS) as Compiler[]
const OPTIONS = { module: 'nodenext', lib: undefined, types: undefined, skipLibCheck: false }

const manifest = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8')) as {
  readonly dependencies: Readonly<Record<string, string>>
  readonly peerDependencies: Readonly<Record<string, string>>
}
const lock = JSON.parse(readFileSync(join(ROOT, 'package-lock.json'), 'utf8')) as {
  readonly packages: Readonly<Record<string, { readonly dependencies?: Readonly<Record<string, string>> }>>
}

let alone: UserProject
let withPeers: UserProject

beforeAll(() => {
  using packed = PackedPackage.make()
  alone = install(packed, [])
  withPeers = install(packed, [...Object.keys(manifest.peerDependencies), '@types/node', '@types/pg'])
})
afterAll(() => {
  alone[Symbol.dispose]()
  withPeers[Symbol.dispose]()
})

/** Creates a project with the package, its dependencies in the versions of the lock file, and further packages. */
function install(packed: PackedPackage, others: readonly string[]): UserProject {
  const project = new UserProject()
  project.write('package.json', '{ "type": "module" }')
  project.write('program.ts', PROGRAM)
  packed.unpackInto(join(project.folder, 'node_modules/cloaca'))
  for (const name of installedWith([...Object.keys(manifest.dependencies), ...others])) {
    const place = `node_modules/${name}`
    if (!existsSync(join(ROOT, place))) continue // optional dependency for other systems
    cpSync(join(ROOT, place), join(project.folder, place), { recursive: true, filter: isReadByCompilers })
  }
  return project
}

function installedWith(names: readonly string[]): ReadonlySet<string> {
  const found = new Set(names)
  // JavaScript also iterates over entries that are added to a set during the iteration.
  for (const name of found) {
    for (const further of Object.keys(lock.packages[`node_modules/${name}`]?.dependencies ?? {})) found.add(further)
  }
  return found
}

function isReadByCompilers(path: string): boolean {
  return /\.d\.[cm]?ts$|package\.json$/.test(path) || statSync(path).isDirectory()
}

const isInstalled = (project: UserProject, name: string) => existsSync(join(project.folder, 'node_modules', name))

for (const compiler of COMPILER_NAMES)
  describe(`the packed package under TypeScript ${compiler} with skipLibCheck off`, { tags: tagsOf(compiler) }, () => {
    it('compiles if no optional peer is installed', async () => {
      expect(isInstalled(alone, 'pg')).toBe(true)
      expect(Object.keys(manifest.peerDependencies).filter((name) => isInstalled(alone, name))).toEqual([])
      expect(isInstalled(alone, '@types/node')).toBe(false)

      expect(await alone.check(compiler, ['program.ts'], OPTIONS)).toEqual([])
    })

    it('compiles if all optional peers are installed', async () => {
      expect(Object.keys(manifest.peerDependencies).filter((name) => !isInstalled(withPeers, name))).toEqual([])

      // The types of Node 26 need TypeScript 5.6.
      const types = compiler === '5.4' ? [] : ['node']
      expect(await withPeers.check(compiler, ['program.ts'], { ...OPTIONS, types })).toEqual([])
    })
  })
