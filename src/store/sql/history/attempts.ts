/** The SQL of attempts. */

/** The `seq` of an execution, as an expression of its id. */
export function seqOf(id: string): string {
  return `(
  SELECT execution_seq FROM active_executions WHERE id = ${id} UNION ALL SELECT seq FROM executions WHERE id = ${id}
  LIMIT 1)`
}
