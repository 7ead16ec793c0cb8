/**
 * Makes what an interpreter is held to of what a user granted: paths with their symbolic links resolved, looked up once more at each start.
 * Called by the runner, which refuses what cannot be granted before anything starts, and by the starter of interpreters.
 */

import { realpathSync, statSync } from 'node:fs'
import { dirname, resolve } from 'node:path'
import type { GrantedPath, Grants } from '../../border/grants.ts'
import { netPlaceOf } from '../../border/grants.ts'
import type { KeptFiles } from '../../border/kept-files.ts'
import type { ProcessSettings } from '../../border/protocol.ts'
import { UsageError } from '../../errors.ts'
import type { Restriction } from './restriction.ts'

const NOTHING: KeptFiles = { whole: [], modules: [], scriptModules: [] }
/** How a path is granted, for messages. */
const FLAGS = { read: '--allow-read', write: '--allow-write' } as const

/**
 * `folders`: what is read besides: the folder of the scripts, and those of Python's packages. Throws `INVALID_ARGUMENT` for what is not there, or
 * cannot be granted.
 */
export function grantsOf(restriction: Restriction, folders: readonly string[], kept = NOTHING): Grants {
  const { read = [], write = [], net = [], ffi = false } = restriction
  for (const place of net) if (netPlaceOf(place) === undefined) throw unknownPlace(place)
  const theirs = folders.filter((folder) => statusOf(folder) !== null).map((folder) => granted(folder, FLAGS.read))
  return {
    read: [...theirs, ...read.map((path) => granted(path, FLAGS.read))],
    write: write.map((path) => granted(path, FLAGS.write)),
    kept,
    net,
    ffi,
  }
}

/** The process as restricted scripts shall see it: nothing of the environment but what is named, and nothing that was handed to it. */
export function restrictedSettings(settings: ProcessSettings, { env = [] }: Restriction): ProcessSettings {
  const named = new Set(env)
  const only = (environ: Readonly<Record<string, string>>) =>
    Object.fromEntries(Object.entries(environ).filter(([name]) => named.has(name)))
  const python = { ...settings.python, environ: only(settings.python.environ) }
  const { PYTHONDONTWRITEBYTECODE: _, ...environ } = python.environ
  return {
    ...settings,
    environ: only(settings.environ),
    // Compiled modules are shared with scripts that are not restricted.
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
  // Node takes it for any characters.
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
  const message = `--allow-net "${place}" cannot be granted: it must be a host such as "example.org", a host and a port such as "example.org:443", "*:443", or "*".`
  return new UsageError('INVALID_ARGUMENT', message, { path: place })
}
