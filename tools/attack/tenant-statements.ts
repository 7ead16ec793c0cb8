/** Statements with which a tenant attacks others. The server must reject each of them because of a missing right. */

/** Table of another tenant. */
export interface Target {
  /** Quoted name with the schema. */
  readonly name: string
  readonly oid: number
  /** Quoted name of its first column. */
  readonly column: string
}

/**
 * Returns a statement on a table of another tenant. `own` is the schema of the attacker, with a trigger function
 * `escape_trigger`, and `user` is the attacker.
 */
export type OnTable = (target: Target, own: string, user: string) => string

/** Statements on one table. */
export const ON_TABLE: readonly OnTable[] = [
  // Read the table.
  ({ name }) => `SELECT * FROM ${name}`,
  ({ name }) => `SELECT count(*) FROM ONLY ${name}`,
  ({ name }) => `SELECT * FROM ${name} FOR UPDATE`,
  ({ name }) => `COPY (SELECT * FROM ${name}) TO STDOUT`,
  ({ name }) => `DECLARE taken CURSOR FOR SELECT * FROM ${name}`,
  ({ oid }) => `SELECT table_to_xml(${oid}::oid::regclass, true, false, '')`,
  ({ name }) => `SELECT pg_get_serial_sequence('${name}', 'seq')`,
  // Write or lock the table.
  ({ name }) => `INSERT INTO ${name} DEFAULT VALUES`,
  ({ name, column }) => `UPDATE ${name} SET ${column} = ${column}`,
  ({ name }) => `DELETE FROM ${name}`,
  ({ name }) => `TRUNCATE ${name} CASCADE`,
  ({ name }) => `COPY ${name} FROM STDIN`,
  ({ name }) => `LOCK TABLE ${name} IN ACCESS EXCLUSIVE MODE`,
  ({ name }) => `LOCK TABLE ${name} IN ACCESS SHARE MODE`,
  // Change or remove the table itself.
  ({ name }) => `DROP TABLE ${name} CASCADE`,
  ({ name }) => `ALTER TABLE ${name} RENAME TO taken`,
  ({ name }, own) => `ALTER TABLE ${name} SET SCHEMA ${own}`,
  ({ name }, _, user) => `ALTER TABLE ${name} OWNER TO ${user}`,
  ({ name }) => `ALTER TABLE ${name} ADD COLUMN planted integer`,
  ({ name }) => `ALTER TABLE ${name} DISABLE TRIGGER ALL`,
  ({ name }, _, user) => `GRANT ALL ON ${name} TO ${user}`,
  ({ name, column }) => `CREATE INDEX planted ON ${name} (${column})`,
  // Attach code to the table.
  ({ name }, own) => `CREATE TRIGGER planted BEFORE INSERT ON ${name} EXECUTE FUNCTION ${own}.escape_trigger()`,
  ({ name }, own) => `CREATE RULE planted AS ON INSERT TO ${name} DO ALSO SELECT ${own}.escape()`,
  ({ name }, own) => `CREATE POLICY planted ON ${name} USING (${own}.escape() = 1)`,
  // Derive another table from the table.
  ({ name }, own) => `CREATE TABLE ${own}.taken (LIKE ${name} INCLUDING ALL)`,
  ({ name }, own) => `CREATE TABLE ${own}.taken () INHERITS (${name})`,
  ({ name, column }, own) => `CREATE TABLE ${own}.taken (other bigint REFERENCES ${name} (${column}))`,
]

/** Returns statements against the server, its administrators, and the other tenant `victim` with its user. */
export function onServer(own: string, user: string, victim: string, victimUser: string): readonly string[] {
  return [
    `ALTER ROLE ${user} SUPERUSER`,
    `ALTER ROLE ${user} CREATEROLE CREATEDB`,
    `ALTER ROLE ${user} BYPASSRLS REPLICATION`,
    `ALTER ROLE ${user} CONNECTION LIMIT -1`,
    `COMMENT ON ROLE ${user} IS 'cloaca tenant of schema ${victim} in database app'`,
    `COMMENT ON ROLE ${victimUser} IS 'nobody'`,
    `ALTER ROLE ${victimUser} PASSWORD 'taken'`,
    `ALTER ROLE ${victimUser} SET search_path TO ${own}`,
    `GRANT ${victimUser} TO ${user}`,
    `GRANT pg_execute_server_program TO ${user}`,
    `SET ROLE postgres`,
    `SET ROLE ${victimUser}`,
    `SET SESSION AUTHORIZATION postgres`,
    'CREATE ROLE taken SUPERUSER',
    'CREATE DATABASE taken',
    'CREATE SCHEMA taken',
    `DROP SCHEMA ${victim} CASCADE`,
    `GRANT ALL ON SCHEMA ${victim} TO ${user}`,
    `CREATE FUNCTION ${victim}.planted() RETURNS integer LANGUAGE sql AS 'SELECT 1'`,
    `ALTER DEFAULT PRIVILEGES FOR ROLE ${victimUser} GRANT ALL ON TABLES TO ${user}`,
    `REASSIGN OWNED BY ${victimUser} TO ${user}`,
    `DROP OWNED BY ${victimUser} CASCADE`,
    "COPY (SELECT 1) TO PROGRAM 'true'",
    "COPY pg_temp.taken FROM PROGRAM 'true'",
    "COPY (SELECT 1) TO '/tmp/cloaca-taken'",
    "SELECT pg_read_file('postgresql.conf')",
    "SELECT pg_ls_dir('.')",
    "SELECT lo_import('/etc/passwd')",
    'SELECT rolpassword FROM pg_authid',
    'SELECT * FROM pg_shadow',
    "ALTER SYSTEM SET log_statement = 'all'",
    'SELECT pg_reload_conf()',
    "SET session_preload_libraries = 'taken'",
    "SET session_replication_role = 'replica'",
    "CREATE FUNCTION planted() RETURNS integer LANGUAGE c AS 'libc', 'getpid'",
    `CREATE EVENT TRIGGER planted ON ddl_command_end EXECUTE FUNCTION ${own}.escape_trigger()`,
    'CREATE SUBSCRIPTION planted CONNECTION $$host=127.0.0.1$$ PUBLICATION taken',
    `ALTER DATABASE app SET search_path TO ${own}`,
    'ALTER DATABASE app OWNER TO CURRENT_USER',
    'SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = $$postgres$$',
    "SELECT pg_create_restore_point('taken')",
    'CHECKPOINT',
  ]
}
