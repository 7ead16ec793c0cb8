/** Dumps the tables of a PostgreSQL schema as SQL, without the daily partitions. */

import { administer } from './postgres-server.ts'

/** Query for tables with their partitions, sequences without a column, and indexes without a constraint. */
const OBJECTS = `
WITH relations AS (
  SELECT c.oid, c.relname::text AS name, c.relkind, p.relname::text AS parent, pg_get_partkeydef(c.oid) AS key,
         pg_get_expr(c.relpartbound, c.oid) AS bound, array_to_string(c.reloptions, ', ') AS options
  FROM pg_class c LEFT JOIN pg_inherits i ON i.inhrelid = c.oid LEFT JOIN pg_class p ON p.oid = i.inhparent
  WHERE c.relnamespace = current_schema()::regnamespace AND c.relkind IN ('r', 'p') AND c.relname !~ '_[0-9]{8}$'
), columns AS (
  SELECT attrelid, attnum AS place, concat_ws(' ', attname, format_type(atttypid, atttypmod),
         CASE WHEN collname = 'C' THEN 'COLLATE "C"' END,
         CASE WHEN attidentity = 'a' THEN 'GENERATED ALWAYS AS IDENTITY' END,
         CASE WHEN attnotnull THEN 'NOT NULL' END, 'DEFAULT ' || pg_get_expr(adbin, adrelid)) AS line
  FROM pg_attribute LEFT JOIN pg_collation ON pg_collation.oid = attcollation
  LEFT JOIN pg_attrdef ON adrelid = attrelid AND adnum = attnum WHERE attnum > 0 AND NOT attisdropped
), constraints AS (
  SELECT conrelid, row_number() OVER (ORDER BY contype <> 'p', conname) + 10000, pg_get_constraintdef(oid)
  FROM pg_constraint WHERE contype <> 'n'
)
SELECT 'CREATE TABLE ' || name || CASE WHEN parent IS NULL THEN (
         SELECT E' (\\n  ' || string_agg(line, E',\\n  ' ORDER BY place) || E'\\n)'
         FROM (SELECT * FROM columns UNION ALL SELECT * FROM constraints) lines WHERE attrelid = relations.oid)
       ELSE ' PARTITION OF ' || parent || ' ' || bound END
       || coalesce(' PARTITION BY ' || key, '') || coalesce(' WITH (' || options || ')', '') AS sql, name, 0 AS kind
FROM relations
UNION ALL
SELECT regexp_replace(pg_get_indexdef(x.indexrelid), ' ON (ONLY )?\\w+\\.', ' ON '), r.name, 1
FROM pg_index x JOIN relations r ON r.oid = x.indrelid
WHERE r.parent IS NULL AND NOT EXISTS (SELECT 1 FROM pg_constraint WHERE conindid = x.indexrelid)
UNION ALL
SELECT concat_ws(' ', 'CREATE SEQUENCE', sequencename,
                 CASE WHEN max_value < 9223372036854775807 THEN 'MAXVALUE ' || max_value END,
                 CASE WHEN cycle THEN 'CYCLE' END), sequencename::text, 2
FROM pg_sequences s WHERE schemaname = current_schema() AND NOT EXISTS (
  SELECT 1 FROM pg_depend WHERE objid = format('%I.%I', schemaname, sequencename)::regclass AND deptype = 'i')
ORDER BY name, kind, sql`

/** Returns the SQL statements that create the objects, in the order of their tables. */
export async function dumpPostgresSchema(url: string): Promise<string> {
  const objects = await administer(url, OBJECTS)
  return objects.map(({ sql }) => `${sql};\n`).join('\n')
}
