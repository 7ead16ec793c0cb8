/** The OpenAPI document is complete and valid, with valid examples. Other tests check each real answer against it. */

import { Validator } from '@seriousme/openapi-schema-validator'
import { Ajv2020 } from 'ajv/dist/2020.js'
import addFormats from 'ajv-formats'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { OPERATIONS } from '../../src/http/app.ts'
import { openApiDocument } from '../../src/http/openapi/document.ts'
import { httpHandler, Runner } from '../../src/index.ts'
import { readDocument } from '../support/documents.ts'
import { ORIGIN } from '../support/http-client.ts'

interface Content {
  readonly schema: object
  readonly example?: unknown
  readonly examples?: Readonly<Record<string, { readonly value: { readonly status: number; readonly code: string } }>>
}
interface Described {
  readonly operationId: string
  readonly tags: readonly string[]
  readonly requestBody?: { readonly content: Readonly<Record<string, Content>> }
  readonly responses: Readonly<Record<string, { readonly content: Readonly<Record<string, Content>> }>>
}

const document = openApiDocument(OPERATIONS, '/api/v1', '')
const all = Object.entries(document.paths).flatMap(([path, item]) =>
  Object.entries(item).map(([method, each]) => [method, path, each as Described] as const),
)

describe('the OpenAPI document', () => {
  let runner: Runner
  beforeAll(async () => {
    runner = await Runner.open({ database: ':memory:', durability: 'normal' })
  })
  afterAll(() => runner.close())

  it('is served, is valid, and declares the token', async () => {
    const response = await httpHandler(runner)(new Request(`${ORIGIN}/api/v1/openapi.json`))
    const below = await httpHandler(runner, { basePath: '/cloaca' })(
      new Request(`${ORIGIN}/cloaca/api/v1/openapi.json`),
    )

    const { valid, errors } = await new Validator().validate(structuredClone(document) as never)
    const { paths } = (await below.json()) as { readonly paths: object }
    expect({ valid, errors }).toMatchObject({ valid: true })
    expect(await response.json()).toEqual(JSON.parse(JSON.stringify(document)))
    expect(document.components.securitySchemes.token).toMatchObject({ type: 'http', scheme: 'bearer' })
    expect(document.security).toEqual([{}, { token: [] }])
    for (const path of ['/cloaca/healthz', '/cloaca/api/v1/events', '/cloaca/api/v1/triggers'])
      expect(Object.keys(paths)).toContain(path)
  })

  it('gives each operation a unique id, and describes each tag', () => {
    const ids = all.map(([, , { operationId }]) => operationId)
    const tags = document.tags.map(({ name }) => name)

    expect(new Set(ids).size).toBe(ids.length)
    expect(new Set(all.flatMap(([, , each]) => each.tags))).toEqual(new Set(tags))
  })

  it.each(all)('has valid examples and all error statuses for %s %s', (_method, path, operation) => {
    const ajv = new Ajv2020({ strict: false })
    addFormats.default(ajv)
    ajv.addSchema(document as object, 'api')
    const inApi = (schema: object) => JSON.parse(JSON.stringify(schema).replaceAll('"#/', '"api#/')) as object
    const contents = [
      ...Object.values(operation.requestBody?.content ?? {}),
      ...Object.values(operation.responses).flatMap(({ content }) => Object.values(content)),
    ]

    for (const { schema, example, examples } of contents) {
      const values = examples === undefined ? [example] : Object.values(examples).map(({ value }) => value)
      const validate = ajv.compile(inApi(schema))
      expect(values.length).toBeGreaterThan(0)
      for (const value of values)
        expect(validate(value), `${JSON.stringify(value)} ${ajv.errorsText(validate.errors)}`).toBe(true)
    }
    const statuses = Object.keys(operation.responses)
    expect(statuses).toContain('421')
    if (!/^\/(healthz|readyz)$/.test(path)) expect(statuses).toEqual(expect.arrayContaining(['401', '403']))
    if (operation.requestBody !== undefined) expect(statuses).toEqual(expect.arrayContaining(['400', '413', '415']))
    // A signal may have any name.
    if (path.includes('{') && path !== '/api/v1/signals/{name}') expect(statuses).toContain('404')
    for (const [status, { content }] of Object.entries(operation.responses))
      for (const { value } of Object.values(content['application/problem+json']?.examples ?? {}))
        expect(String(value.status)).toBe(status)
  })

  it('has every path that the manual lists', () => {
    const page = readDocument('docs/http.md')
    const named = [...page.matchAll(/^\| (`\/.*?`) +\|/gm)].flatMap(([, cell = '']) =>
      [...cell.matchAll(/`(\/[^`]*)`/g)].map(([, path]) => String(path)),
    )
    const generic = (path: string) => path.replace(/\{\w+\}/g, '{}')
    const known = new Set(Object.keys(document.paths).map((path) => generic(path.replace('/api/v1', ''))))
    const partial = (path: string) => [...known].some((each) => each === path || each.endsWith(path))

    expect(named.length).toBeGreaterThan(20)
    expect(named.map(generic).filter((path) => !partial(path))).toEqual([])
  })
})
