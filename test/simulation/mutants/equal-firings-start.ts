import type { Mutant } from './mutant.ts'

export const mutant: Mutant = {
  file: 'src/store/steps/firing-steps.ts',
  find: 'const unkeyed = allowConcurrent ? undefined',
  replace: 'const unkeyed = allowConcurrent || seq > 0 ? undefined',
  breaks: 'Equal firings never overlap: contexts are not compared.',
}
