/** Servers for the uses of packages: the installed ones, each in a folder of its own. */

import { type ChildProcess, execFileSync, spawn } from 'node:child_process'
import { existsSync, mkdirSync, writeFileSync } from 'node:fs'
import { connect, createServer } from 'node:net'
import { delimiter, join } from 'node:path'

const READY_WITHIN_MS = 20_000
/** Folders in which Debian installs servers, and which may be missing in the PATH of users. */
const MORE_FOLDERS = ['/usr/sbin', '/usr/local/sbin']

export class Servers implements AsyncDisposable {
  readonly #processes: ChildProcess[] = []
  /** Ports of the running servers, such as `REDIS_PORT`. */
  readonly environ: Record<string, string> = {}

  static async start(folder: string): Promise<Servers> {
    const servers = new Servers()
    // After an interruption of this process, nothing else would stop the servers.
    process.once('exit', () => servers.#processes.forEach((child) => void child.kill('SIGKILL')))
    for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => process.exit(130))
    mkdirSync(folder, { recursive: true })
    await Promise.all([
      servers.#start('redis', 'redis-server', (port) => ['--port', `${port}`, '--save', '', '--dir', folder]),
      servers.#start('nats', 'nats-server', (port) => ['-a', '127.0.0.1', '-p', `${port}`]),
      servers.#start('mqtt', 'mosquitto', (port) => {
        const settings = join(folder, 'mosquitto.conf')
        writeFileSync(settings, `listener ${port} 127.0.0.1\nallow_anonymous true\n`)
        return ['-c', settings]
      }),
      servers.#start('mysql', 'mariadbd', (port) => mariadb(folder, port)),
      servers.#start('postgres', 'postgres', (port) => postgres(folder, port)),
    ])
    return servers
  }

  async #start(name: string, command: string, argumentsFor: (port: number) => readonly string[]): Promise<void> {
    const path = find(command)
    if (path === undefined) return
    const port = await freePort()
    try {
      const words = argumentsFor(port)
      // PostgreSQL refuses to run as root.
      const [program, ...rest] =
        name === 'postgres' && process.getuid?.() === 0 ? asPostgres(path, words) : [path, ...words]
      const child = spawn(program ?? path, rest, { stdio: 'ignore' })
      child.on('error', () => undefined)
      this.#processes.push(child)
      if (await isReady(port, child)) this.environ[`${name.toUpperCase()}_PORT`] = `${port}`
      else console.error(`${command} did not start, so its packages are not tried`)
    } catch (error) {
      console.error(`${command} did not start: ${(error as Error).message.split('\n')[0]}`)
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const ends = this.#processes.map((child) => {
      if (child.exitCode !== null || child.signalCode !== null || child.pid === undefined) return undefined
      const end = new Promise((resolve) => child.once('exit', resolve))
      child.kill('SIGINT')
      const timer = setTimeout(() => child.kill('SIGKILL'), 5_000)
      return end.finally(() => clearTimeout(timer))
    })
    await Promise.all(ends)
  }
}

function find(command: string): string | undefined {
  const folders = [...(process.env.PATH ?? '').split(delimiter), ...MORE_FOLDERS]
  return folders.map((folder) => join(folder, command)).find((path) => existsSync(path))
}

function mariadb(folder: string, port: number): readonly string[] {
  const data = join(folder, 'mysql')
  const common = ['--no-defaults', `--datadir=${data}`, ...(process.getuid?.() === 0 ? ['--user=root'] : [])]
  execFileSync('mariadb-install-db', [...common, '--auth-root-authentication-method=normal'], { stdio: 'ignore' })
  return [...common, `--port=${port}`, '--bind-address=127.0.0.1', `--socket=${join(folder, 'mysql.sock')}`]
}

function postgres(folder: string, port: number): readonly string[] {
  const data = join(folder, 'postgres')
  const initdb = find('initdb')
  if (initdb === undefined) throw new Error('initdb was not found')
  mkdirSync(data)
  const words = ['-D', data, '-U', 'postgres', '-A', 'trust']
  if (process.getuid?.() === 0) {
    execFileSync('chown', ['postgres', folder, data])
    execFileSync('su', ['postgres', '-s', '/bin/sh', '-c', [initdb, ...words].join(' ')], { stdio: 'ignore' })
  } else execFileSync(initdb, words, { stdio: 'ignore' })
  return ['-D', data, '-p', `${port}`, '-k', folder, '-h', '127.0.0.1']
}

function asPostgres(path: string, words: readonly string[]): readonly string[] {
  return ['setpriv', '--reuid=postgres', '--regid=postgres', '--clear-groups', path, ...words]
}

async function freePort(): Promise<number> {
  const server = createServer()
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const address = server.address()
  await new Promise((resolve) => server.close(resolve))
  return typeof address === 'object' && address !== null ? address.port : 0
}

async function isReady(port: number, child: ChildProcess): Promise<boolean> {
  for (const end = Date.now() + READY_WITHIN_MS; Date.now() < end && child.exitCode === null; ) {
    const isOpen = await new Promise<boolean>((resolve) => {
      const socket = connect(port, '127.0.0.1', () => resolve(true)).on('error', () => resolve(false))
      socket.on('connect', () => socket.destroy())
    })
    if (isOpen) return true
    await new Promise((resolve) => setTimeout(resolve, 100))
  }
  return false
}
