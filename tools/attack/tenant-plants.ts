/**
 * Ways in which a tenant attaches code to its own schema, so that an administrator runs it. `HostileTenant` contains
 * the code.
 */

/** Table in the attacker's schema. */
export interface OwnTable {
  readonly name: string
  /** Name of the first column. `type` is its type. */
  readonly column: string
  readonly type: string
}

export interface Plant {
  readonly name: string
  /**
   * Returns statements on one table. PostgreSQL refuses some kinds for some tables, such as defaults of identity
   * columns. Refused statements are not attempts.
   */
  readonly on: (schema: string, table: OwnTable) => string
}

const triggers = (name: string, kind: string): Plant => ({
  name,
  on: (schema, table) =>
    `CREATE ${kind.replace('TABLE', `${schema}.${table.name}`)} EXECUTE FUNCTION ${schema}.escape_trigger()`,
})

const rule = (event: string): Plant => ({
  name: `rules on ${event.toLowerCase()}`,
  on: (schema, { name }) => `CREATE RULE planted AS ON ${event} TO ${schema}.${name} DO ALSO SELECT ${schema}.escape()`,
})

const constant = (schema: string, { column }: OwnTable): string => `${schema}.escape_immutable(length(${column}::text))`

export const TABLE_PLANTS: readonly Plant[] = [
  {
    name: 'views in the place of tables',
    on: (schema, { name }) => `
      ALTER TABLE ${schema}.${name} RENAME TO ${name}_was;
      CREATE VIEW ${schema}.${name} AS SELECT * FROM ${schema}.${name}_was WHERE ${schema}.escape() = 1`,
  },
  rule('INSERT'),
  rule('UPDATE'),
  rule('DELETE'),
  triggers('triggers before rows', 'TRIGGER planted BEFORE INSERT OR UPDATE OR DELETE ON TABLE FOR EACH ROW'),
  triggers('triggers after rows', 'TRIGGER planted AFTER INSERT OR UPDATE OR DELETE ON TABLE FOR EACH ROW'),
  triggers(
    'triggers of statements',
    'TRIGGER planted BEFORE INSERT OR UPDATE OR DELETE OR TRUNCATE ON TABLE FOR EACH STATEMENT',
  ),
  triggers(
    'triggers at the commit',
    'CONSTRAINT TRIGGER planted AFTER INSERT OR UPDATE OR DELETE ON TABLE DEFERRABLE INITIALLY DEFERRED FOR EACH ROW',
  ),
  {
    name: 'policies for rows',
    on: (schema, { name }) => `
      ALTER TABLE ${schema}.${name} ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
      CREATE POLICY planted ON ${schema}.${name} USING (${schema}.escape() = 1)`,
  },
  {
    name: 'defaults',
    on: (schema, { name, column, type }) => `
      ALTER TABLE ${schema}.${name} ALTER ${column} SET DEFAULT ${schema}.escape()::text::${type};
      ALTER TABLE ${schema}.${name} ADD COLUMN planted integer;
      ALTER TABLE ${schema}.${name} ALTER planted SET DEFAULT ${schema}.escape()`,
  },
  {
    name: 'generated columns',
    on: (schema, { name }) => `
      ALTER TABLE ${schema}.${name} ADD COLUMN planted integer
        GENERATED ALWAYS AS (${schema}.escape_immutable(1)) STORED`,
  },
  {
    name: 'check constraints',
    on: (schema, { name }) =>
      `ALTER TABLE ${schema}.${name} ADD CONSTRAINT planted CHECK (${schema}.escape() = 1) NOT VALID`,
  },
  {
    name: 'domains with a check',
    on: (schema, { name, type }) => `
      CREATE DOMAIN ${schema}.of_${name} AS ${type} CHECK (${schema}.escape() = 1);
      ALTER TABLE ${schema}.${name} ADD COLUMN planted ${schema}.of_${name} DEFAULT NULL`,
  },
  {
    name: 'conditions of indexes',
    on: (schema, { name, column }) =>
      `CREATE INDEX planted_${name} ON ${schema}.${name} (${column}) WHERE ${schema}.escape_immutable(1) = 1`,
  },
  {
    name: 'expressions of indexes',
    on: (schema, table) =>
      `CREATE INDEX planted_${table.name} ON ${schema}.${table.name} ((${constant(schema, table)}))`,
  },
  {
    name: 'expressions of statistics',
    on: (schema, table) => `
      CREATE STATISTICS ${schema}.planted_${table.name}
        ON (${schema}.escape_immutable(1) + ${constant(schema, table)}), ${table.column}
        FROM ${schema}.${table.name}`,
  },
]

/** Names of functions that the store and administrators call in statements. */
const FUNCTIONS = [
  'nextval',
  'setval',
  'format',
  'hashtext',
  'to_regclass',
  'pg_notify',
  'pg_has_role',
  'quote_ident',
  'substring',
  'max',
  'replace',
]
const TYPES = ['text', 'name', 'integer', 'bigint', 'varchar']
const OPERATORS = ['=', '<>', '||', '+', '<', '>']

/**
 * Returns statements that create functions and operators in the schema and in `public`, which match calls better than
 * the ones of the server.
 */
export function betterFits(schema: string): readonly string[] {
  const places = [schema, 'public']
  const functions = (place: string): readonly string[] =>
    FUNCTIONS.flatMap((name) =>
      TYPES.flatMap((one) => [[one], ...TYPES.map((other) => [one, other])]).map(
        (parameters) =>
          `CREATE FUNCTION ${place}.${name}(${parameters.join()}) RETURNS bigint ` +
          `LANGUAGE sql AS 'SELECT ${schema}.escape()::bigint'`,
      ),
    )
  const operators = (place: string): readonly string[] =>
    TYPES.flatMap((left) =>
      TYPES.flatMap((right) => [
        `CREATE FUNCTION ${place}.compared(${left}, ${right}) RETURNS text ` +
          `LANGUAGE sql AS 'SELECT ${schema}.escape()::text'`,
        ...OPERATORS.map(
          (name) =>
            `CREATE OPERATOR ${place}.${name} (LEFTARG = ${left}, RIGHTARG = ${right}, FUNCTION = ${place}.compared)`,
        ),
      ]),
    )
  return places.flatMap((place) => [...functions(place), ...operators(place)])
}
