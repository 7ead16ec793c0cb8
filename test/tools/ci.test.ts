/** Hosted CI files: their scripts, parts, files and platforms exist. Parts of `.ci/run` in the gate and at night. */

import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { LONGEST } from '../support/longest-first.ts'
import { ROOT } from '../support/source-tree.ts'
import { SHARED_PROJECTS } from '../support/test-projects.ts'

const read = (path: string) => readFileSync(join(ROOT, path), 'utf8')
const workflow = read('.github/workflows/ci.yml')
const nightly = read('.github/workflows/nightly.yml')
const script = read('.ci/run')
const manifest = JSON.parse(read('package.json'))

const namesIn = (pattern: RegExp, text = workflow) => [...text.matchAll(pattern)].map(([, name = '']) => name)
const listOf = (name: string) => {
  const [, words = ''] = new RegExp(`^${name}=['"]([^'"]+)['"]$`, 'm').exec(script) ?? []
  return words.replace('$PROJECTS', listOfProjects()).split(' ')
}
const listOfProjects = () => /^PROJECTS='([^']+)'$/m.exec(script)?.[1] ?? ''
const GATE = listOf('GATE')
const NIGHT = listOf('NIGHT')

/** Returns the parts that the jobs of a workflow run. Words without a part in their line are other lists. */
const partsIn = (text: string) =>
  namesIn(/(?:\.ci\/run|^ {10}-) ([\w -]+)$/gm, text)
    .flatMap((names) => names.split(' '))
    .filter((name) => name !== 'install')

describe('the hosted CI file', () => {
  it('runs only scripts of package.json', () => {
    const scripts = namesIn(/npm run (?:-s )?([\w:-]+)/g, workflow + nightly)

    expect(scripts).toContain('native:prebuild')
    expect(scripts.filter((name) => manifest.scripts[name] === undefined)).toEqual([])
  })

  it('runs every part of the gate for each change, and every part of the night at night', () => {
    // The part `python-tools` runs only as a requirement of other parts.
    expect([...partsIn(workflow), 'install', 'python-tools'].sort()).toEqual(GATE.toSorted())
    expect(partsIn(nightly).sort()).toEqual(NIGHT.toSorted())
  })

  it('shows the numbers of tests in the summary of each job', () => {
    expect(script).toMatch(/%s passed, %s failed.*"\$passed" "\$failed" >>"\$GITHUB_STEP_SUMMARY"/)
  })

  it('names only files and folders that exist', () => {
    const paths = namesIn(/(?:^|[\s"'])((?:\.ci|tools|test|python|src|examples)\/[\w./-]+)/gm)

    expect(paths).toContain('.ci/run')
    expect(paths.filter((path) => !existsSync(join(ROOT, path)))).toEqual([])
  })

  it('checks three operating systems with the oldest supported Node and the Node of the checkout', () => {
    const [, systems = ''] = /system: \[([^\]]+)\]/.exec(workflow) ?? []
    const [, nodes = ''] = /node: \[([^\]]+)\]/.exec(workflow) ?? []

    expect(systems.split(', ').map((system) => system.split('-')[0])).toEqual(['ubuntu', 'macos', 'windows'])
    expect(nodes.split(', ').map((major) => `>=${major}`)).toContain(manifest.engines.node)
    expect(nodes.split(', ')).toContain(manifest.devDependencies.node.split('.')[0])
  })

  it('builds an addon for each platform that better-sqlite3 supports', () => {
    const { exports } = JSON.parse(read('node_modules/better-sqlite3/package.json'))
    const wanted = Object.keys(exports).flatMap((name) => {
      const [, system = '', musl, arch] = /^\.\/([a-z0-9]+?)(musl)?-(\w+)$/.exec(name) ?? []
      if (system === '') return []
      const libc = system === 'linux' ? `.${musl ?? 'glibc'}` : ''
      return [`prebuilds/${system}-${arch}/cloaca.napi${libc}.node`]
    })

    expect(wanted).toHaveLength(8)
    expect(namesIn(/(prebuilds\/\S+\.node)/g).sort()).toEqual(wanted.sort())
    expect(namesIn(/- \{ platform: ([\w-]+)/g)).toHaveLength(wanted.length)
  })
})

describe('.ci/run', () => {
  it('has each part either in the gate or in the night', () => {
    expect(new Set([...GATE, ...NIGHT]).size).toBe(GATE.length + NIGHT.length)
  })

  it('runs exactly the parts that its lists name', () => {
    const done = namesIn(/^ *(?:part|suite|vitest|pytest) ([\w-]+) \d/gm, script)
    const projects = listOfProjects().split(' ')

    // One call runs the projects.
    const named = [...GATE, ...NIGHT].filter((name) => !projects.includes(name))
    expect(done.sort()).toEqual([...named, 'tests'].sort())
  })

  it('runs each project that shares a Python and a database in one call, but not those that download packages', () => {
    expect([...listOfProjects().split(' '), 'packages'].sort()).toEqual(Object.keys(SHARED_PROJECTS).sort())
  })
})

describe('the projects of vitest', () => {
  it('have each test file in exactly one of those that share a Python and a database', () => {
    const files = Object.values(SHARED_PROJECTS).flatMap((project) => [...project])

    expect(new Set(files).size).toBe(files.length)
    expect(files).toContain('test/cli/serve.test.ts')
  })

  it('start with files that exist', () => {
    expect(LONGEST.filter((name) => !existsSync(join(ROOT, 'test', `${name}.test.ts`)))).toEqual([])
  })
})
