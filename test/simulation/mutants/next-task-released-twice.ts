import { ABANDONED_TASK } from '../programs/abandoned-task.ts'
import type { Mutant } from './mutant.ts'

export const mutant: Mutant = {
  file: 'src/engine/executions/run-state.ts',
  find: `      if (task.status !== 'NotStarted') begun.push(task)
`,
  replace: `      if (task.status !== 'NotStarted' && task.status !== 'Waiting') this.#resume(task, at, step)
      else if (task.status !== 'NotStarted') begun.push(task)
`,
  breaks: 'A task runs once at a time: the task after an abandoned one starts twice.',
  program: ABANDONED_TASK,
}
