import { RESTORED_WHILE_RUNNING } from '../programs/restored-while-running.ts'
import type { Mutant } from './mutant.ts'

export const mutant: Mutant = {
  file: 'src/store/sql-store.ts',
  find: 'const enter = isOther ? instances.register : instances.openInstance',
  replace: 'const enter = instances.openInstance',
  breaks: 'Accepted executions end: those that run in a restored database stay Running.',
  program: RESTORED_WHILE_RUNNING,
}
