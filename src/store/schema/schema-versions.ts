/** Versions of the tables of both databases, which are numbered alike. */

import { type ErrorFacts, StoreError } from '../../errors.ts'
import type { SchemaDialect } from './schema-dialect.ts'
import { tables } from './tables.ts'

/** Number of the first version. Databases from before the first release have smaller ones, and cannot be upgraded. */
const FIRST_VERSION = 100

/** Returns a script for each version, starting with 100. Never edit a released script: add another one. */
export function migrations(dialect: SchemaDialect): readonly string[] {
  const { sequences, ownTables } = dialect
  return [sequences + tables(dialect) + ownTables].map((script) => dialect.withOwnTypes(script))
}

interface VersionTexts {
  /** Another place for the tables. */
  readonly other: string
  /** How to start with empty tables: one or two sentences. */
  readonly remedy: string
  option(shown: string): string
  facts(shown: string): ErrorFacts
}

export class SchemaVersions {
  readonly version: number
  readonly #migrations: readonly string[]
  readonly #texts: VersionTexts

  constructor(migrations: readonly string[], texts: VersionTexts) {
    this.version = FIRST_VERSION + migrations.length - 1
    this.#migrations = migrations
    this.#texts = texts
  }

  /** Throws if a version cannot be upgraded. Version 0 has no tables. */
  protected assertUpgradable(found: number, shown: string): void {
    const { facts, other, remedy } = this.#texts
    if (found > this.version) {
      const reason = `this cloaca supports up to ${this.version}. Update cloaca, or use ${other}.`
      throw new StoreError('DATABASE_TOO_NEW', `${writtenBy('a newer', shown, found)}, but ${reason}`, facts(shown))
    }
    if (found === 0 || found >= FIRST_VERSION) return
    const message = `${writtenBy('an older', shown, found)}, which this cloaca cannot upgrade. ${remedy}`
    throw new StoreError('DATABASE_TOO_OLD', message, facts(shown))
  }

  /** Throws if a writer would upgrade the version, or if it is version 0. */
  protected assertNewest(found: number, shown: string): void {
    if (found === this.version) return
    const { facts, option } = this.#texts
    const command = `cloaca serve SCRIPT.py --db ${option(shown)}`
    if (found === 0) {
      const advice = `Check its name, or create them with: ${command}`
      const message = `Database "${shown}" contains no tables of cloaca. ${advice}`
      throw new StoreError('DATABASE_UNAVAILABLE', message, facts(shown))
    }
    const reason = `this cloaca needs ${this.version}. Upgrade it with: ${command}`
    throw new StoreError('DATABASE_TOO_OLD', `${writtenBy('an older', shown, found)}, but ${reason}`, facts(shown))
  }

  protected versionsAfter(found: number): readonly { readonly version: number; readonly script: string }[] {
    const all = this.#migrations.map((script, index) => ({ version: FIRST_VERSION + index, script }))
    return all.filter(({ version }) => version > found)
  }
}

function writtenBy(version: string, shown: string, found: number): string {
  return `Database "${shown}" was written by ${version} cloaca: it has schema version ${found}`
}
