/** What Node is told when it starts a restricted interpreter. Used by the starter of interpreters. */

import { realpathSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { type GrantedPath, type Grants, isBelow } from '../../border/grants.ts'
import { UsageError } from '../../errors.ts'

/** `src` or `dist`, and the package around it. */
const CODE_FOLDER = fileURLToPath(new URL('../..', import.meta.url))
const PACKAGE_FOLDER = dirname(CODE_FOLDER)
/** Of the package: what its code looks into to load the addon. */
const PACKAGE_PARTS = ['package.json', 'build', 'prebuilds']
const LOADED_PACKAGES = ['pyodide', 'better-sqlite3', 'node-gyp-build']
/** How Node is told of any end of a name. */
const ANY_END = '*'
/** Whether it is there tells which build of a binary fits (`node-gyp-build`, which fails where it may not look). */
const KIND_OF_SYSTEM = '/etc/alpine-release'

/** Why nothing can be restricted here; null where it can. Node 24 cannot keep a process from the network. */
export function restrictionProblem(): string | null {
  const lacks = ['--permission', '--allow-net'].find((flag) => !process.allowedNodeEnvironmentFlags.has(flag))
  if (lacks === undefined) return null
  return `Node ${process.version} lacks ${lacks}, so it cannot block network access of scripts: --restrict needs Node 26 or newer`
}

/** Throws `INVALID_ARGUMENT` where nothing can be restricted. */
export function requireRestriction(): void {
  const problem = restrictionProblem()
  if (problem !== null) throw new UsageError('INVALID_ARGUMENT', `${problem}.`)
}

/** `files`: what the interpreter reads besides at its start, such as its memory snapshot. */
export function restrictedFlags(grants: Grants, files: readonly string[]): readonly string[] {
  const { write, net } = grants
  const written = namesOf(write)
  return [
    '--permission',
    ...toldToNode(readableNames(grants, files)).map((path) => `--allow-fs-read=${path}`),
    ...toldToNode(written).map((path) => `--allow-fs-write=${path}`),
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

/** Returns the names of all files and folders that an interpreter may read: its own, `files`, and the granted ones. */
export function readableNames({ read, write }: Grants, files: readonly string[]): readonly string[] {
  return [...ownFiles(), ...files, ...namesOf(read), ...namesOf(write)]
}

/** Node compares names: whatever a script calls them, they are opened by one of the two. */
function namesOf(granted: readonly GrantedPath[]): readonly string[] {
  return granted.flatMap(({ named, real }) => [named, real])
}

/**
 * As Node 26.10 takes them: without what is in another one, for it refuses a folder that it is told behind that. Where the name of another
 * begins with that of one (`data`, `data-old`) it always refuses the shorter itself, though not what is in it; so it is told to take whatever
 * begins so. What scripts may reach is looked at by the interpreter, too, which keeps to the names.
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

/** The shortest first, each once, and none that is in another one. */
function outermost(paths: readonly string[]): readonly string[] {
  const found: string[] = []
  for (const path of [...new Set(paths)].sort((one, other) => one.length - other.length)) {
    if (!found.some((folder) => isBelow(path, folder))) found.push(path)
  }
  return found
}

/** Files and folders of cloaca's own code. */
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
    return [] // a package has binaries in one place or the other
  }
}
