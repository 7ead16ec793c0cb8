import type { Mutant } from './mutant.ts'

export const mutant: Mutant = {
  file: 'src/store/sqlite/executions/execution-queries.ts',
  find: `SET paused_at = ?, status = iif(? IS NULL, iif(owner_seq IS NULL, 'Pending', 'Running'), 'Paused'), request = NULL
WHERE seq = ? AND request_number = ?`,
  replace: `SET paused_at = ?, status = iif(? IS NULL, iif(owner_seq IS NULL, 'Pending', 'Running'), 'Paused'), request = NULL
WHERE seq = ? AND request_number >= ?`,
  breaks: 'An answer stays true: an old pause is applied after a newer resume.',
}
