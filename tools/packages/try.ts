/**
 * Installs each package of `list.ts` into a new project, imports and uses it, and prints the table of the manual.
 *
 *     npx node tools/packages/try.ts                    all packages, from the index that pip is configured for
 *     npx node tools/packages/try.ts requests pyyaml    only these packages
 *     npx node tools/packages/try.ts --write            also writes the rows into docs/packages.md
 *
 *     npx node tools/packages/try.ts --python EXE       also tries them under this CPython, with its own pip
 *     npx node tools/packages/try.ts --python EXE --only-python   only under CPython; other columns stay unchanged
 *
 *     npx node tools/packages/try.ts --projects DIR     keeps the projects in DIR, and reuses installed ones
 *
 * Starts installed servers (Redis, PostgreSQL, MariaDB, Mosquitto, NATS) and stops them at the end. Uses the mirror in
 * `CLOACA_PYODIDE_MIRROR`, too; set it to an empty folder to use only the index. Exits with 1 if a package fails that
 * works according to docs/packages.md.
 */

import { spawn } from 'node:child_process'
import { chmodSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { PACKAGES, type Package } from './list.ts'
import { Servers } from './servers.ts'
import { pageWith, type Row, rowsOf, tableOf } from './table.ts'

const ROOT = fileURLToPath(new URL('../..', import.meta.url))
const MAIN = join(ROOT, 'src', 'cli', 'main.ts')
const USES = fileURLToPath(new URL('./uses', import.meta.url))
const PAGE = join(ROOT, 'docs', 'packages.md')

const INSTALL_WITHIN_MS = 300_000
const USE_WITHIN_MS = 90_000

interface Run {
  readonly code: number | null
  readonly output: string
}

const { values, positionals: names } = parseArgs({
  allowPositionals: true,
  options: {
    write: { type: 'boolean', default: false },
    projects: { type: 'string' },
    python: { type: 'string' },
    'only-python': { type: 'boolean', default: false },
  },
})
const chosen = PACKAGES.filter(({ requirement }) => names.length === 0 || names.includes(requirement))
const folder = mkdtempSync(join(tmpdir(), 'cloaca-packages-'))
chmodSync(folder, 0o711) // The user that runs PostgreSQL must be able to enter the folder.
try {
  process.exitCode = await tryAll()
} finally {
  rmSync(folder, { recursive: true, force: true })
}

async function tryAll(): Promise<number> {
  await using servers = await Servers.start(join(folder, 'servers'))
  const page = readFileSync(PAGE, 'utf8')
  const rows: Row[] = []
  for (const each of chosen) {
    const before = rowsOf(page).find(({ name }) => name === each.requirement)
    const tried = values['only-python'] && before ? before : await tryOne(each, servers.environ)
    const usedByPython = values.python ? await tryUnder(values.python, each, servers.environ) : before?.usedByPython
    const row = { ...tried, usedByPython: usedByPython ?? '–' }
    rows.push(row)
    console.error(`${row.name}: ${row.installed} ${row.imported} ${row.used} ${row.usedByPython} ${row.remark}`)
  }
  if (values.write)
    writeFileSync(
      PAGE,
      pageWith(
        page,
        rows,
        PACKAGES.map(({ requirement }) => requirement),
      ),
    )
  console.log(tableOf(rows))
  const promised = rowsOf(page).filter(({ used }) => used === 'yes')
  const broken = promised.filter(({ name }) => rows.some((row) => row.name === name && row.used !== 'yes'))
  for (const { name } of broken) console.error(`${name} works according to the manual, but failed here`)
  return broken.length === 0 ? 0 : 1
}

async function tryOne(
  { requirement, module, uses }: Package,
  environ: Record<string, string>,
): Promise<Omit<Row, 'usedByPython'>> {
  const project = join(values.projects ?? folder, requirement.replace(/\W/g, '_'))
  mkdirSync(project, { recursive: true })
  const inProject = (limitMs: number, ...line: readonly string[]) => run(project, line, environ, limitMs)
  const row = { name: requirement, installed: 'no', imported: 'no', used: 'no' }
  const isThere = existsSync(join(project, '.cloaca', 'packages'))
  const installed = isThere ? null : await inProject(INSTALL_WITHIN_MS, 'pip', 'install', requirement)
  if (installed !== null && installed.code !== 0) return { ...row, remark: reasonOf(installed.output) }
  const imported = await inProject(USE_WITHIN_MS, 'run', '-c', `import ${module}`)
  if (imported.code !== 0) return { ...row, installed: 'yes', remark: lastLine(imported.output) }
  const used = await inProject(USE_WITHIN_MS, 'run', join(USES, uses), requirement)
  if (values.projects === undefined) rmSync(project, { recursive: true })
  const done = /^(did|no server): (.*)$/m.exec(used.output)
  const isUsed = used.code === 0 && done !== null
  const remark = done?.[1] === 'no server' ? `no server for ${done[2]} available` : (done?.[2] ?? lastLine(used.output))
  const verdict = done?.[1] === 'no server' ? '–' : isUsed ? 'yes' : 'no'
  return { ...row, installed: 'yes', imported: 'yes', used: verdict, remark }
}

/** Tries the same use under CPython, in a new virtual environment. */
async function tryUnder(executable: string, { requirement, uses }: Package, environ: Record<string, string>) {
  const project = join(folder, 'python', requirement.replace(/\W/g, '_'))
  mkdirSync(project, { recursive: true })
  const python = join(project, 'venv', 'bin', 'python')
  const made = await start(executable, ['-m', 'venv', 'venv'], project, environ, INSTALL_WITHIN_MS)
  const pip = ['-m', 'pip', 'install', '--quiet', '--disable-pip-version-check', requirement]
  const installed = made.code === 0 ? await start(python, pip, project, environ, INSTALL_WITHIN_MS) : made
  const line = ['run', '--python', python, join(USES, uses), requirement]
  const used = installed.code === 0 ? await run(project, line, environ, USE_WITHIN_MS) : installed
  if (values.projects === undefined) rmSync(project, { recursive: true })
  const done = /^(did|no server): /m.exec(used.output)
  if (used.code !== 0 || done === null) console.error(`  under ${executable}: ${lastLine(used.output)}`)
  return done?.[1] === 'no server' ? '–' : used.code === 0 && done !== null ? 'yes' : 'no'
}

/** Runs cloaca in a folder without the system's Python packages. Variables such as `LC_ALL` stay set. */
function run(cwd: string, line: readonly string[], environ: Record<string, string>, limitMs: number): Promise<Run> {
  return start(process.execPath, [MAIN, ...line], cwd, { ...environ, VIRTUAL_ENV: cwd }, limitMs)
}

function start(
  program: string,
  words: readonly string[],
  cwd: string,
  environ: Record<string, string>,
  limitMs: number,
): Promise<Run> {
  const env: NodeJS.ProcessEnv = { ...process.env, ...environ, PYTHONPATH: '' }
  return new Promise((resolve) => {
    let output = ''
    const child = spawn(program, words, { cwd, env, stdio: ['ignore', 'pipe', 'pipe'] })
    const timer = setTimeout(() => child.kill('SIGKILL'), limitMs)
    for (const stream of [child.stdout, child.stderr]) stream.setEncoding('utf8').on('data', (text) => (output += text))
    child.on('close', (code) => {
      clearTimeout(timer)
      resolve({ code, output: code === null ? `${output}\nit did not end within ${limitMs / 1000} s` : output })
    })
  })
}

/** Returns the last message of `cloaca pip`, without the prefix "cloaca: ". */
function reasonOf(output: string): string {
  const said = output.split('\n').filter((line) => line.startsWith('cloaca: '))
  const last = said.at(-1)?.slice('cloaca: '.length) ?? lastLine(output)
  return last.length > 160 ? `${last.slice(0, 157)}…` : last
}

function lastLine(output: string): string {
  const lines = output.trimEnd().split('\n')
  const error = lines.findLast((line) => /^[\w.]*(Error|Exception|Warning)\b/.test(line))
  return (error ?? lines.at(-1) ?? '').slice(0, 160)
}
