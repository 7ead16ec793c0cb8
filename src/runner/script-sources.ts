/**
 * Finds the scripts that a path or a module name stands for. Used by the runner, before Python hears of them.
 */

import { type Dirent, readdirSync, statSync } from 'node:fs'
import { join, resolve } from 'node:path'
import type { LoadTarget } from '../border/protocol.ts'
import { UsageError } from '../errors.ts'

export interface ScriptSource {
  /** What messages call it, and the engine routes by: the path or module name as the user gave it. */
  readonly script: string
  readonly target: LoadTarget
}

const MODULE_NAME = /^[A-Za-z_]\w*(\.[A-Za-z_]\w*)*$/

/**
 * A file is one script; a folder is every `.py` file in it whose name starts neither with `_` nor with `.`, in order
 * of the names; anything else that looks like one is the name of a module. Throws `INVALID_ARGUMENT` for the rest.
 */
export function scriptsAt(place: string): readonly ScriptSource[] {
  const status = statSync(place, { throwIfNoEntry: false })
  if (status?.isDirectory()) return scriptsInFolder(place)
  if (status !== undefined) return [fileSource(place)]
  if (MODULE_NAME.test(place) && !place.endsWith('.py')) {
    return [{ script: place, target: { kind: 'module', name: place } }]
  }
  throw new UsageError('INVALID_ARGUMENT', `There is no file or folder "${place}". Check the path.`, { script: place })
}

function scriptsInFolder(folder: string): ScriptSource[] {
  const scripts = readdirSync(folder, { withFileTypes: true })
    .filter(isScript)
    .map((entry) => fileSource(join(folder, entry.name)))
    .sort((a, b) => (a.script < b.script ? -1 : 1))
  if (scripts.length > 0) return scripts
  throw new UsageError('INVALID_ARGUMENT', `The folder "${folder}" holds no Python file (*.py).`, { script: folder })
}

function isScript(entry: Dirent): boolean {
  return !entry.isDirectory() && entry.name.endsWith('.py') && !/^[_.]/.test(entry.name)
}

function fileSource(path: string): ScriptSource {
  return { script: path, target: { kind: 'file', path: resolve(path) } }
}
