/** Database and schema of a runner. */
export interface DatabasePlace {
  readonly url: string
  /** Schema of PostgreSQL, created if missing. Null: `schema` of the URL, or the user's search path. */
  readonly schema: string | null
}
