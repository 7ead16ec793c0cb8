/** Addresses of found things. */

import type { SearchResult } from '../api/answer-types.ts'
import { addressFor } from '../routing/location.ts'

const SECTIONS: Readonly<Record<SearchResult['kind'], string>> = {
  ...{ execution: 'executions', trigger: 'triggers', workflow: 'workflows', approval: 'approvals' },
  ...{ 'cron trigger': 'schedules', schedule: 'schedules' },
  ...{ reactor: 'reactors', source: 'sources', graph: 'graphs' },
}

export function addressOfHit({ kind, id }: Pick<SearchResult, 'kind' | 'id'>): string {
  return addressFor(SECTIONS[kind], id)
}
