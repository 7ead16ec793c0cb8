/** Routes of alerts: their conditions, their receivers, and routes that the start rejects. */

import { describe, expect, it } from 'vitest'
import { receiversFor, routeProblem } from '../../src/alerts/alert-routes.ts'
import { matchesGlob } from '../../src/alerts/glob.ts'
import type { RoutedFacts } from '../../src/engine/incidents/incident-policy.ts'
import type { AlertRoute } from '../../src/model/alert.ts'

const ABOUT: RoutedFacts = {
  kind: 'execution-failed',
  workflow: 'etl-orders',
  trigger: 'nightly',
  tags: { team: 'data', level: 'gold' },
}

const chosen = (routes: readonly AlertRoute[], about: Partial<RoutedFacts> = {}) => [
  ...receiversFor(routes, { ...ABOUT, ...about }),
]

describe('a route', () => {
  it.each<[string, Omit<AlertRoute, 'receiver'>, boolean]>([
    ['without conditions', {}, true],
    ['with the name of the workflow', { workflow: 'etl-orders' }, true],
    ['with the beginning of the name of the workflow', { workflow: 'etl' }, false],
    ['with a pattern of the workflow', { workflow: 'etl-*' }, true],
    ['with a pattern of the trigger', { trigger: '*ight*' }, true],
    ['with a pattern of the kind', { kind: 'trigger-*' }, false],
    ['with a tag', { tag: 'team=data' }, true],
    ['with the tag of another team', { tag: 'team=web' }, false],
    ['with a pattern of a tag', { tag: 'level=*' }, true],
    ['with two tags', { tag: ['team=data', 'level=gold'] }, true],
    ['with two tags of which one is missing', { tag: ['team=data', 'level=silver'] }, false],
    ['whose conditions all match', { workflow: '*', trigger: 'nightly', kind: 'execution-*', tag: 'team=data' }, true],
    ['of whose conditions one does not match', { workflow: '*', trigger: 'hourly', tag: 'team=data' }, false],
  ])('%s matches or does not match', (_, conditions, isMatch) => {
    expect(chosen([{ ...conditions, receiver: 'oncall' }])).toEqual([isMatch ? 'oncall' : 'default'])
  })

  it('does not match an alert that is not about a trigger, if the route names triggers', () => {
    expect(chosen([{ trigger: '*', receiver: 'oncall' }], { trigger: null })).toEqual(['default'])
  })

  it('applies if it is the first that matches, with one or several receivers', () => {
    const routes = [
      { workflow: 'none', receiver: 'never' },
      { tag: 'team=data', receiver: ['data', 'oncall', 'data'] },
      { receiver: 'rest' },
    ]

    expect(chosen(routes)).toEqual(['data', 'oncall'])
    expect(chosen(routes, { tags: {} })).toEqual(['rest'])
  })

  it('to an unknown receiver is a problem, which names the known receivers and the remedy', () => {
    expect(routeProblem([{ receiver: 'oncal' }], ['default', 'oncall'])).toBe(
      'A route of alerts names the unknown receiver "oncal". The receivers are: default, oncall. ' +
        'Correct the name, or add [alerts.receiver.oncal].',
    )
    expect(routeProblem([{ receiver: ['default'] }], [])).toMatch(/No receiver.*set alerts\.url or alerts\.command\.$/)
    expect(routeProblem([{ receiver: ['a', 'b'] }], ['a', 'b'])).toBeNull()
  })

  it('with a kind that no alert has is a problem', () => {
    expect(routeProblem([{ kind: 'execution_failed', receiver: 'a' }], ['a'])).toMatch(/matches no kind of alert/)
    expect(routeProblem([{ kind: 'trigger-*', receiver: 'a' }], ['a'])).toBeNull()
  })
})

describe('a pattern', () => {
  it.each([
    ['*', '', true],
    ['**', 'a', true],
    ['a*a', 'a', false],
    ['a*a', 'aa', true],
    ['*b*c', 'abbc', true],
    ['*b*c', 'acb', false],
    ['a.c', 'abc', false],
    ['a*b*', 'xaxb', false],
    ['*/orders', 'shop/eu/orders', true],
    ['', '', true],
    ['a', 'A', false],
  ])('%j matches or does not match %j', (pattern, text, isMatch) => {
    expect(matchesGlob(pattern, text)).toBe(isMatch)
  })

  it('matches a long text in linear time', () => {
    expect(matchesGlob(`${'a*'.repeat(2_000)}b`, 'a'.repeat(100_000))).toBe(false)
  })
})
