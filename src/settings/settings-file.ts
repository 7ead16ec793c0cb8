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
import { distrust, isReadableByOthers, shownMode } from './trusted-owner.ts'

export interface SettingsFile {
  /** Name for messages: as the user has named the file, or without its folder. */
  readonly name: string
  /** Absolute. */
  readonly path: string
  /** Settings that are not checked yet. */
  readonly content: unknown
  /** Its mode, as `chmod` takes it, if users other than its owner may read it; else null. */
  readonly openMode: string | null
}

interface Read {
  readonly text: string
  readonly status: Stats
}

/** Settings of a file. */
interface Content {
  readonly content: unknown
  readonly status: Stats
}

const TOML = 'cloaca.toml'
const MANIFEST = 'package.json'

/**
 * Null where the folder has no settings. Throws `INVALID_SETTINGS` for a file that cannot be read or that other users may change, and where
 * both files have settings.
 */
export function readSettingsFile(folder: string): SettingsFile | null {
  const toml = readText(folder, TOML)
  const manifest = manifestSettings(folder)
  if (toml === null) return manifest === null ? null : trustedFile(folder, MANIFEST, manifest)
  if (manifest !== null) {
    const message = `Both "${TOML}" and the key "cloaca" of "${MANIFEST}" contain settings. Move all settings to one of these files.`
    throw new UsageError('INVALID_SETTINGS', message, { path: join(folder, TOML) })
  }
  return trustedFile(folder, TOML, tomlSettings(folder, TOML, toml))
}

/**
 * Reads the file that the user has named, regardless of its owner. Throws `INVALID_SETTINGS` for a file that is
 * missing, cannot be read, or has no settings.
 */
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

/** Settings name commands to run, and lift restrictions. They are refused rather than ignored, because they may also restrict. */
function trustedFile(folder: string, name: string, { content, status }: Content): SettingsFile {
  const path = resolve(folder, name)
  const reason = distrust(path, status)
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
  return isReadableByOthers(status) ? shownMode(status) : null
}

/** Without the mark that some editors of Windows begin a file with; null where there is no file. */
function readText(folder: string, name: string): Read | null {
  let descriptor: number | null = null
  try {
    descriptor = openSync(join(folder, name), 'r')
    const status = fstatSync(descriptor)
    return { text: readFileSync(descriptor, 'utf8').replace(/^\ufeff/, ''), status }
  } catch (thrown) {
    const { code, message } = thrown as NodeJS.ErrnoException
    if (code === 'ENOENT' || code === 'ENOTDIR') return null
    // Of a manifest that cannot be read nobody knows whether it has settings; one that is a folder has none.
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
