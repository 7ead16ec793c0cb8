/**
 * The settings file of a project: the file that the user has named, or else `cloaca.toml` or `package.json` with a key
 * `cloaca` in one folder. Folders above it are not searched, because a user who can write there could name a command to
 * run. Used by `settings.ts`.
 */

import { closeSync, fstatSync, openSync, readFileSync, type Stats } from 'node:fs'
import { createRequire } from 'node:module'
import { basename, dirname, join, resolve } from 'node:path'
import type * as smolToml from 'smol-toml'
import { UsageError } from '../errors.ts'
import { distrustReason, formatMode, isReadableByOthers } from './trusted-owner.ts'

export interface SettingsFile {
  /** Name for messages: as the user has named the file, or without its folder. */
  readonly name: string
  readonly path: string
  readonly content: unknown
  /** Mode of the file, as `chmod` takes it, if other users may read the file; else null. */
  readonly openMode: string | null
}

interface Read {
  readonly text: string
  readonly status: Stats
}

interface Content {
  readonly content: unknown
  readonly status: Stats
}

const TOML = 'cloaca.toml'
const MANIFEST = 'package.json'

/** Returns null without settings. Throws `INVALID_SETTINGS` for an unreadable or untrusted file, or for two of them. */
export function readSettingsFile(folder: string): SettingsFile | null {
  const toml = readText(folder, TOML)
  const manifest = manifestSettings(folder)
  if (toml === null) return manifest === null ? null : trustedFile(folder, MANIFEST, manifest)
  if (manifest !== null) {
    const message =
      `Both "${TOML}" and the key "cloaca" of "${MANIFEST}" contain settings. Move all settings to ` +
      `one of these files.`
    throw new UsageError('INVALID_SETTINGS', message, { path: join(folder, TOML) })
  }
  return trustedFile(folder, TOML, tomlSettings(folder, TOML, toml))
}

/** Reads a file that the user named, with any owner. Throws `INVALID_SETTINGS` if unreadable or without settings. */
export function readNamedFile(name: string): SettingsFile {
  const path = resolve(name)
  const [folder, file] = [dirname(path), basename(path)]
  const read = readText(folder, file)
  if (read === null) {
    const message = `Settings file "${name}" not found. Name an existing file with --settings or CLOACA_SETTINGS.`
    throw new UsageError('INVALID_SETTINGS', message, { path: name })
  }
  const found = file === MANIFEST ? manifestSettings(folder) : tomlSettings(folder, file, read)
  if (found === null) {
    const message = `Settings file "${name}" has no key "cloaca". Put the settings under this key.`
    throw new UsageError('INVALID_SETTINGS', message, { path: name })
  }
  return { name, path, content: found.content, openMode: openModeOf(found.status) }
}

/** Rejects a file of another user, because settings name commands. It is not ignored, because it may also restrict. */
function trustedFile(folder: string, name: string, { content, status }: Content): SettingsFile {
  const path = resolve(folder, name)
  const reason = distrustReason(path, status)
  if (reason === null) return { name, path, content, openMode: openModeOf(status) }
  const message = `Settings file "${name}" is not trusted: ${reason}`
  throw new UsageError('INVALID_SETTINGS', message, { path: join(folder, name), reason })
}

function tomlSettings(folder: string, name: string, { text, status }: Read): Content {
  try {
    return { content: parseToml(text), status }
  } catch (thrown) {
    throw unreadable(folder, name, tomlReason(thrown as smolToml.TomlError))
  }
}

/** Loads the parser on demand: it takes milliseconds, and most folders have no such file. */
function parseToml(text: string): unknown {
  const { parse } = createRequire(import.meta.url)('smol-toml') as typeof smolToml
  return parse(text)
}

/** Returns the reason without the surrounding lines of its message, which may contain a password. */
function tomlReason({ message, line, column }: smolToml.TomlError): string {
  const [first = ''] = message.replace('Invalid TOML document: ', '').split('\n', 1)
  return `${first} (line ${line}, column ${column})`
}

/** Does the same for JSON: V8 quotes the surrounding text. */
function jsonReason({ message }: Error): string {
  return message.replace(/, (?:\.\.\.)?"[\s\S]*$/, ' (invalid JSON)')
}

/** Returns the settings of a manifest; null if it has none. A manifest without the text `"cloaca"` is not parsed. */
function manifestSettings(folder: string): Content | null {
  const read = readText(folder, MANIFEST)
  if (!read?.text.includes('"cloaca"')) return null
  const manifest = parseManifest(folder, read.text)
  if (manifest === null || typeof manifest !== 'object' || !Object.hasOwn(manifest, 'cloaca')) return null
  return { content: (manifest as { readonly cloaca: unknown }).cloaca, status: read.status }
}

function parseManifest(folder: string, text: string): unknown {
  try {
    return JSON.parse(text)
  } catch (thrown) {
    throw unreadable(folder, MANIFEST, jsonReason(thrown as Error))
  }
}

function openModeOf(status: Stats): string | null {
  return isReadableByOthers(status) ? formatMode(status) : null
}

/** Reads a file without the byte order mark of some Windows editors. Returns null if there is no file. */
function readText(folder: string, name: string): Read | null {
  let descriptor: number | null = null
  try {
    descriptor = openSync(join(folder, name), 'r')
    const status = fstatSync(descriptor)
    return { text: readFileSync(descriptor, 'utf8').replace(/^\ufeff/, ''), status }
  } catch (thrown) {
    const { code, message } = thrown as NodeJS.ErrnoException
    if (code === 'ENOENT' || code === 'ENOTDIR') return null
    // A manifest that cannot be read may contain settings, but a folder has none.
    if (name === MANIFEST && code === 'EISDIR') return null
    throw unreadable(folder, name, message)
  } finally {
    if (descriptor !== null) closeSync(descriptor)
  }
}

function unreadable(folder: string, name: string, reason: string): UsageError {
  const message = `Cannot read settings file "${name}": ${reason.trimEnd()}`
  return new UsageError('INVALID_SETTINGS', message, { path: join(folder, name), reason })
}
