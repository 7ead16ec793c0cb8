/** Tenant of a database: a schema with cloaca's tables, or with users that `createTenant` created for it. */
export interface TenantInfo {
  readonly schemaName: string
  /** Names of the users that `createTenant` created for the schema, in alphabetical order. */
  readonly usernames: readonly string[]
  /** Size of the tables and indexes in the schema, in bytes. */
  readonly bytes: number
}
