/**
 * Kafka broker for one test file, with its data in a temporary folder. Maven downloads the jars into its cache once.
 * The broker has two listeners: one without authentication, and one with TLS and a password.
 */

import { type ChildProcess, execFileSync, spawn } from 'node:child_process'
import { existsSync, mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Admin, Producer } from '@platformatic/kafka'
import { LIMIT_MS } from './limits.ts'
import { TestAuthority } from './test-authority.ts'
import { TEST_CACHE } from './test-cache.ts'

const VERSION = '4.0.0'
const RETRY_MS = 100
/** Credentials for the listener with TLS. */
export const KAFKA_USER = { username: 'reader', password: 'Yv4-of-the-broker-Rt8' }

const JAVA = ['-Xmx256m', '-XX:+UseSerialGC', '-XX:TieredStopAtLevel=1', '-Xshare:auto', '-Dlog4j2.disableJmx=true']

/** Returns the reason why no broker can run here, or null. */
export function kafkaMissing(): string | null {
  for (const [program, word] of [
    ['java', '-version'],
    ['mvn', '-version'],
  ] as const) {
    try {
      execFileSync(program, [word], { stdio: 'ignore' })
    } catch {
      return `there is no ${program}`
    }
  }
  return null
}

export class KafkaBroker implements AsyncDisposable {
  /** `host:port` of the listener without authentication. */
  readonly address: string
  /** `host:port` of the listener with TLS, which requires the credentials `KAFKA_USER`. */
  readonly secureAddress: string
  /** Path of the certificate of the authority that signed the broker's certificate. */
  readonly caFile: string
  readonly admin: Admin
  readonly #folder: string
  readonly #producer: Producer
  #process: ChildProcess | null = null

  private constructor(folder: string, ports: readonly number[], caFile: string) {
    this.#folder = folder
    this.address = `127.0.0.1:${ports[0]}`
    this.secureAddress = `127.0.0.1:${ports[1]}`
    this.caFile = caFile
    const client = {
      clientId: 'test',
      bootstrapBrokers: [this.address],
      retries: LIMIT_MS / RETRY_MS,
      retryDelay: RETRY_MS,
    }
    this.admin = new Admin(client)
    this.#producer = new Producer(client)
  }

  static async start(): Promise<KafkaBroker> {
    const folder = mkdtempSync(join(tmpdir(), 'cloaca-kafka-'))
    const ports = await freePorts(3)
    const authority = await TestAuthority.make(join(folder, 'authority'))
    const { cert, key } = await authority.certificate({ addresses: ['127.0.0.1'], names: ['localhost'] })
    writeFileSync(join(folder, 'broker.pem'), `${key}\n${cert}`)
    writeFileSync(join(folder, 'broker.properties'), properties(folder, ports))
    const broker = new KafkaBroker(folder, ports, authority.caPath)
    // A single broker needs only this file of `kafka-storage format`, which would start another JVM.
    mkdirSync(join(folder, 'data'))
    writeFileSync(join(folder, 'data', 'meta.properties'), 'version=1\nnode.id=1\ncluster.id=Y2xvYWNhLXRlc3Qta2Fma2E\n')
    await broker.begin()
    return broker
  }

  /** Starts the broker, with the data of an earlier start. */
  async begin(): Promise<void> {
    const words = [...JAVA, '-cp', classPath(), 'kafka.Kafka', join(this.#folder, 'broker.properties')]
    this.#process = spawn('java', words, { stdio: 'ignore', cwd: this.#folder })
    await this.admin.metadata({ topics: [] })
  }

  /** Kills the broker with SIGKILL. */
  async kill(): Promise<void> {
    const ended = new Promise((resolve) => this.#process?.once('exit', resolve))
    this.#process?.kill('SIGKILL')
    await ended
  }

  async createTopic(name: string, partitions = 1): Promise<void> {
    await this.admin.createTopics({ topics: [name], partitions, replicas: 1 })
    // A topic exists when its partitions have a leader.
    await this.#until(async () =>
      (await this.#producer.metadata({ topics: [name], forceUpdate: true })).topics.has(name),
    )
  }

  /** Sends messages, and waits until the broker has stored them. */
  async send(topic: string, values: readonly (Buffer | string | null)[], partition = 0): Promise<void> {
    const messages = values.map((value) => ({ topic, partition, ...(value !== null && { value: Buffer.from(value) }) }))
    await this.#producer.send({ messages })
  }

  /** Returns the committed offset of a group for each partition, or -1 without one. */
  async committed(groupId: string, topic: string, partitions = 1): Promise<readonly number[]> {
    const [group] = await this.admin.listConsumerGroupOffsets({ groups: [groupId] })
    const found = group?.topics.find(({ name }) => name === topic)?.partitions ?? []
    return [...Array(partitions).keys()].map((partition) =>
      Number(found.find(({ partitionIndex }) => partitionIndex === partition)?.committedOffset ?? -1),
    )
  }

  async #until(check: () => Promise<boolean>): Promise<void> {
    while (!(await check().catch(() => false))) await new Promise((resolve) => setTimeout(resolve, RETRY_MS))
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.allSettled([this.#producer.close(true), this.admin.close()])
    await this.kill()
    rmSync(this.#folder, { recursive: true, force: true })
  }
}

function properties(folder: string, [open, secure, control]: readonly number[]): string {
  const loginModule = 'org.apache.kafka.common.security.plain.PlainLoginModule'
  const user = `${loginModule} required user_${KAFKA_USER.username}="${KAFKA_USER.password}";`
  return `
process.roles=broker,controller
node.id=1
controller.quorum.voters=1@127.0.0.1:${control}
listeners=OPEN://127.0.0.1:${open},SECURE://127.0.0.1:${secure},CONTROLLER://127.0.0.1:${control}
advertised.listeners=OPEN://127.0.0.1:${open},SECURE://127.0.0.1:${secure}
controller.listener.names=CONTROLLER
inter.broker.listener.name=OPEN
listener.security.protocol.map=OPEN:PLAINTEXT,SECURE:SASL_SSL,CONTROLLER:PLAINTEXT
sasl.enabled.mechanisms=PLAIN
listener.name.secure.plain.sasl.jaas.config=${user}
listener.name.secure.ssl.keystore.type=PEM
listener.name.secure.ssl.keystore.location=${join(folder, 'broker.pem')}
log.dirs=${join(folder, 'data')}
auto.create.topics.enable=false
offsets.topic.replication.factor=1
offsets.topic.num.partitions=1
transaction.state.log.replication.factor=1
transaction.state.log.min.isr=1
group.initial.rebalance.delay.ms=0
group.min.session.timeout.ms=1000
log.cleaner.enable=false
`
}

/** Returns the class path of the jars in Maven's cache, which Maven determines only once. */
function classPath(): string {
  const folder = join(TEST_CACHE, `kafka-${VERSION}`)
  const file = join(folder, 'classpath')
  if (existsSync(file)) {
    const path = readFileSync(file, 'utf8')
    if (path.split(':').every((jar) => existsSync(jar))) return path
  }
  mkdirSync(folder, { recursive: true })
  const made = mkdtempSync(join(folder, 'new-'))
  writeFileSync(join(made, 'pom.xml'), POM)
  const goal = 'org.apache.maven.plugins:maven-dependency-plugin:3.6.1:build-classpath'
  execFileSync('mvn', ['-q', '-B', '-f', join(made, 'pom.xml'), goal, `-Dmdep.outputFile=${join(made, 'classpath')}`], {
    stdio: ['ignore', 'ignore', 'inherit'],
  })
  renameSync(join(made, 'classpath'), file)
  rmSync(made, { recursive: true, force: true })
  return readFileSync(file, 'utf8')
}

const POM = `<project xmlns="http://maven.apache.org/POM/4.0.0">
  <modelVersion>4.0.0</modelVersion>
  <groupId>test</groupId>
  <artifactId>broker</artifactId>
  <version>1</version>
  <packaging>pom</packaging>
  <dependencies>
    <dependency><groupId>org.apache.kafka</groupId><artifactId>kafka_2.13</artifactId><version>${VERSION}</version></dependency>
  </dependencies>
</project>
`

async function freePorts(count: number): Promise<readonly number[]> {
  const servers = await Promise.all(
    Array.from({ length: count }, async () => {
      const server = createServer()
      await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
      return server
    }),
  )
  const ports = servers.map((server) => (server.address() as { readonly port: number }).port)
  await Promise.all(servers.map((server) => new Promise((resolve) => server.close(resolve))))
  return ports
}
