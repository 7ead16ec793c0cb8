import type { Mutant } from './mutant.ts'

export const mutant: Mutant = {
  file: 'src/store/steps/polls.ts',
  find: `  const active = tick.allowConcurrent
`,
  replace: `  const active = tick.allowConcurrent || seq > 0
`,
  breaks: 'Equal firings never overlap: they are not compared.',
}
