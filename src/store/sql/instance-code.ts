/** The SQL of the code that engines announce, and of rows that no engine declares. */

import type { Fragments } from './fragments.ts'

/** Rows of a trigger, whose name is `$1`, and of its schedule. */
export const OF_TRIGGER = 'trigger_seq = (SELECT seq FROM triggers WHERE name = $1)'
export const OF_CRON = 'cron_seq = (SELECT seq FROM crons WHERE trigger_name = $1)'

/** Returns a condition: living engines declare a name in a column of theirs. Value: list of dead engines. */
export function declaredIn({ elements, isIn }: Fragments, column: string): (name: string) => string {
  const declared = `
  SELECT element.value FROM instances CROSS JOIN ${elements(`instances.${column}`)}
  WHERE NOT ${isIn('instances.seq', '$1', 'bigint')}`
  return (name) => `${name} IN (${declared})`
}

/**
 * Returns a statement that marks the rows that no living engine declares, and removes the marks of the others. Values:
 * list of dead engines, time.
 */
export function markUndeclared(table: string, isDeclared: string): string {
  return `
UPDATE ${table} SET undeclared_at = CASE WHEN undeclared_at IS NULL THEN CAST($2 AS bigint) END
WHERE (undeclared_at IS NULL) <> (${isDeclared})`
}

export function instanceCodeSql(fragments: Fragments) {
  const isDeclared = declaredIn(fragments, 'declared')
  return {
    markUndeclared: [
      markUndeclared('triggers', isDeclared("'poll ' || name")),
      `${markUndeclared('crons', isDeclared("'cron ' || trigger_name"))} AND trigger_name IS NOT NULL`,
    ],
    /** Returns `seq` of each engine that declares one of two names. */
    listDeclarers: `
SELECT DISTINCT instances.seq FROM instances CROSS JOIN ${fragments.elements('instances.declared')}
WHERE element.value IN ($1, $2)`,
  }
}
