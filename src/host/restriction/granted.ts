/**
 * Converts a user's grants to those of an interpreter. Symbolic links are resolved again at each start. Called by the
 * runner, which rejects invalid grants before anything starts, and by the starter of interpreters.
 */

import { realpathSync, statSync } from 'node:fs'
import { dirname, resolve } from 'node:path'
import { type GrantedPath, type Grants, type KeptFiles, parseNetPlace } from '../../border/grants.ts'
import type { ProcessSettings } from '../../border/protocol.ts'
import { UsageError } from '../../errors.ts'
import type { Restriction } from './restriction.ts'

const NOTHING: KeptFiles = { whole: [], modules: [], scriptModules: [] }
const FLAGS = { read: '--allow-read', write: '--allow-write' } as const

/**
 * `folders`: also readable: the folders of the scripts and of Python's packages. Throws `INVALID_ARGUMENT` for a path
 * that does not exist or cannot be granted.
 */
export function resolveGrants(restriction: Restriction, folders: readonly string[], kept = NOTHING): Grants {
  const { read = [], write = [], net = [], ffi = false } = restriction
  for (const place of net) if (parseNetPlace(place) === undefined) throw unknownPlace(place)
  const theirs = folders.filter((folder) => statusOf(folder) !== null).map((folder) => granted(folder, FLAGS.read))
  return {
    read: [...theirs, ...read.map((path) => granted(path, FLAGS.read))],
    write: write.map((path) => granted(path, FLAGS.write)),
    kept,
    net,
    ffi,
  }
}

/** Returns settings for restricted scripts: only the named variables, and no inherited descriptors. */
export function restrictedSettings(settings: ProcessSettings, { env = [] }: Restriction): ProcessSettings {
  const named = new Set(env)
  const only = (environ: Readonly<Record<string, string>>) =>
    Object.fromEntries(Object.entries(environ).filter(([name]) => named.has(name)))
  const python = { ...settings.python, environ: only(settings.python.environ) }
  const { PYTHONDONTWRITEBYTECODE: _, ...environ } = python.environ
  return {
    ...settings,
    environ: only(settings.environ),
    // Unrestricted scripts share the compiled modules.
    python: { ...python, environ: { ...environ, PYTHONDONTWRITEBYTECODE: '1' } },
    bytecodeFolder: '',
    pythonPath: named.has('PYTHONPATH') ? settings.pythonPath : [],
    handedDescriptors: [],
  }
}

function granted(path: string, flag: string): GrantedPath {
  const named = resolve(path)
  const status = statusOf(named)
  if (status === null) {
    throw unusable(flag, path, `${named} does not exist. Create it first, or grant its parent folder`)
  }
  const real = realpathSync(named)
  // Node treats it as a wildcard.
  if (`${named}${real}`.includes('*')) throw unusable(flag, path, 'it contains "*". Grant its parent folder')
  if (real === dirname(real)) throw unusable(flag, path, 'it is the root folder. Serve the scripts without --restrict')
  return { named, real, isFolder: status.isDirectory() }
}

function statusOf(path: string) {
  return statSync(path, { throwIfNoEntry: false }) ?? null
}

function unusable(flag: string, path: string, why: string): UsageError {
  return new UsageError('INVALID_ARGUMENT', `${flag} "${path}" cannot be granted: ${why}.`, { path })
}

function unknownPlace(place: string): UsageError {
  const message =
    `--allow-net "${place}" cannot be granted: it must be a host such as "example.org", a host and ` +
    `a port such as "example.org:443", "*:443", or "*".`
  return new UsageError('INVALID_ARGUMENT', message, { path: place })
}
