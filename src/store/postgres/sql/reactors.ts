/** See `OwnSql`. Locks the graphs in the order of their names, so that two deliveries never wait for each other. */
export const PASS_TO_GRAPH = `
WITH passed AS (
  SELECT graphs.seq, g.after
  FROM unnest($1::text[], $2::text[], $3::bigint[], $4::bigint[]) AS g (name, reactor, before, after)
  JOIN graphs ON graphs.name = g.name AND graphs.reactor = g.reactor AND graphs.done_sequence = g.before
  ORDER BY graphs.name FOR NO KEY UPDATE OF graphs
)
UPDATE graphs SET done_sequence = passed.after FROM passed WHERE graphs.seq = passed.seq RETURNING graphs.name`
