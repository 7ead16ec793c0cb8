import type { Mutant } from './mutant.ts'

export const mutant: Mutant = {
  file: 'src/store/steps/instances.ts',
  find: 'yield* session.all<SeqRecord>(sql.RELEASE_EXECUTIONS, seq)',
  replace: '[] as readonly SeqRecord[]',
  breaks: 'Nothing is left over: an engine that stopped owns executions.',
}
