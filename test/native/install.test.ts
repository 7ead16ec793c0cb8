/**
 * Install script on machines that cannot build the addon.
 * The install succeeds, prints the reason in one line, and cloaca uses the TypeScript codec (the twin).
 * If Node is too old, the install fails.
 * Each test runs in its own folder with a copy of the files that the script needs.
 */

import { spawnSync } from 'node:child_process'
import { cpSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { delimiter, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'

const ROOT = fileURLToPath(new URL('../..', import.meta.url))
const COPIED = ['package.json', 'binding.gyp', 'tools/build-native.mjs', 'src/errors.ts', 'src/native']

/** Script that prints the kind of the codec, one of its results, and its notice. */
const CODEC_AND_NOTICE = `import('./src/native/index.ts').then(({ codec, codecNotice }) => {
  console.log(codec.kind, codec.canonicalize('{ "a" : 1 }'))
  console.log(codecNotice)
})`

let folder: string

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'cloaca-install-'))
  for (const path of COPIED) cpSync(join(ROOT, path), join(folder, path), { recursive: true })
})

afterEach(() => rmSync(folder, { recursive: true, force: true }))

describe('without a C++ compiler', () => {
  beforeEach(() => symlinkSync(join(ROOT, 'node_modules'), join(folder, 'node_modules')))

  it('the install succeeds, and prints one line that names the missing compiler', () => {
    const install = run(['tools/build-native.mjs'])

    expect(install.status).toBe(0)
    expect(install.stderr).toBe('')
    expect(linesOf(install.stdout)).toEqual([expect.stringContaining('there is no C++ compiler')])
  })

  it('cloaca uses the TypeScript codec, and its notice is one line', () => {
    const { stdout } = run(['--eval', CODEC_AND_NOTICE])

    expect(linesOf(stdout)).toEqual(['twin {"a":1}', expect.stringContaining('TypeScript codec')])
  })

  it('building a prebuilt binary fails with exit status 1', () => {
    const prebuild = run(['tools/build-native.mjs', '--prebuild'])

    expect(prebuild.status).toBe(1)
  })
})

it('the install uses a prebuilt binary without a compiler, and prints nothing', () => {
  symlinkSync(join(ROOT, 'node_modules'), join(folder, 'node_modules'))
  cpSync(join(ROOT, 'build', 'Release'), join(folder, 'build', 'Release'), { recursive: true })

  const prebuild = run(['tools/build-native.mjs', '--prebuild'])
  rmSync(join(folder, 'build'), { recursive: true })
  const install = run(['tools/build-native.mjs'])

  expect(prebuild).toMatchObject({ status: 0, stdout: expect.stringContaining('prebuilds') })
  expect(install).toMatchObject({ status: 0, stdout: '', stderr: '' })
  expect(linesOf(run(['--eval', CODEC_AND_NOTICE]).stdout)).toEqual(['native {"a":1}', 'null'])
})

it('the install succeeds without node-gyp, and prints that node-gyp was not found', () => {
  const install = run(['tools/build-native.mjs'])

  expect(install.status).toBe(0)
  expect(linesOf(install.stdout)).toEqual([expect.stringContaining('node-gyp was not found')])
})

describe('with a Node that is too old', () => {
  const OLD = "data:text/javascript,Object.defineProperty(process.versions,'node',{value:'20.20.2'})"
  const needed = 'cloaca needs Node 24 or newer, but this is Node 20.20.2.'
  const agent = 'npm/11.19.1 node/v20.20.2 linux x64 workspaces/false'

  it('the install fails and names the required version, as npm hides the output of a success', () => {
    const install = run(['--import', OLD, 'tools/build-native.mjs'])

    expect(install).toMatchObject({ status: 1, stdout: '' })
    expect(linesOf(install.stderr)).toEqual([expect.stringContaining(needed)])
  })

  it('the install fails in a project that links the package, although its scripts run on a newer Node', () => {
    const install = run(['tools/build-native.mjs'], { npm_config_user_agent: agent, npm_config_local_prefix: tmpdir() })

    expect(install).toMatchObject({ status: 1, stdout: '' })
    expect(linesOf(install.stderr)).toEqual([expect.stringContaining(needed)])
  })

  it('the install succeeds in the repository itself, which contains a newer Node', () => {
    const install = run(['tools/build-native.mjs'], { npm_config_user_agent: agent, npm_config_local_prefix: folder })

    expect(install).toMatchObject({ status: 0, stderr: '' })
  })
})

/** Runs Node in the copy, with enough headers to reach the compiler step, and compilers that always fail. */
function run(
  nodeArguments: readonly string[],
  ofNpm: Readonly<Record<string, string>> = {},
): { status: number | null; stdout: string; stderr: string } {
  const headers = join(folder, 'headers', 'include', 'node')
  mkdirSync(headers, { recursive: true })
  writeFileSync(join(headers, 'common.gypi'), "{'target_defaults': {'configurations': {'Release': {}}}}")
  writeFileSync(join(headers, 'node_api.h'), '')
  const programs = join(folder, 'programs')
  mkdirSync(programs, { recursive: true })
  for (const compiler of ['c++', 'g++', 'clang++']) {
    writeFileSync(join(programs, compiler), '#!/bin/sh\nexit 127\n', { mode: 0o755 })
  }
  const env = {
    ...process.env,
    CC: undefined,
    CXX: undefined,
    PATH: `${programs}${delimiter}${process.env.PATH}`,
    npm_config_node_gyp: undefined, // npm sets its own node-gyp when it runs the tests
    npm_config_nodedir: join(folder, 'headers'),
    // Hides the values of the npm process that runs the tests.
    npm_config_user_agent: undefined,
    npm_config_local_prefix: undefined,
    ...ofNpm,
  }
  return spawnSync(process.execPath, nodeArguments, { cwd: folder, env, encoding: 'utf8' })
}

function linesOf(output: string): string[] {
  return output.split('\n').filter((line) => line !== '')
}
