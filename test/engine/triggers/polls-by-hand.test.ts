/** Polls by hand that no engine could answer when they were requested: after a minute they are refused. */

import { expect, it } from 'vitest'
import { AT_ONCE } from '../../support/begun-execution.ts'
import { trigger, workflow } from '../../support/declared.ts'
import { TwoStores } from '../../support/two-stores.ts'

const workflows = [workflow('demo', { work: {} })]
const INBOX = trigger('inbox', { everyMs: 3_600_000 })

it.each([
  ['five minutes', 300_000],
  ['an hour', 3_600_000],
])(
  'refuses a poll that was requested more than 60 s ago, if the wall clock was set back by %s since',
  async (_, byMs) => {
    await using stores = await TwoStores.open()
    await using serving = await stores.serve({ triggers: [INBOX, trigger('other')], workflows })
    await using asking = await stores.ask()
    serving.registry.replaceScript('jobs.py', { triggers: [trigger('other')], workflows })
    await stores.clock.advance(1_000)

    const requested = await asking.engine.triggerSteering.poll('inbox', AT_ONCE)
    await stores.clock.advance(1_000)
    await stores.clock.setWall(-byMs)
    await stores.clock.advance(90_000)
    serving.registry.replaceScript('jobs.py', { triggers: [INBOX, trigger('other')], workflows })
    await stores.clock.advance(60_000) // the engine looks for requests every 30 s

    expect(requested).toEqual({ state: 'asked' })
    const [action] = await asking.engine.triggerSteering.actions('inbox')
    expect(action).toMatchObject({ kind: 'poll', answer: { isRefused: true } })
  },
)
