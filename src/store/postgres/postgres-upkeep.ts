/**
 * Creates the partitions of divided tables ahead of time, and drops those whose rows have all expired. Any engine does
 * it, one at a time, with a connection of its own. If it waits for a lock, it soon gives up until the next minute,
 * because all other engines would wait for it.
 */

import { toError } from '../../errors.ts'
import type { Retention } from '../../model/retention-limits.ts'
import type { PrunedTables } from '../steps/history/retention-steps.ts'
import { DAY_MS, type DividedTable, FAMILIES, type Family, SEQS_A_DAY } from './schema/table-families.ts'
import {
  expiredParts,
  isLargePart,
  keepsExpiredRows,
  mayHaveOlderRows,
  missingPart,
  type Part,
  partSuffix,
} from './schema/table-parts.ts'
import type { PostgresAddress } from './session/address.ts'
import { failureCode, isConnectionLost, isWorthRepeating, missingPartsError } from './session/postgres-failures.ts'
import { connect, quoted, Session } from './session/postgres-session.ts'
import type { Readers } from './session/readers.ts'
import { beginUpkeep } from './session/transaction.ts'
import { SERVER_NOW } from './sql/postgres-sql-fragments.ts'

/** Lets one engine work, and none during a migration. Any user can keep an advisory lock, so it locks a table. */
const LOCK = 'LOCK TABLE cloaca_schema IN SHARE UPDATE EXCLUSIVE MODE NOWAIT'
const NO_RIGHT = '42501'

/** Parts of each family, unordered. A default partition has no bounds. Parts of administrators may end within a day. */
const LIST_PARTS = `
SELECT family, suffix, bounds[1]::float8 / day AS "fromDay", bounds[2]::float8 / day AS "untilDay", bytes
FROM (
  SELECT parent.relname AS family, substr(part.relname, length(parent.relname) + 2) AS suffix,
         regexp_match(pg_get_expr(part.relpartbound, part.oid),
                      'FROM [(]''?(-?[0-9]+)''?[)] TO [(]''?(-?[0-9]+)''?[)]') AS bounds,
         CASE parent.relname WHEN 'executions' THEN ${SEQS_A_DAY} ELSE ${DAY_MS} END AS day,
         coalesce(pg_relation_size(part.oid), 0) AS bytes
  FROM pg_inherits JOIN pg_class part ON part.oid = inhrelid JOIN pg_class parent ON parent.oid = inhparent
  WHERE inhparent = ANY ($1::text[]::regclass[])
) found WHERE bounds IS NOT NULL`

const COUNT_ROWS =
  'SELECT greatest(sum(reltuples), 1)::bigint AS count FROM pg_class WHERE oid = ANY ($1::text[]::regclass[])'

export interface UpkeepOptions {
  readonly address: PostgresAddress
  readonly readers: Readers
  readonly serverNow: () => number | null
  readonly notice: (message: string) => void
}

interface Work {
  readonly missing: { readonly family: Family; readonly fromDay: number; readonly untilDay: number }[]
  readonly over: { readonly family: Family; readonly part: Part; readonly beforeAt: number }[]
}

interface PartRecord extends Part {
  readonly family: Family['name']
}

const FAMILY_NAMES = FAMILIES.map(({ name }) => name)

/** Rows are removed one by one from the default tables and from the parts that are not dropped as a whole. */
export const PRUNED_TABLES: PrunedTables = {
  executionsPerStep: 50,
  *find(session) {
    const parts = yield* session.all<PartRecord>(LIST_PARTS, FAMILY_NAMES)
    return (family, before, at) => {
      const dated = parts.filter(
        (part) =>
          part.family === family &&
          mayHaveOlderRows(part, before) &&
          (at === null || !keepsExpiredRows(part, before, at)),
      )
      return [...dated.map((part) => partName(family, part)), `${family}_default`]
    }
  },
}

function partName(table: string, { suffix }: Pick<Part, 'suffix'>): string {
  return quoted(`${table}_${suffix}`)
}

export class Upkeep {
  readonly #options: UpkeepOptions
  #hasWarned = false

  constructor(options: UpkeepOptions) {
    this.#options = options
  }

  /**
   * Creates the missing parts, and drops those that expired under a retention. Returns the approximate number of
   * dropped rows. Other engines do not depend on it, because rows without a part are stored in the default parts.
   */
  async run(retention: Partial<Retention> | null, at: number): Promise<number> {
    const find = (session: Session): Promise<Work> => this.#find(session, retention, at)
    const { missing, over } = await this.#options.readers.run(find)
    if (missing.length === 0 && over.length === 0) return 0
    try {
      return await this.#work(find)
    } catch (thrown) {
      // A long read or another engine that does the same can cause these. The next call tries again.
      if (isWorthRepeating(thrown) || isConnectionLost(thrown) || this.#hasWarned) return 0
      this.#hasWarned = true
      const { address, notice } = this.#options
      notice(missingPartsError(address.shown, toError(thrown), failureCode(thrown) === NO_RIGHT))
      return 0
    }
  }

  async #find(session: Session, retention: Partial<Retention> | null, at: number): Promise<Work> {
    const listed = await session.all<PartRecord>(LIST_PARTS, FAMILY_NAMES)
    const now = await session.one<{ readonly at: number }>(`SELECT ${SERVER_NOW(1)} AS at`, this.#options.serverNow())
    const { missing, over }: Work = { missing: [], over: [] }
    for (const family of FAMILIES) {
      const parts = listed.filter((part) => part.family === family.name)
      const keptMs = retention === null ? undefined : retention[family.kept]
      const next = missingPart(parts, now?.at ?? at, keptMs)
      if (next !== null) missing.push({ family, ...next })
      if (keptMs === undefined || keptMs === null) continue
      const beforeAt = at - keptMs
      for (const part of expiredParts(parts, beforeAt)) {
        if (!(await isHeld(session, family, part, beforeAt))) over.push({ family, part, beforeAt })
      }
    }
    return { missing, over }
  }

  async #work(find: (session: Session) => Promise<Work>): Promise<number> {
    const { address } = this.#options
    const client = await connect(address)
    try {
      const session = new Session(client)
      await beginUpkeep(session, address, '300ms')
      await session.script(LOCK)
      const { missing, over } = await find(session)
      for (const { family, fromDay, untilDay } of missing) await makePart(session, family, fromDay, untilDay)
      let dropped = 0
      for (const each of over) dropped += await dropPart(session, each)
      await session.script('COMMIT')
      return dropped
    } finally {
      await client.end().catch(() => undefined) // Ignored: the work is done, or its error is thrown
    }
  }
}

/** Creates a part in all tables of a family. Moves the rows of its time from the default parts to it. */
async function makePart(session: Session, family: Family, fromDay: number, untilDay: number): Promise<void> {
  const defaults = family.tables.map(({ name }) => `${name}_default`)
  await session.script(`LOCK TABLE ${defaults.join(', ')} IN ACCESS EXCLUSIVE MODE`)
  const within = ({ key, day }: DividedTable) => `${key} >= ${fromDay * day} AND ${key} < ${untilDay * day}`
  const strays = family.tables.map(
    (table) => `EXISTS (SELECT 1 FROM ${table.name}_default WHERE ${within(table)}) AS ${table.name}`,
  )
  const hasStrays = (await session.one<Readonly<Record<string, boolean>>>(`SELECT ${strays.join(', ')}`)) ?? {}
  const made = family.tables.map((table) => {
    const { name, day, storage } = table
    const part = partName(name, { suffix: partSuffix(fromDay) })
    const bounds = `FOR VALUES FROM (${fromDay * day}) TO (${untilDay * day})`
    const settings = storage === undefined ? '' : ` WITH (${storage})`
    if (hasStrays[name] === false) return `CREATE TABLE ${part} PARTITION OF ${name} ${bounds}${settings}`
    return `
      CREATE TABLE ${part} (LIKE ${name} INCLUDING ALL)${settings};
      WITH stray AS (DELETE FROM ${name}_default WHERE ${within(table)} RETURNING *)
      INSERT INTO ${part} SELECT * FROM stray;
      ALTER TABLE ${name} ATTACH PARTITION ${part} ${bounds}`
  })
  await session.script(made.join(';\n'))
}

/** Returns the approximate number of its rows; 0 if it was not dropped, because rows were stored in it. */
async function dropPart(session: Session, { family, part, beforeAt }: Work['over'][number]): Promise<number> {
  const names = family.tables.map(({ name }) => partName(name, part))
  // In the order of other transactions. Without `ONLY`, all parts of the tables would be locked.
  for (const { name } of family.tables) await session.script(`LOCK TABLE ONLY ${name} IN ACCESS EXCLUSIVE MODE`)
  if (await isHeld(session, family, part, beforeAt)) return 0
  const counted = isLargePart(part) ? await session.one<{ readonly count: number }>(COUNT_ROWS, names) : undefined
  await session.script(`DROP TABLE ${names.join(', ')}`)
  return counted?.count ?? 0
}

/** Whether a part must stay, with active executions or firings, or late ends. A small part stays unless it is empty. */
async function isHeld(session: Session, { name, tables }: Family, part: Part, beforeAt: number): Promise<boolean> {
  const table = (of: string) => partName(of, part)
  const within = (key: string, day: number) => `${key} < ${part.untilDay * day} AND ${key} >= ${part.fromDay * day}`
  const holding = isLargePart(part) ? [] : tables.map((each) => `SELECT 1 FROM ${table(each.name)}`)
  if (name === 'executions') {
    holding.push(
      `SELECT 1 FROM active_executions WHERE ${within('execution_seq', SEQS_A_DAY)}`,
      `SELECT 1 FROM active_firings WHERE ${within('fired_at', DAY_MS)}`,
      `SELECT 1 FROM ${table('executions')} WHERE ended_at >= $1::bigint`,
      `SELECT 1 FROM ${table('firings')} WHERE execution_id IS NULL AND completed_at >= $1::bigint`,
    )
  }
  if (holding.length === 0) return false
  const exists = holding.map((sql) => `EXISTS (${sql})`).join(' OR ')
  const values = name === 'executions' ? [beforeAt] : []
  return (await session.one<{ readonly is_held: boolean }>(`SELECT ${exists} AS is_held`, ...values))?.is_held ?? true
}
