import type { Mutant } from './mutant.ts'

export const mutant: Mutant = {
  file: 'src/store/sql/executions/execution-key-sql.ts',
  find: 'DO NOTHING RETURNING',
  replace: 'DO UPDATE SET execution_id = excluded.execution_id RETURNING',
  breaks: 'A key starts its workflow once: of two simultaneous starts, both create an execution.',
}
