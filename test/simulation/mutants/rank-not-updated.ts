import type { Mutant } from './mutant.ts'

export const mutant: Mutant = {
  file: 'src/store/sql/executions/execution-sql.ts',
  find: 'rank = -2 * priority - 1,',
  replace: 'rank = -2 * priority,',
  breaks: 'Executions that have begun precede new ones of their priority.',
}
