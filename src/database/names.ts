/**
 * Names of schemas and users, by the rules of the Python API. Pure. `python/cloaca/_values/database.py` has the same rules, so that Python
 * refuses what it promises to refuse; `test/fixtures/database-names.json` holds the two together.
 */

const LONGEST = 63
const RESERVED_SCHEMAS: ReadonlySet<string> = new Set(['public', 'pg_catalog', 'information_schema', 'pg_temp'])
/** The last two stand for other things where the server takes a role's name. */
const RESERVED_USERS: ReadonlySet<string> = new Set(['postgres', 'public', 'none'])

/** What is wrong with the name of a schema; null when nothing is. */
export function schemaNameProblem(name: string): string | null {
  return nameProblem('schema name', name, (lower) => RESERVED_SCHEMAS.has(lower))
}

/** What is wrong with the name of a user; null when nothing is. */
export function userNameProblem(name: string): string | null {
  return nameProblem('username', name, (lower) => RESERVED_USERS.has(lower) || lower.startsWith('pg_'))
}

function nameProblem(kind: string, name: string, isReserved: (lower: string) => boolean): string | null {
  if (name === '') return `${kind} cannot be empty`
  if (!/^[A-Za-z_]/.test(name)) return `${kind} must start with a letter or underscore: '${name}'`
  if (!/^[A-Za-z0-9_]+$/.test(name)) {
    return `${kind} must contain only alphanumeric characters and underscores: '${name}'`
  }
  if (name.length > LONGEST) return `${kind} must have at most ${LONGEST} characters, but has ${name.length}: '${name}'`
  return isReserved(name.toLowerCase()) ? `${kind} is reserved: '${name}'` : null
}
