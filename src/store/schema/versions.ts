/** Versions of the tables of both databases, which are numbered alike. */

import type { SchemaDialect } from './dialect.ts'
import { tables } from './tables.ts'

/** Number of the first version. Databases from before the first release have smaller ones, and cannot be upgraded. */
const FIRST_VERSION = 100

/**
 * Returns a script for each version: the first one creates version 100, and each other one upgrades the version before
 * it. Never edit a script after the release of its version: add another one.
 */
export function migrations(dialect: SchemaDialect): readonly string[] {
  const { sequences, ownTables } = dialect
  return [sequences + tables(dialect) + ownTables].map((script) => dialect.withOwnTypes(script))
}

interface VersionFailures {
  tooNew(database: string, found: number, known: number): Error
  notUpgradable(database: string, found: number): Error
}

export class SchemaVersions {
  /** Number of the newest version. */
  readonly version: number
  readonly #migrations: readonly string[]
  readonly #failures: VersionFailures

  constructor(migrations: readonly string[], failures: VersionFailures) {
    this.version = FIRST_VERSION + migrations.length - 1
    this.#migrations = migrations
    this.#failures = failures
  }

  /** Throws for a version that cannot be upgraded. Version 0 has no tables. */
  protected assertUpgradable(found: number, database: string): void {
    if (found > this.version) throw this.#failures.tooNew(database, found, this.version)
    if (found > 0 && found < FIRST_VERSION) throw this.#failures.notUpgradable(database, found)
  }

  /** Returns the versions after one of them, and the scripts that create them. */
  protected versionsAfter(found: number): readonly { readonly version: number; readonly script: string }[] {
    const all = this.#migrations.map((script, index) => ({ version: FIRST_VERSION + index, script }))
    return all.filter(({ version }) => version > found)
  }
}
