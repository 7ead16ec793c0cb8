import type { Mutant } from './mutant.ts'

export const mutant: Mutant = {
  file: 'src/engine/chains/task-chains.ts',
  find: 'checkedText, codec, attempt.priority)',
  replace: 'checkedText, codec)',
  breaks: 'A child has the priority of its origin.',
  seeds: [126],
}
