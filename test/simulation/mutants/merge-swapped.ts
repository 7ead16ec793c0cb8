import type { Mutant } from './mutant.ts'

export const mutant: Mutant = {
  file: 'src/engine/executions/ready.ts',
  find: 'codec.merge(present)',
  replace: 'codec.merge(present.reverse())',
  breaks: 'The input is the merge of the outputs in the order of declaration.',
}
