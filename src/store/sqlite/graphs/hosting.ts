/** Parts of the store of graphs on SQLite: liveness and declarations. */

import type { RunStep } from '../../session.ts'
import { markUndeclared } from '../../steps/declared-graphs.ts'
import type { GraphHosting } from '../../steps/graphs.ts'
import { accept } from '../../steps/sources.ts'
import type { Declarations } from '../declarations.ts'
import type { SqliteSession } from '../file/session.ts'
import type { Liveness } from '../instance-steps.ts'

export function graphHosting(
  run: RunStep,
  session: SqliteSession,
  liveness: Liveness,
  declarations: Declarations,
): GraphHosting {
  return {
    accept: async (events) => {
      const [answer] = await run('accept', (session) => accept(session, [events], () => true))
      return answer ?? { kind: 'unknown' }
    },
    deadSeqs: function* (_session, instanceId) {
      return liveness.deadSeqs(session.connection, instanceId)
    },
    keepDeclared: (instanceId, names) => {
      const isDeclaring = names.length > 0 || declarations.has(instanceId, 'graphs')
      declarations.keep(instanceId, 'graphs', (_connection, at, deadSeqs) =>
        markUndeclared(session, instanceId, names, at, deadSeqs),
      )
      if (names.length === 0) declarations.drop(instanceId, 'graphs')
      return isDeclaring
    },
  }
}
