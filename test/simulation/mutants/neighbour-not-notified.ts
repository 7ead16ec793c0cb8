import type { Mutant } from './mutant.ts'

export const mutant: Mutant = {
  file: 'src/store/sqlite/sqlite-database.ts',
  find: 'this.instances.size > 1 ?',
  replace: 'this.instances.size < 0 ?',
  breaks:
    'No poll runs for a disabled trigger: an engine is not notified of a change by another one on its store object.',
}
