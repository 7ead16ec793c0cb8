/** Where the data of a runner is. */
export interface DatabasePlace {
  readonly url: string
  /** Of PostgreSQL; made when missing. Null: the one that the URL names with `?schema=`, else the first of the user's search path. */
  readonly schema: string | null
}
