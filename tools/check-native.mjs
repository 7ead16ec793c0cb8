/**
 * Checks the C++ parts of the context codec that do not use Node. Run by hand and by CI, with the bundled Node:
 *   node tools/check-native.mjs                 the case table under AddressSanitizer and UBSan, with and without SSE2
 *   node tools/check-native.mjs --fuzz 600      libFuzzer for 600 s, with the corpus in test/native/corpus
 * The first needs clang++ or g++ (or CXX), the second clang++ (on Debian: `apt-get install clang`). Exits with 1 if a
 * check fails.
 */

import { spawnSync } from 'node:child_process'
import { cpSync, mkdirSync, readdirSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { acceptText } from '../src/native/input.ts'
import { cases, textOf } from '../test/native/cases.ts'

const ROOT = fileURLToPath(new URL('..', import.meta.url))
const CODEC = join(ROOT, 'src', 'native', 'codec')
const CORPUS = join(ROOT, 'test', 'native', 'corpus')
const WORK = join(ROOT, 'build', 'check')
const FLAGS = ['-std=c++17', '-g', '-O2', '-Wall', '-Wextra', '-Werror', '-fno-omit-frame-pointer']
const SANITIZERS = 'address,undefined'
const DEFAULT_FUZZ_SECONDS = 60
const LONGEST_INPUT = 4096

main()

function main() {
  mkdirSync(WORK, { recursive: true })
  const fuzzAt = process.argv.indexOf('--fuzz')
  if (fuzzAt < 0) checkCases()
  else fuzz(Number(process.argv[fuzzAt + 1] ?? DEFAULT_FUZZ_SECONDS))
}

function checkCases() {
  const compiler = [process.env.CXX, 'clang++', 'g++'].find((name) => name && run(name, ['--version'], 'ignore') === 0)
  if (!compiler) throw new Error('Neither clang++ nor g++ was found.')
  const lines = caseLines().join('\n')
  // Without the macro, the compiler uses the code for processors without SSE2.
  for (const flags of [[], ['-U__SSE2__']]) {
    const program = build(compiler, 'native-cases.cc', [`-fsanitize=${SANITIZERS}`, ...flags])
    finish(run(program, [], ['pipe', 'inherit', 'inherit'], lines))
  }
}

/** Runs libFuzzer on a copy of the committed corpus. New inputs stay in the work folder. */
function fuzz(seconds) {
  const program = build('clang++', 'native-fuzz.cc', [`-fsanitize=fuzzer,${SANITIZERS}`])
  const grown = join(WORK, 'corpus')
  rmSync(grown, { recursive: true, force: true })
  cpSync(CORPUS, grown, { recursive: true })
  const options = [
    `-max_total_time=${seconds}`,
    `-max_len=${LONGEST_INPUT}`,
    `-artifact_prefix=${WORK}/`,
    '-print_final_stats=1',
  ]
  finish(run(program, [...options, grown]))
}

function build(compiler, driver, flags) {
  const sources = readdirSync(CODEC).filter((name) => name.endsWith('.cc'))
  const program = join(WORK, driver.replace('.cc', ''))
  const files = [join(ROOT, 'tools', driver), ...sources.map((name) => join(CODEC, name))]
  const status = run(compiler, [...FLAGS, ...flags, '-fno-sanitize-recover=all', '-o', program, ...files])
  if (status !== 0) throw new Error(`${driver} could not be compiled.`)
  return program
}

/** Returns the lines of the case table for native-cases.cc. */
function caseLines() {
  const { canonicalize, fingerprint, merge, pick, refused } = cases
  return [
    ...canonicalize.map((row) => caseLine('canonicalize', [row.json], row)),
    ...fingerprint.map((row) => caseLine('fingerprint', [row.json], row)),
    ...merge.filter((row) => row.jsons.length > 0).map((row) => caseLine('merge', row.jsons, row, row.position)),
    ...pick.map((row) => caseLine('pick', [row.json, JSON.stringify(row.key)], row)),
    ...refused.map((row) => caseLine('canonicalize', [row.json], row)),
    ...refused.map((row) => caseLine('fingerprint', [row.json], row)),
    ...refused.map((row) => caseLine('pick', [row.json, '"a"'], row)),
    ...refused.map((row) => caseLine('merge', ['{}', row.json], row, 1)),
  ]
}

function caseLine(name, texts, row, position = 0) {
  // An empty text would be an empty field, so it is written as an incomplete hexadecimal byte.
  const inputs = texts.map((text) => hex(acceptText(textOf(text))) || '0').join(',')
  if (row.byteOffset !== undefined) return [name, inputs, 'refused', row.byteOffset, position].join('\t')
  return [name, inputs, 'result', row.result === null ? 'null' : hex(textOf(row.result))].join('\t')
}

function hex(text) {
  return Buffer.from(text).toString('hex')
}

function run(program, programArguments, stdio = 'inherit', input = undefined) {
  const { status, error } = spawnSync(program, programArguments, { stdio, input })
  return error ? null : status
}

function finish(status) {
  if (status !== 0) process.exitCode = 1
}
