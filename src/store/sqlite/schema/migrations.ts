/**
 * Versions of the tables, which only increase. Never edit a version after its release: add another one that changes it.
 */

import { GRAPH_TABLES } from './graph-tables.ts'
import { TABLES } from './tables.ts'

/** The first one creates version 100, and each other one upgrades the version before it. */
export const MIGRATIONS: readonly string[] = [TABLES + GRAPH_TABLES]
