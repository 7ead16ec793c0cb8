/** Parses database URLs. Reads no file, so that a wrong URL and a missing folder are two errors. */

import { fileURLToPath } from 'node:url'
import { UsageError } from '../errors.ts'
import { maskedUrl } from './shown-url.ts'

export const MEMORY_PATH = ':memory:'

type DatabaseLocation =
  /** The path of a file, as written, or `:memory:`. */
  | { readonly kind: 'sqlite'; readonly path: string }
  /** `pg` reads the server and the database from the URL. */
  | { readonly kind: 'postgres'; readonly url: string }

const ACCEPTED =
  'Use sqlite://jobs.db (relative), sqlite:///srv/jobs.db (absolute), sqlite://:memory:, :memory:, a file: URI, ' +
  'postgresql://USER:PASSWORD@HOST/DATABASE, or a path that starts with "/", "./" or "../", ' +
  'or ends in .db, .sqlite or .sqlite3.'

/** Throws `INVALID_DATABASE_URL` for a text that does not name a database. */
export function parseDatabaseUrl(text: string): DatabaseLocation {
  return isPostgresUrl(text) ? { kind: 'postgres', url: text } : { kind: 'sqlite', path: pathOf(text) }
}

export function isPostgresUrl(text: string): boolean {
  return /^postgres(ql)?:\/\//i.test(text)
}

function pathOf(text: string): string {
  if (text === MEMORY_PATH) return MEMORY_PATH
  if (/^sqlite:\/\//i.test(text)) return pathAfterScheme(text)
  if (/^file:/i.test(text)) return pathOfUri(text)
  if (/^[a-z][a-z0-9+.-]*:\/\//i.test(text))
    throw invalid(text, `databases of type "${text.split(':', 1)[0]}" are not supported`)
  if (/^sqlite:/i.test(text)) throw invalid(text, 'two slashes are missing after "sqlite:"')
  if (text.trim() === '') throw invalid(text, 'it is empty')
  if (/^\.{0,2}[/\\]/.test(text) || /^[a-z]:[/\\]/i.test(text) || /\.(db|sqlite3?)$/.test(text)) return text
  throw invalid(text, 'it is neither a URL nor a file path')
}

/** The path ends at `?`. Parameters are for other drivers, and are ignored. */
function pathAfterScheme(text: string): string {
  const [rest = ''] = text.slice('sqlite://'.length).split('?', 1)
  if (rest === MEMORY_PATH || rest === `/${MEMORY_PATH}`) return MEMORY_PATH
  if (rest === '' || rest === '/') throw invalid(text, 'it contains no file name')
  if (rest.startsWith('//')) return rest.replace(/^\/+/, '/')
  return /^\/[a-z]:[/\\]/i.test(rest) ? rest.slice(1) : rest
}

/** Parses SQLite's URI. better-sqlite3 13 would use it as a file name, unless a variable is set at process start. */
function pathOfUri(text: string): string {
  const [beforeFragment = ''] = text.slice('file:'.length).split('#', 1)
  const [encoded = '', query = ''] = beforeFragment.split('?', 2)
  const parameters = new URLSearchParams(query)
  refuseUnkeepable(text, parameters)
  const path = decodedPath(text, encoded)
  if (parameters.get('mode') === 'memory' || path === MEMORY_PATH) return MEMORY_PATH
  if (path === '') throw invalid(text, 'it contains no file name')
  return path
}

function decodedPath(text: string, encoded: string): string {
  try {
    if (!encoded.startsWith('//')) return decodeURIComponent(encoded)
    const url = new URL(`file:${encoded}`)
    if (url.host === 'localhost') url.host = ''
    return fileURLToPath(url)
  } catch (error) {
    throw invalid(text, `its path cannot be decoded (${error instanceof Error ? error.message : String(error)})`)
  }
}

/** Throws for parameters that cannot be kept. The others only tune SQLite, and are ignored. */
function refuseUnkeepable(text: string, parameters: URLSearchParams): void {
  if (parameters.get('mode') === 'ro' || parameters.get('immutable') === '1') {
    const why = 'a runner must be able to write to its database, so "mode=ro" and "immutable=1" are not supported'
    throw invalid(text, why)
  }
  if (parameters.has('vfs')) throw invalid(text, 'the parameter "vfs" is not supported')
}

function invalid(text: string, why: string): UsageError {
  return new UsageError('INVALID_DATABASE_URL', `Invalid database URL "${maskedUrl(text)}": ${why}. ${ACCEPTED}`)
}
