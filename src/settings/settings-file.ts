/**
 * The file in which a project has its settings: `cloaca.toml`, or `package.json` with a key `cloaca`, in one folder and in
 * none above it, since whoever may write there may name a command to run. Used by `settings.ts`.
 */

import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { join } from 'node:path'
import type * as smolToml from 'smol-toml'
import { UsageError } from '../errors.ts'

export const FILE_NAMES = ['cloaca.toml', 'package.json'] as const

export interface SettingsFile {
  readonly name: (typeof FILE_NAMES)[number]
  /** What is in it, not checked yet. */
  readonly content: unknown
}

const TOML = 'cloaca.toml'
const MANIFEST = 'package.json'

/** Null where the folder has no settings. Throws `INVALID_SETTINGS` for a file that cannot be read, and where both files have settings. */
export function readSettingsFile(folder: string): SettingsFile | null {
  const toml = textOf(folder, TOML)
  const manifest = manifestSettings(folder)
  if (toml === null) return manifest === undefined ? null : { name: MANIFEST, content: manifest }
  if (manifest !== undefined) {
    const message = `Both "${TOML}" and the key "cloaca" of "${MANIFEST}" hold settings. Move all of them to one of the two.`
    throw new UsageError('INVALID_SETTINGS', message, { path: join(folder, TOML) })
  }
  try {
    return { name: TOML, content: parseToml(toml) }
  } catch (thrown) {
    throw unreadable(folder, TOML, tomlReason(thrown as smolToml.TomlError))
  }
}

/** Loaded where it is needed: it takes some milliseconds of every start otherwise, and most folders have no such file. */
function parseToml(text: string): unknown {
  const { parse } = createRequire(import.meta.url)('smol-toml') as typeof smolToml
  return parse(text)
}

/** Its message goes on with the lines around, in which a password may stand. */
function tomlReason({ message, line, column }: smolToml.TomlError): string {
  const [first = ''] = message.replace('Invalid TOML document: ', '').split('\n', 1)
  return `${first} (line ${line}, column ${column})`
}

/** The same: V8 quotes what stands around. */
function jsonReason({ message }: Error): string {
  return message.replace(/, (?:\.\.\.)?"[\s\S]*$/, ' where none can be')
}

/** Undefined where there are none. A manifest that holds the word nowhere is of no concern, whatever it is. */
function manifestSettings(folder: string): unknown {
  const text = textOf(folder, MANIFEST)
  if (!text?.includes('"cloaca"')) return undefined
  try {
    const manifest: unknown = JSON.parse(text)
    return manifest !== null && typeof manifest === 'object' && Object.hasOwn(manifest, 'cloaca')
      ? (manifest as { readonly cloaca: unknown }).cloaca
      : undefined
  } catch (thrown) {
    throw unreadable(folder, MANIFEST, jsonReason(thrown as Error))
  }
}

/** Without the mark that some editors of Windows begin a file with; null where there is no file. */
function textOf(folder: string, name: string): string | null {
  try {
    return readFileSync(join(folder, name), 'utf8').replace(/^\ufeff/, '')
  } catch (thrown) {
    const { code, message } = thrown as NodeJS.ErrnoException
    if (code === 'ENOENT' || code === 'ENOTDIR') return null
    // Of a manifest that cannot be read nobody knows whether it has settings; one that is a folder has none.
    if (name === MANIFEST && code === 'EISDIR') return null
    throw unreadable(folder, name, message)
  }
}

function unreadable(folder: string, name: string, reason: string): UsageError {
  const message = `The settings in "${name}" cannot be read: ${reason.trimEnd()}`
  return new UsageError('INVALID_SETTINGS', message, { path: join(folder, name), reason })
}
