/** `cloaca tenant`: creates, removes and lists tenants of PostgreSQL. `create` prints a password on stdout, once. */

import { text } from 'node:stream/consumers'
import { Command } from 'commander'
import { DatabaseAdmin } from '../../index.ts'
import { withExamples } from '../help-examples.ts'
import { wholeNumber } from '../option-values.ts'
import { printFields, printJson, printLine, printTable } from '../print.ts'
import { settingsFrom, withSettings } from '../settings/flags.ts'

interface TenantCommandOptions {
  readonly db?: string
  readonly json?: true
}

const MEBIBYTE = 1024 ** 2

export function tenantCommand(): Command {
  const group = new Command('tenant').description('create, remove and list tenants of a PostgreSQL database')
  const tenant = withExamples(group, 'cloaca tenant create acme acme_u', 'cloaca tenant list')
  const creating = tenant.command('create').description('create a tenant: a schema with tables and a user')
  withAdmin(
    creating,
    'cloaca tenant create acme acme_u',
    'cloaca tenant create acme acme_u --password-stdin < password.txt',
  )
    .argument('<schema>', 'name of the schema')
    .argument('<user>', 'name of the user')
    .option('--password-stdin', 'read the password from the first stdin line (default: generated)')
    .option('--connections <n>', 'limit the connections of the user; 0 means no limit', wholeNumber, 20)
    .action(create)
  const removing = tenant.command('remove').description('drop a schema, all its data and its users')
  withAdmin(removing, 'cloaca tenant remove acme acme_u')
    .argument('<schema>', 'name of the schema')
    .argument('<user>', 'database user that tenant create made for this schema')
    .option('--force', 'drop schema and user even if not created by cloaca')
    .action(remove)
  const listing = tenant.command('list').description('list schemas that have cloaca tables, their users and sizes')
  withAdmin(listing, 'cloaca tenant list').action(list)
  return tenant
}

function withAdmin(command: Command, ...examples: readonly string[]): Command {
  return withSettings(withExamples(command, ...examples), ['database']).option('--json', 'print JSON')
}

async function create(
  schemaName: string,
  username: string,
  options: TenantCommandOptions & { readonly passwordStdin?: true; readonly connections: number },
): Promise<void> {
  const { connections } = options
  const admin = adminFrom(options)
  const password = options.passwordStdin ? firstLine(await text(process.stdin)) : null
  const { connectionString, password: made } = await admin.createTenant({
    schemaName,
    username,
    password,
    connections,
  })
  if (options.json) printJson({ schemaName, username, password: made, connectionString })
  else printFields({ schema: schemaName, user: username, password: made, url: connectionString })
}

async function remove(
  schemaName: string,
  username: string,
  options: TenantCommandOptions & { readonly force?: true },
): Promise<void> {
  await adminFrom(options).removeTenant(schemaName, username, { force: options.force ?? false })
  if (options.json) printJson({ schemaName, username, removed: true })
  else printLine(`Schema "${schemaName}" and user "${username}" removed.`)
}

async function list(options: TenantCommandOptions): Promise<void> {
  const tenants = await adminFrom(options).listTenants()
  if (options.json) return printJson(tenants)
  printTable(
    ['SCHEMA', 'USERS', 'SIZE'],
    tenants.map(({ schemaName, usernames, bytes }) => [
      schemaName,
      usernames.join(', '),
      `${(bytes / MEBIBYTE).toFixed(1)} MiB`,
    ]),
    'No schema in this database has cloaca tables.',
  )
}

function adminFrom(options: TenantCommandOptions): DatabaseAdmin {
  return new DatabaseAdmin(settingsFrom(options).get('database'))
}

function firstLine(input: string): string {
  return input.split(/\r?\n/, 1)[0] ?? ''
}
