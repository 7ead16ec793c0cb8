/** Flags of Node for a restricted interpreter. Used by the starter of interpreters. */

import { realpathSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { type GrantedPath, type Grants, isBelow } from '../../border/grants.ts'
import { UsageError } from '../../errors.ts'

/** `src` or `dist`. */
const CODE_FOLDER = fileURLToPath(new URL('../..', import.meta.url))
const PACKAGE_FOLDER = dirname(CODE_FOLDER)
/** Parts of the package that the addon's loader reads. */
const PACKAGE_PARTS = ['package.json', 'build', 'prebuilds']
const LOADED_PACKAGES = ['pyodide', 'better-sqlite3', 'node-gyp-build']
/** Node's wildcard for the rest of a name. */
const ANY_END = '*'
/** `node-gyp-build` chooses a binary by the existence of this file, and fails if it may not look. */
const KIND_OF_SYSTEM = '/etc/alpine-release'

/** Returns why nothing can be restricted here, or null. Node 24 cannot block a process from the network. */
export function restrictionProblem(): string | null {
  const lacks = ['--permission', '--allow-net'].find((flag) => !process.allowedNodeEnvironmentFlags.has(flag))
  if (lacks === undefined) return null
  return (
    `Node ${process.version} lacks ${lacks}, so it cannot block network access of scripts: --restrict needs ` +
    `Node 26 or newer`
  )
}

export function requireRestriction(): void {
  const problem = restrictionProblem()
  if (problem !== null) throw new UsageError('INVALID_ARGUMENT', `${problem}.`)
}

/** `files`: other files that are read at the start, such as the memory snapshot. */
export function restrictedFlags(grants: Grants, files: readonly string[]): readonly string[] {
  const { write, net } = grants
  const written = namesOf(write)
  return [
    '--permission',
    ...toldToNode(readableNames(grants, files)).map((path) => `--allow-fs-read=${path}`),
    ...toldToNode(written).map((path) => `--allow-fs-write=${path}`),
    ...(net.length > 0 ? ['--allow-net'] : []),
    '--allow-addons',
    // Without the addon, a worker listens to the engine. Both rights are dropped before a script runs.
    '--allow-worker',
    '--disallow-code-generation-from-strings',
    '--disable-proto=delete',
    // Node warns about the flags of the permission model at each start.
    '--disable-warning=ExperimentalWarning',
    '--disable-warning=SecurityWarning',
  ]
}

/** Returns the names of all files and folders that an interpreter may read: its own, `files`, and the granted ones. */
export function readableNames({ read, write }: Grants, files: readonly string[]): readonly string[] {
  return [...ownFiles(), ...files, ...namesOf(read), ...namesOf(write)]
}

/** Node compares names, so both names are granted. */
function namesOf(granted: readonly GrantedPath[]): readonly string[] {
  return granted.flatMap(({ named, real }) => [named, real])
}

/**
 * Converts paths for Node 26.10. Omits paths inside another one, because Node rejects a folder that is listed after its
 * parent. If a name is the beginning of another one (`data`, `data-old`), Node always rejects the shorter one itself,
 * so a wildcard is added to it. The interpreter checks the exact names, too.
 */
function toldToNode(paths: readonly string[]): readonly string[] {
  const told: string[] = []
  const outer = outermost(paths)
  for (const path of outer) {
    if (told.some((each) => each.endsWith(ANY_END) && path.startsWith(each.slice(0, -ANY_END.length)))) continue
    const beginsAnother = outer.some((other) => other !== path && other.startsWith(path))
    told.push(beginsAnother ? `${path}${ANY_END}` : path)
  }
  return told
}

/** Returns each path once, the shortest first, without paths inside another one. */
function outermost(paths: readonly string[]): readonly string[] {
  const found: string[] = []
  for (const path of [...new Set(paths)].sort((one, other) => one.length - other.length)) {
    if (!found.some((folder) => isBelow(path, folder))) found.push(path)
  }
  return found
}

export function ownFiles(): readonly string[] {
  const { resolve } = createRequire(import.meta.url)
  const packages = LOADED_PACKAGES.map((name) => dirname(resolve(`${name}/package.json`)))
  const own = [CODE_FOLDER, ...PACKAGE_PARTS.map((part) => join(PACKAGE_FOLDER, part)), ...packages]
  return [...own.flatMap(realPath), KIND_OF_SYSTEM]
}

function realPath(path: string): readonly string[] {
  try {
    return [realpathSync(path)]
  } catch {
    return [] // a package has binaries in only one of the places
  }
}
