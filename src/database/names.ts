/**
 * Names of schemas and users, by the rules of the Python API. `python/cloaca/_values/database.py` has the same rules,
 * and `test/fixtures/database-names.json` tests both. Pure.
 */

const LONGEST = 63
const RESERVED_SCHEMAS: ReadonlySet<string> = new Set(['public', 'pg_catalog', 'information_schema', 'pg_temp'])
/** The server gives the last two another meaning in place of a role. */
const RESERVED_USERS: ReadonlySet<string> = new Set(['postgres', 'public', 'none'])

/** Returns the error in the name of a schema, or null. */
export function schemaNameProblem(name: string): string | null {
  return nameProblem('schema name', name, (lower) => RESERVED_SCHEMAS.has(lower))
}

/** Returns the error in the name of a user, or null. */
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
