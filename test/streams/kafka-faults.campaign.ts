/** Kafka topics while the engine or the broker is killed: each message is read once. */

import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { kafkaStreams } from '../../src/streams/kafka.ts'
import { Terminal } from '../support/cloaca-process.ts'
import { KafkaBroker, kafkaMissing } from '../support/kafka-broker.ts'
import { ServedHttp } from '../support/served-http.ts'
import { TopicReader } from '../support/topic-reader.ts'

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

describe.skipIf(kafkaMissing() !== null)('a topic of Kafka', () => {
  let broker: KafkaBroker
  beforeAll(async () => {
    broker = await KafkaBroker.start()
  })
  afterAll(() => broker?.[Symbol.asyncDispose]())

  const read = async (reader: TopicReader): Promise<TopicReader> => {
    const consumer = { sessionTimeout: 2_000, heartbeatInterval: 200, retries: 1 }
    reader.stream = await kafkaStreams({ brokers: [broker.address], consumer })(reader)
    return reader
  }

  it('starts one execution per message, even if the engine is killed while it reads', { tags: ['proof'] }, async () => {
    await using terminal = new Terminal()
    terminal.write('jobs.py', JOBS)
    await broker.createTopic('orders', 2)
    const env = { KAFKA_BROKERS: broker.address }
    const serve = () => terminal.start(['serve', 'jobs.py', '--db', 'sqlite://jobs.db'], { env })
    const numbers = Array.from({ length: 60 }, (_, index) => index)
    const send = async (some: readonly number[]) => {
      for (const partition of [0, 1])
        await broker.send('orders', some.filter((number) => number % 2 === partition).map(String), partition)
    }

    const killed = serve()
    await send(numbers.slice(0, 40))
    await killed.logs("workflow 'note' completed")
    killed.kill('SIGKILL')
    await killed.ended
    await send(numbers.slice(40))
    const serving = serve()
    const http = await ServedHttp.of(serving)
    await expect
      .poll(async () => (await http.get('/status')).executions.Completed)
      .toBeGreaterThanOrEqual(numbers.length)

    const { items } = await http.get('/executions?workflow=note&limit=1000')
    const contexts = items.map(({ id }: { readonly id: string }) => http.get(`/executions/${id}/context`))
    const orders = (await Promise.all(contexts)).map((context) => context.orders)
    expect(orders.toSorted((one, other) => one - other)).toEqual(numbers)
    serving.kill('SIGTERM')
    expect((await serving.ended).exitCode).toBe(0)
    await expect.poll(() => broker.committed('jobs', 'orders', 2)).toEqual([30, 30])
  })

  it('fails when its broker is killed, and resumes after the last stored message when the broker is back', async () => {
    const name = 'prices'
    await broker.createTopic(name)
    await broker.send(name, ['1'])
    const reader = await read(new TopicReader(name, 'broken'))
    await reader.until(() => reader.messages.length === 1)
    await expect.poll(() => broker.committed('broken', name)).toEqual([1])

    await broker.kill()
    await reader.until(() => reader.failures.length > 0)
    await reader.stream?.close()
    await broker.begin()
    await broker.send(name, ['2'])
    const next = await read(new TopicReader(name, 'broken'))
    await next.until(() => next.messages.length > 0)

    expect(reader.failures.map(({ message }) => message)).toEqual([
      expect.stringMatching(/Cannot read Kafka topic .*closed|ECONN/),
    ])
    expect(next.texts).toEqual(['2'])
    await next.stream?.close()
  })
})
