import type { Mutant } from './mutant.ts'

export const mutant: Mutant = {
  file: 'src/store/sqlite/trigger-steps.ts',
  find: `  const active = tick.allowConcurrent
`,
  replace: `  const active = tick.allowConcurrent || seq > 0
`,
  breaks: 'Equal firings never overlap: they are not compared.',
}
