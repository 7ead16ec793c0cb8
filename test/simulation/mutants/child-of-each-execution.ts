import type { Mutant } from './mutant.ts'

export const mutant: Mutant = {
  file: 'src/engine/chains/task-chains.ts',
  find: 'const of: NameInChain = { chainId: attempt.chainId,',
  replace: 'const of: NameInChain = { chainId: attempt.executionId,',
  breaks: 'A key starts one child in a chain: a retry starts another child.',
}
