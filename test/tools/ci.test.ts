/** Hosted CI file: its scripts, parts, files and platforms exist. */

import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { ROOT } from '../support/source-tree.ts'

const read = (path: string) => readFileSync(join(ROOT, path), 'utf8')
const workflow = read('.github/workflows/ci.yml')
const manifest = JSON.parse(read('package.json'))

const namesIn = (pattern: RegExp) => [...workflow.matchAll(pattern)].map(([, name = '']) => name)

describe('the hosted CI file', () => {
  it('runs only scripts of package.json', () => {
    const scripts = namesIn(/npm run (?:-s )?([\w:-]+)/g)

    expect(scripts).toContain('native:prebuild')
    expect(scripts.filter((name) => manifest.scripts[name] === undefined)).toEqual([])
  })

  it('runs every part of .ci/run, and no others', () => {
    const [, parts = ''] = /^PARTS='([^']+)'$/m.exec(read('.ci/run')) ?? []
    const run = namesIn(/(?:\.ci\/run|^ {10}-) ([\w -]+)$/gm).flatMap((names) => names.split(' '))

    // The part `python-tools` runs only as a requirement of other parts.
    expect([...run, 'python-tools'].sort()).toEqual(parts.split(' ').sort())
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
  it('runs exactly the parts that its list PARTS names', () => {
    const script = read('.ci/run')
    const [, parts = ''] = /^PARTS='([^']+)'$/m.exec(script) ?? []

    const done = [...script.matchAll(/^ *(?:part|suite|vitest|pytest) ([\w-]+) \d/gm)].map(([, name]) => name)
    // The order differs, because some parts run in parallel.
    expect(done.sort()).toEqual(parts.split(' ').sort())
  })
})
