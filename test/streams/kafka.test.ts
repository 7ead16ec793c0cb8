/** Reads topics of an Apache Kafka broker that the tests start. Skipped if Java or Maven is missing. */
// @module-tag night

import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type KafkaOptions, kafkaStreams } from '../../src/streams/kafka.ts'
import { Terminal } from '../support/cloaca-process.ts'
import { KAFKA_USER, KafkaBroker, kafkaMissing } from '../support/kafka-broker.ts'
import { preloading } from '../support/preloads.ts'
import { ServedHttp } from '../support/served-http.ts'
import { TopicReader } from '../support/topic-reader.ts'

const missing = kafkaMissing()
if (missing !== null) console.warn(`Kafka is not tested: ${missing}.`)

const JOBS = `
import cloaca

@cloaca.stream_accumulator(type="kafka", topic="orders", group="jobs")
def orders(order):
    return order

@cloaca.reactor(name="each_order", accumulators=["orders"])
class EachOrder:
    pass

with cloaca.WorkflowBuilder("note"):
    @cloaca.task()
    def note(context):
        return context

runner = cloaca.DefaultRunner("sqlite://jobs.db")
runner.subscribe_workflow_to_reactor("each_order", "note")
`

describe.skipIf(missing !== null)('a topic of Kafka', () => {
  let broker: KafkaBroker
  const readers: TopicReader[] = []
  let topics = 0
  beforeAll(async () => {
    broker = await KafkaBroker.start()
  })
  afterAll(async () => {
    await Promise.allSettled(readers.map(({ stream }) => stream?.close()))
    await broker?.[Symbol.asyncDispose]()
  })

  async function topic(partitions = 1): Promise<string> {
    const name = `topic-${++topics}`
    await broker.createTopic(name, partitions)
    return name
  }

  async function read(reader: TopicReader, options: KafkaOptions = {}): Promise<TopicReader> {
    readers.push(reader)
    // Short intervals, so that the group soon detects a new or missing member.
    const consumer = { sessionTimeout: 2_000, heartbeatInterval: 200, ...options.consumer }
    reader.stream = await kafkaStreams({ brokers: [broker.address], ...options, consumer })(reader)
    return reader
  }

  it('is read from its beginning, with unchanged values in the order of each partition', async () => {
    const name = await topic(2)
    await broker.send(name, ['{"n": 1.0}', 'plain', null], 0)
    await broker.send(name, ['[1]', '[2]'], 1)

    const reader = await read(new TopicReader(name, 'first'))
    await reader.until(() => reader.messages.length === 5)

    const of = (partition: number) =>
      reader.messages.filter(({ position }) => position.partition.endsWith(`/${partition}`))
    expect(of(0).map(({ eventText, position }) => [eventText, position.offset])).toEqual([
      ['{"n": 1.0}', 0],
      ['"plain"', 1],
      ['null', 2],
    ])
    expect(of(1).map(({ eventText }) => eventText)).toEqual(['[1]', '[2]'])
  })

  it('has its offsets committed only after its messages are stored', async () => {
    const name = await topic()
    await broker.send(name, ['1', '2'])
    const reader = new TopicReader(name, 'committing')
    const store = reader.full()

    await read(reader)
    await expect.poll(() => reader.deliveries).toBe(1)
    const before = await broker.committed('committing', name)
    await reader.stream?.close()
    const next = await read(new TopicReader(name, 'committing'))
    await next.until(() => next.messages.length === 2)
    await expect.poll(() => broker.committed('committing', name)).toEqual([2])
    store()

    expect(before).toEqual([-1])
    expect(next.texts).toEqual(['1', '2'])
  })

  it('is read from the last stored message after the stream was closed and reopened', async () => {
    const name = await topic()
    await broker.send(name, ['1', '2'])
    const first = await read(new TopicReader(name, 'going-on'))
    await first.until(() => first.messages.length === 2)
    await first.stream?.close()
    await broker.send(name, ['3'])

    const second = await read(new TopicReader(name, 'going-on'))
    await second.until(() => second.messages.length > 0)

    expect(second.texts).toEqual(['3'])
  })

  it('is not read while the source is full, and loses none of 20,000 messages', { tags: ['proof'] }, async () => {
    const name = await topic()
    const reader = await read(new TopicReader(name, 'full'))
    const room = reader.full()
    const numbers = Array.from({ length: 20_000 }, (_, index) => String(index))
    for (let begin = 0; begin < numbers.length; begin += 1_000)
      await broker.send(name, numbers.slice(begin, begin + 1_000))

    await expect.poll(() => reader.deliveries).toBe(1)
    const stored = reader.messages.length
    room()
    await reader.until(() => reader.messages.length >= numbers.length)

    expect(stored).toBe(0)
    expect(reader.texts).toEqual(numbers)
    await expect.poll(() => broker.committed('full', name)).toEqual([numbers.length])
  })

  it('is shared by the members of a group, which take over the partitions of a leaving member', async () => {
    const name = await topic(4)
    const one = await read(new TopicReader(name, 'shared'))
    const other = await read(new TopicReader(name, 'shared'))
    let sent = 0
    const all = () => new Set([...one.texts, ...other.texts])
    // During the rebalance of the group, either member may receive a message.
    await expect
      .poll(async () => {
        for (const partition of [0, 1, 2, 3]) await broker.send(name, [String(sent++)], partition)
        return one.messages.length > 0 && other.messages.length > 0
      })
      .toBe(true)
    await one.stream?.close()
    for (const partition of [0, 1, 2, 3]) await broker.send(name, [String(sent++)], partition)
    await other.until(() => all().size === sent)

    expect(other.texts).toEqual(expect.arrayContaining([sent - 4, sent - 3, sent - 2, sent - 1].map(String)))
    expect([one.failures, other.failures]).toEqual([[], []])
  })

  it('is read from its end by a new group with start "latest", and later without a gap', async () => {
    const name = await topic()
    await broker.send(name, ['before'])
    const first = await read(new TopicReader(name, 'from-the-end'), { start: 'latest' })
    await first.stream?.close()
    await broker.send(name, ['while nobody reads'])

    const second = await read(new TopicReader(name, 'from-the-end'), { start: 'latest' })
    await second.until(() => second.messages.length > 0)

    expect([...first.texts, ...second.texts]).toEqual(['"while nobody reads"'])
  })

  it('has new messages, not repetitions, after it is deleted and created again with the same name', async () => {
    const name = await topic()
    await broker.send(name, ['1'])
    const first = await read(new TopicReader(name, 'again'))
    await first.until(() => first.messages.length === 1)
    await first.stream?.close()
    await broker.admin.deleteTopics({ topics: [name] })
    await expect
      .poll(() =>
        broker.createTopic(name).then(
          () => true,
          () => false,
        ),
      )
      .toBe(true)
    await broker.send(name, ['2'])

    const second = await read(
      new TopicReader(
        name,
        'again',
        first.messages.map(({ position }) => position),
      ),
    )
    await second.until(() => second.messages.length === 1)

    expect(second.messages[0]?.position).toMatchObject({ offset: 0 })
    expect(second.messages[0]?.position.partition).not.toBe(first.messages[0]?.position.partition)
  })

  it('is read over TLS with the right password only', async () => {
    const name = await topic()
    await broker.send(name, ['1'])
    const secure = { brokers: [broker.secureAddress], tls: { caFile: broker.caFile } }

    const reader = await read(new TopicReader(name, 'secure'), {
      ...secure,
      sasl: { mechanism: 'PLAIN', ...KAFKA_USER },
    })
    await reader.until(() => reader.messages.length === 1)
    const password = 'not-the-password'
    const refused = await read(new TopicReader(name, 'refused'), {
      ...secure,
      sasl: { mechanism: 'PLAIN', username: KAFKA_USER.username, password },
    }).catch((error: Error) => error.message)

    expect(reader.texts).toEqual(['1'])
    expect(refused).toMatch(/^Cannot read Kafka topic ".*": .*[Aa]uthentication/)
    expect(refused).not.toContain(password)
  })

  it('is rejected with a reason if it does not exist or its broker cannot be reached', async () => {
    const absent = read(new TopicReader('nowhere', 'absent'))
    await expect(absent).rejects.toThrow('Cannot read Kafka topic "nowhere": Unknown topic nowhere.')
    const dead = read(new TopicReader('prices', 'dead'), { brokers: ['127.0.0.1:1'] })
    await expect(dead).rejects.toThrow('Cannot read Kafka topic "prices": connect ECONNREFUSED 127.0.0.1:1')
  })
})

it('logs which package to install if the Kafka client is missing, and still runs workflows', async () => {
  await using terminal = new Terminal()
  terminal.write('jobs.py', JOBS)
  const env = { KAFKA_BROKERS: '127.0.0.1:1', NODE_OPTIONS: preloading('without-kafka') }

  const serving = terminal.start(['serve', 'jobs.py', '--db', 'sqlite://jobs.db'], { env })
  const warning = await serving.logs('npm install @platformatic/kafka')
  const http = await ServedHttp.of(serving)
  const { status } = await http.execute('note')

  expect(warning).toMatchObject({ level: 'warn', msg: expect.stringContaining('is not installed') })
  expect(status).toBe('Completed')
})

it('rejects a Kafka stream without brokers with a message that names KAFKA_BROKERS', async () => {
  await expect(kafkaStreams({ brokers: [] })(new TopicReader('prices', 'any'))).rejects.toMatchObject({
    code: 'STREAM_UNAVAILABLE',
    message: expect.stringContaining('KAFKA_BROKERS'),
  })
})
