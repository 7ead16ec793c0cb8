import type { Mutant } from './mutant.ts'

export const mutant: Mutant = {
  file: 'src/engine/executions/executor.ts',
  find: `      else if (run.phase !== 'running') this.#takeBack(run, index, lease)
`,
  replace: '',
  breaks: 'No task starts after an acknowledged pause: its start was stored late.',
}
