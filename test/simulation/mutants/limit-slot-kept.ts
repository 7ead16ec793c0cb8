import type { Mutant } from './mutant.ts'

export const mutant: Mutant = {
  file: 'src/engine/executions/task-state.ts',
  find: '...(task.hasSlots && { slots:',
  replace: '...(task.attempts < 0 && { slots:',
  breaks: 'Every accepted execution ends: an attempt that has ended gives no slot of a limit back.',
  seeds: [2],
}
