/** What Node is told when it starts a restricted interpreter. Used by the starter of interpreters. */

import { realpathSync, statSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { type Grants, isBelow } from '../../border/grants.ts'
import { UsageError } from '../../errors.ts'

/** `src` or `dist`, and the package around it. */
const CODE_FOLDER = fileURLToPath(new URL('../..', import.meta.url))
const PACKAGE_FOLDER = dirname(CODE_FOLDER)
/** Of the package: what its code looks into to load the addon. */
const PACKAGE_PARTS = ['package.json', 'build', 'prebuilds']
const LOADED_PACKAGES = ['pyodide', 'better-sqlite3', 'node-gyp-build']
/** Whether it is there tells which build of a binary fits (`node-gyp-build`, which fails where it may not look). */
const KIND_OF_SYSTEM = '/etc/alpine-release'

/** Why nothing can be restricted here; null where it can. Node 24 cannot keep a process from the network. */
export function restrictionProblem(): string | null {
  const lacks = ['--permission', '--allow-net'].find((flag) => !process.allowedNodeEnvironmentFlags.has(flag))
  if (lacks === undefined) return null
  return `Node ${process.version} has no ${lacks}, without which the network cannot be closed to scripts: --restrict needs Node 26 or newer`
}

/** Throws `INVALID_ARGUMENT` where nothing can be restricted. */
export function requireRestriction(): void {
  const problem = restrictionProblem()
  if (problem !== null) throw new UsageError('INVALID_ARGUMENT', `${problem}.`)
}

/** `files`: what the interpreter reads besides at its start, such as its memory snapshot. */
export function restrictedFlags({ read, write, net }: Grants, files: readonly string[]): readonly string[] {
  const written = write.map(({ real }) => real)
  const readable = [...ownFiles(), ...files, ...read.map(({ real }) => real), ...written]
  return [
    '--permission',
    ...apart(readable).map((path) => `--allow-fs-read=${path}`),
    ...apart(written).map((path) => `--allow-fs-write=${path}`),
    ...(net.length > 0 ? ['--allow-net'] : []),
    '--allow-addons',
    // Where the addon is missing, a worker listens to the engine. Both rights are given up before a script runs.
    '--allow-worker',
    '--disallow-code-generation-from-strings',
    '--disable-proto=delete',
    // Of the permission model's own flags, at each start.
    '--disable-warning=ExperimentalWarning',
    '--disable-warning=SecurityWarning',
  ]
}

/**
 * Each path that is in none of the others, as Node 26.10 takes it: it refuses a folder that it is given behind what is in it, and
 * always one whose name another one begins with.
 */
function apart(paths: readonly string[]): readonly string[] {
  const found: string[] = []
  for (const path of [...new Set(paths)].sort((one, other) => one.length - other.length)) {
    if (found.some((folder) => isBelow(path, folder))) continue
    const shorter = found.find((each) => path.startsWith(each) && statSync(each).isDirectory())
    if (shorter !== undefined) throw besideLonger(shorter, path)
    found.push(path)
  }
  return found
}

function besideLonger(shorter: string, longer: string): UsageError {
  const why = `the name of "${longer}", which is read too, begins with it, and Node would refuse it`
  const message = `"${shorter}" cannot be granted to restricted scripts: ${why}. Rename one of them, or grant the folder above.`
  return new UsageError('INVALID_ARGUMENT', message, { path: shorter })
}

function ownFiles(): readonly string[] {
  const { resolve } = createRequire(import.meta.url)
  const packages = LOADED_PACKAGES.map((name) => dirname(resolve(`${name}/package.json`)))
  const own = [CODE_FOLDER, ...PACKAGE_PARTS.map((part) => join(PACKAGE_FOLDER, part)), ...packages]
  return [...own.flatMap(realPath), KIND_OF_SYSTEM]
}

function realPath(path: string): readonly string[] {
  try {
    return [realpathSync(path)]
  } catch {
    return [] // a package has binaries in one place or the other
  }
}
