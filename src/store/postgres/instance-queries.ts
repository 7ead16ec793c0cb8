/** The SQL of time for statements that are written for PostgreSQL only. */

/** The server's clock in epoch milliseconds, unless value `n` replaces it. */
export const SERVER_NOW = (n: number) =>
  `coalesce($${n}::bigint, (extract(epoch FROM clock_timestamp()) * 1000)::bigint)`
