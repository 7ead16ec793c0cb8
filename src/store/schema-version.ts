/**
 * Number of the first version of the schema, on both databases. A database with a smaller number cannot be upgraded.
 */
export const FIRST_SCHEMA_VERSION = 100
