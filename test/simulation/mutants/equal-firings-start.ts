import type { Mutant } from './mutant.ts'

export const mutant: Mutant = {
  file: 'src/store/steps/polls.ts',
  find: 'const finding = tick.allowConcurrent ? null',
  replace: 'const finding = tick.allowConcurrent || seq > 0 ? null',
  breaks: 'Equal firings never overlap: they are not compared.',
}
