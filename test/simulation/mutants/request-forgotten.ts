import type { Mutant } from './mutant.ts'

export const mutant: Mutant = {
  file: 'src/store/sqlite/executions/request-steps.ts',
  find: '  if (request === null) return { pausedAt, cancelRequestedAt, cancel: null }',
  replace: '  if (request === null || seq > 0) return { pausedAt, cancelRequestedAt, cancel: null }',
  breaks: 'Callers are answered: the next owner does not apply the request that waits.',
}
