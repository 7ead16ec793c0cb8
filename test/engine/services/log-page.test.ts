/** Pages of the log of an execution that are filtered by stream and level. */

import { describe, expect, it } from 'vitest'
import type { LogQuery, StoredLogPiece } from '../../../src/engine/log-ports.ts'
import {
  executionLogPage,
  type LogPageOptions,
  type LogPlace,
} from '../../../src/engine/services/executions/execution-log.ts'
import type { Store } from '../../../src/engine/store.ts'
import type { LogRecord } from '../../../src/model/logs/log-record.ts'

const said = (message: string, parts: Partial<LogRecord> = {}): LogRecord => ({
  ...{ at: 1, stream: 'stdout', message },
  ...parts,
})
const logged = (level: string, message = level) => said(message, { stream: 'log', level })

/** Store that has one record in each piece, and counts the pieces that were read. */
class OneLog {
  readonly #records: readonly LogRecord[]
  read = 0

  constructor(records: readonly LogRecord[]) {
    this.#records = records
  }

  get store(): Store {
    const overview = async () => ({ id: 'e', tasks: [{ taskId: 't' }] })
    return { history: { overview }, logs: { list: async (query: LogQuery) => this.#list(query) } } as unknown as Store
  }

  async messages(options: LogPageOptions): Promise<readonly string[]> {
    const found: string[] = []
    let after: LogPlace | undefined
    for (;;) {
      const page = await executionLogPage(this.store, 'e', { ...options, ...(after && { after }) })
      found.push(...page.records.map(({ message }) => message))
      if (!page.hasMore) return found
      after = page.end
    }
  }

  #list({ afterPiece = 0, limit }: LogQuery): readonly StoredLogPiece[] {
    const pieces = this.#records.slice(afterPiece, afterPiece + limit).map((record, index) => ({
      ...{ taskId: 't', attempt: 1, piece: afterPiece + index + 1, records: 1, bytes: 9 },
      ...{ cutRecords: record.stream === 'cut' ? 7 : 0, cutBytes: 0, text: `${JSON.stringify(record)}\n` },
    }))
    this.read += pieces.length
    return pieces
  }
}

const MIXED = [
  ...[said('out'), said('err', { stream: 'stderr' }), logged('DEBUG'), logged('INFO'), logged('NOTICE')],
  ...[logged('WARNING'), logged('ERROR'), logged('CRITICAL')],
]

describe('a page of the log', () => {
  it.each<[LogPageOptions, readonly string[]]>([
    [{}, MIXED.map(({ message }) => message)],
    [{ stream: 'stdout' }, ['out']],
    [{ stream: 'stderr' }, ['err']],
    [{ stream: 'log' }, ['DEBUG', 'INFO', 'NOTICE', 'WARNING', 'ERROR', 'CRITICAL']],
    [{ level: 'INFO' }, ['out', 'err', 'INFO', 'NOTICE', 'WARNING', 'ERROR', 'CRITICAL']],
    [{ level: 'WARNING' }, ['err', 'WARNING', 'ERROR', 'CRITICAL']],
    [{ level: 'CRITICAL' }, ['CRITICAL']],
    [{ level: 'ERROR', stream: 'log' }, ['ERROR', 'CRITICAL']],
    [{ level: 'ERROR', stream: 'stderr' }, []],
  ])('has only the records that pass the filter %j, also if each page has one record', async (options, expected) => {
    expect(await new OneLog(MIXED).messages(options)).toEqual(expected)
    expect(await new OneLog(MIXED).messages({ ...options, limit: 1 })).toEqual(expected)
  })

  it('reads a limited part of the log if no record passes, and continues after it', async () => {
    const log = new OneLog([...Array.from({ length: 1_000 }, () => said('line')), logged('ERROR', 'found')])

    const first = await executionLogPage(log.store, 'e', { level: 'ERROR' })

    expect(first).toMatchObject({ records: [], hasMore: true })
    expect(log.read).toBe(256)
    expect(await log.messages({ level: 'ERROR' })).toEqual(['found'])
  })

  it.each([{ level: 'LOUD' }, { stream: 'stdin' }])('is refused for an unknown value: %j', async (wrong) => {
    const page = executionLogPage(new OneLog(MIXED).store, 'e', wrong as LogPageOptions)

    await expect(page).rejects.toMatchObject({ code: 'INVALID_ARGUMENT' })
  })
})
