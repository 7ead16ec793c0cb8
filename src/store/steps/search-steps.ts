/** Steps of search. See the methods of the port that have the same names. */

import type { DatabaseCounts, SearchHit, SearchStore } from '../../engine/search/search-store.ts'
import { COUNT_ALL, FIND_IDS } from '../sql/search-sql.ts'
import { collectReplies, type RunStep, type Session, type Step, stepMethod } from '../store-session.ts'

const NONE: DatabaseCounts = { openApprovals: 0, openIncidents: 0, reactors: 0, sources: 0, graphs: 0 }

export function searchStore(run: RunStep): SearchStore {
  return {
    findNames: stepMethod(run, 'read', findNames),
    findIds: stepMethod(run, 'read', findIds),
    counts: stepMethod(run, 'read', function* (session, at) {
      return (yield* session.one<DatabaseCounts>(COUNT_ALL, at)) ?? NONE
    }),
  }
}

function* findNames(session: Session, words: readonly string[], limit: number): Step<readonly SearchHit[]> {
  const pattern = words.map((word) => word.replace(/[%_!]/g, '!$&')).join('%')
  return yield* session.all<SearchHit>(
    session.sql.search.findNames,
    `%${pattern}%`,
    words.join(' '),
    `${pattern}%`,
    limit,
  )
}

function* findIds(session: Session, prefix: string, limit: number): Step<readonly SearchHit[]> {
  const range = [prefix, `${prefix}\u{10FFFF}`, limit] as const
  return (yield* collectReplies(FIND_IDS.map((statement) => session.all<SearchHit>(statement, ...range)))).flat()
}
