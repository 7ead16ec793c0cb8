/**
 * Examples that are projects of their own: each is copied, with this repository's sources as the package `cloaca`, and
 * prints the output in its README. The tests of an example serve the example and kill the server.
 */

import {
  chmodSync,
  cpSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { describe, expect, it } from 'vitest'
import { fencedBlocks, maskedText, outputPattern, readDocument, stepsOf } from './support/documents.ts'
import { MAIN } from './support/main-path.ts'
import { Shell } from './support/shell.ts'
import { ROOT } from './support/source-tree.ts'

const EXAMPLES = join(ROOT, 'examples')
const OWN_PACKAGE = pathToFileURL(join(ROOT, 'test/support/own-package.ts')).href

const projects = readdirSync(EXAMPLES).filter((name) => existsSync(join(EXAMPLES, name, 'package.json')))

describe('the example projects', () => {
  it('are mixed-graph and typescript-only', () => expect(projects).toEqual(['mixed-graph', 'typescript-only']))

  it.each(projects)('%s prints the output in its README, and its tests pass', async (name) => {
    await using shell = new Shell('project')
    install(name, shell.folder)

    for (const { text } of fencedBlocks(readDocument(`examples/${name}/README.md`)).filter(isConsole)) {
      for (const { command, output } of stepsOf(text)) {
        const { lines, exitCode } = await shell.run(`export NODE_OPTIONS='--import=${OWN_PACKAGE}'\n${command}`)
        expect(maskedText(lines), command ?? '').toMatch(outputPattern(output))
        expect(exitCode, lines.join('\n')).toBe(0)
      }
    }
  })

  it.each(projects)('%s passes the type checker with its own settings', async (name) => {
    await using shell = new Shell('project')
    install(name, shell.folder)

    const { lines, exitCode } = await shell.run(`command node ${join(ROOT, 'node_modules/typescript/bin/tsc')}`)

    expect(lines).toEqual([])
    expect(exitCode).toBe(0)
  })
})

function isConsole({ language }: { readonly language: string }): boolean {
  return language === 'console'
}

/** Installs an example as `npm install` does, with the packages of this repository. */
function install(name: string, folder: string): void {
  const source = join(EXAMPLES, name)
  cpSync(source, folder, { recursive: true, filter: (path) => !path.includes('node_modules') })
  const packages = join(folder, 'node_modules')
  const { dependencies, devDependencies } = JSON.parse(readFileSync(join(source, 'package.json'), 'utf8')) as {
    readonly dependencies: Readonly<Record<string, string>>
    readonly devDependencies: Readonly<Record<string, string>>
  }
  for (const dependency of [...Object.keys(dependencies), ...Object.keys(devDependencies)]) {
    const place = join(packages, dependency)
    if (!existsSync(place)) symlinkSync(join(ROOT, 'node_modules', dependency), place)
  }
  mkdirSync(join(packages, '.bin'))
  writeFileSync(join(packages, '.bin/cloaca'), `#!/bin/sh\nexec node "${MAIN}" "$@"\n`)
  chmodSync(join(packages, '.bin/cloaca'), 0o755)
}
