/**
 * Runs the test suites of packages, from their sdists on the index, in the engine and under CPython, and prints the
 * counts side by side, with each test that has another outcome in the engine.
 *
 *     npx node tools/suites/run.ts --python ~/.pyenv/versions/3.13.0/bin/python
 *     npx node tools/suites/run.ts --python python3.13 click arrow     only these suites
 *     npx node tools/suites/run.ts --json suites.json …                also writes all results to a file
 *     npx node tools/suites/run.ts --minutes 10 …                      time limit per suite and side
 *     npx node tools/suites/run.ts --keep folder …                     keeps sdists, packages and output in a folder
 *
 * On both sides, files in `stand-ins/` replace `trustme`, `cryptography` and `psutil`. The server of `pytest-httpbin`
 * runs under CPython for both sides. Needs openssl and tar.
 */

import { execFileSync, spawn } from 'node:child_process'
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { delimiter, dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { makeCertificates } from './certificates.ts'
import { SUITES, type Suite } from './list.ts'
import { countsOf, differencesOf, type Results, readResults } from './results.ts'
import { unpackSdist } from './sdists.ts'

const ROOT = fileURLToPath(new URL('../..', import.meta.url))
const MAIN = join(ROOT, 'src', 'cli', 'main.ts')
const STAND_INS = fileURLToPath(new URL('./stand-ins', import.meta.url))
const SHOWN_DIFFERENCES = 40

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    python: { type: 'string', default: 'python3' },
    json: { type: 'string' },
    keep: { type: 'string' },
    minutes: { type: 'string', default: '45' },
  },
})
const folder = values.keep ?? mkdtempSync(join(tmpdir(), 'cloaca-suites-'))
mkdirSync(folder, { recursive: true })
try {
  await runAll()
} finally {
  if (values.keep === undefined) rmSync(folder, { recursive: true, force: true })
}

async function runAll(): Promise<void> {
  const certificates = makeCertificates(join(folder, 'certificates'))
  const all: Record<string, { engine: Results; cpython: Results }> = {}
  for (const suite of SUITES.filter(({ name }) => positionals.length === 0 || positionals.includes(name))) {
    const { place, version } = await unpackSdist(suite.name, join(folder, suite.name))
    const python = join(place, '.venv', 'bin', 'python')
    const sides = {
      cpython: await underCPython(suite, place, version, python),
      engine: await inEngine(suite, place, version, python),
    }
    const results = { engine: await sides.engine(certificates), cpython: await sides.cpython(certificates) }
    all[suite.name] = results
    console.log(`${suite.name} ${version}: engine ${countsOf(results.engine)}; CPython ${countsOf(results.cpython)}`)
    const differences = differencesOf(results)
    for (const line of differences.slice(0, SHOWN_DIFFERENCES)) console.log(`    ${line}`)
    if (differences.length > SHOWN_DIFFERENCES) console.log(`    and ${differences.length - SHOWN_DIFFERENCES} more`)
    if (values.json !== undefined) writeFileSync(values.json, JSON.stringify(all, null, 1))
  }
}

type Side = (certificates: string) => Promise<Results>

/** Installs the packages of a suite for the engine, and prints the packages that cannot be installed. */
async function inEngine(suite: Suite, place: string, version: string, python: string): Promise<Side> {
  const cloaca = [process.execPath, MAIN]
  const environ = { VIRTUAL_ENV: join(place, '.engine'), PYTHONPATH: STAND_INS }
  await installEach('the engine', [...cloaca, 'pip', 'install'], suite, version, place, environ)
  const packages = join(place, '.cloaca', 'packages')
  const plugins = suite.usesHttpbin ? ['-p', 'httpbin_elsewhere'] : []
  return (certificates) =>
    testsOf(suite, place, [...cloaca, 'run', '-m', 'pytest', ...plugins], {
      ...environ,
      PATH: pathWith(join(packages, 'bin')),
      PYTHONPATH: [packages, STAND_INS, place].join(delimiter),
      SUITES_CERTIFICATES: certificates,
      SUITES_PYTHON: python,
    })
}

function pathWith(folder: string): string {
  return [folder, process.env.PATH ?? ''].join(delimiter)
}

async function underCPython(suite: Suite, place: string, version: string, python: string): Promise<Side> {
  if (!existsSync(python)) execFileSync(values.python, ['-m', 'venv', join(place, '.venv')])
  const needs = [...suite.needs, ...(suite.usesHttpbin ? ['pytest-httpbin', 'httpbin'] : [])]
  await installEach('CPython', [python, '-m', 'pip', 'install', '-q'], { ...suite, needs }, version, place, {})
  const environ = { PYTHONPATH: [STAND_INS, place].join(delimiter), PATH: pathWith(dirname(python)) }
  return (certificates) =>
    testsOf(suite, place, [python, '-m', 'pytest'], { ...environ, SUITES_CERTIFICATES: certificates })
}

async function installEach(
  side: string,
  command: readonly string[],
  { name, needs }: Suite,
  version: string,
  cwd: string,
  environ: Record<string, string>,
): Promise<void> {
  for (const wanted of [[`${name}==${version}`, 'pytest'], ...needs.map((need) => [need])]) {
    const { code, output } = await run([...command, ...wanted], cwd, environ)
    if (code !== 0)
      console.log(`${name}: ${side} cannot install ${wanted.join(' ')}: ${output.trimEnd().split('\n').at(-1)}`)
  }
}

async function testsOf(
  suite: Suite,
  place: string,
  command: readonly string[],
  environ: Record<string, string>,
): Promise<Results> {
  const report = join(place, `report-${Date.now()}.xml`)
  const options = [
    '-q',
    '-p',
    'no:cacheprovider',
    '--continue-on-collection-errors',
    '-W',
    'ignore',
    `--junitxml=${report}`,
  ]
  const { output } = await run([...command, ...options, ...suite.options, ...suite.tests], place, environ)
  writeFileSync(report.replace('.xml', '.log'), output)
  return existsSync(report)
    ? readResults(readFileSync(report, 'utf8'))
    : { '(the suite)': { outcome: 'failed', message: output.slice(-400) } }
}

function run(
  command: readonly string[],
  cwd: string,
  environ: Record<string, string>,
): Promise<{ readonly code: number | null; readonly output: string }> {
  const { PYTHONDONTWRITEBYTECODE: _, PYTHONUNBUFFERED: __, ...inherited } = process.env
  const [program = '', ...words] = command
  return new Promise((resolve) => {
    let output = ''
    const child = spawn(program, words, { cwd, env: { ...inherited, ...environ }, stdio: ['ignore', 'pipe', 'pipe'] })
    const timer = setTimeout(() => child.kill('SIGKILL'), Number(values.minutes) * 60_000)
    for (const stream of [child.stdout, child.stderr]) stream.setEncoding('utf8').on('data', (text) => (output += text))
    child.on('error', (error) => (output += error.message))
    child.on('close', (code) => {
      clearTimeout(timer)
      resolve({ code, output })
    })
  })
}
