/**
 * Databases that a restricted script asks the engine for, with `cloaca.DefaultRunner` or `cloaca.DatabaseAdmin`. The
 * engine may open any database, so it compares each with the grants of the script. Called by `runner/composition.ts`.
 *
 * Proved by `test/restricted/databases.test.ts`.
 */

import { lstatSync, realpathSync } from 'node:fs'
import { basename, dirname, join, resolve } from 'node:path'
import { isWithin, NetGrants } from '../border/grants.ts'
import { isKeptFile } from '../border/kept-files.ts'
import type { DatabasePlace } from '../database/database-place.ts'
import { maskedUrl } from '../database/shown-url.ts'
import { MEMORY_PATH, parseDatabaseUrl } from '../database/url.ts'
import { resolveGrants } from '../host/restriction/granted.ts'
import type { ScriptRestriction } from '../host/restriction/restriction.ts'
import { PythonRefusal, type ScriptCall } from '../host/script-call.ts'

/** Restricted methods, with the exception that Python documents for their failure. */
const ASKED: Readonly<Record<string, readonly [exception: string, failure: string]>> = {
  'runner.open': ['RuntimeError', 'Failed to create DefaultRunner: '],
  'tenants.create': ['RuntimeError', 'Failed to create tenant: '],
  'tenants.remove': ['RuntimeError', 'Failed to remove tenant: '],
}
const POSTGRES_PORT = 5432
/** Parameters of a URL that select another server. */
const OTHER_SERVERS = ['host', 'hostaddr', 'port', 'service']

/** Throws a `PythonRefusal`. `isServed`: whether it is the engine's own database, which scripts may use. */
export function refuseUngranted(
  { method, payload, restriction }: ScriptCall,
  isServed: (database: DatabasePlace) => boolean,
): void {
  const [exception, failure] = ASKED[method] ?? []
  if (restriction === null || exception === undefined) return
  const { url, schema = null } = payload as { readonly url: string; readonly schema?: string | null }
  const problem = isServed({ url, schema }) && method === 'runner.open' ? null : problemOf(url, restriction)
  if (problem !== null) throw new PythonRefusal(exception, `${failure}${problem}`)
}

function problemOf(url: string, restriction: ScriptRestriction): string | null {
  const location = locationOf(url)
  if (location === null) return null // The opener reports the error in it.
  const grants = resolveGrants(restriction, [])
  const shown = `the script is restricted and may not use the database "${maskedUrl(url)}"`
  if (location.kind === 'postgres') {
    return isGrantedServer(url, new NetGrants(grants.net)) ? null : `${shown}. Grant --allow-net for its server`
  }
  if (location.path === MEMORY_PATH) return null
  const file = realFileOf(location.path)
  const folders = [restriction.folder, process.cwd()].map((each) => realpathSync(each))
  const kept = { whole: [], modules: folders, scriptModules: folders }
  if (file !== null && isWithin(dirname(file), grants.write) && !isKeptFile(file, grants.write, kept)) return null
  return `${shown}. Grant --allow-write for its folder`
}

function locationOf(url: string) {
  try {
    return parseDatabaseUrl(url)
  } catch {
    return null
  }
}

function isGrantedServer(url: string, net: NetGrants): boolean {
  const parsed = URL.parse(url)
  if (parsed === null) return net.allows('*', POSTGRES_PORT)
  const isElsewhere = OTHER_SERVERS.some((name) => parsed.searchParams.has(name))
  const host = isElsewhere ? '*' : parsed.hostname.replace(/^\[|\]$/g, '')
  return net.allows(host, Number(parsed.port) || POSTGRES_PORT)
}

/** Returns the target of a link; null if there cannot be one, and for a dangling link. */
function realFileOf(path: string): string | null {
  const whole = resolve(path)
  try {
    const isThere = lstatSync(whole, { throwIfNoEntry: false }) !== undefined
    return isThere ? realpathSync(whole) : join(realpathSync(dirname(whole)), basename(whole))
  } catch {
    return null
  }
}
