import type { Mutant } from './mutant.ts'

export const mutant: Mutant = {
  file: 'src/engine/executions/attempts/slot-queue.ts',
  find: 'if (!limit) return first',
  replace: 'return first',
  breaks: 'The values of a limit take turns: the older executions of one value delay those of all others.',
  seeds: [52],
}
