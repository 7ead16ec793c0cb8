/** Fields and groups of a form, made from a JSON Schema. The engine checks the values, so limits are not read here. */

/** JSON Schema, or a part of it. Users write it, so nothing about it is certain. */
export type FormSchema = Readonly<Record<string, unknown>>

type FormInput =
  | { readonly kind: 'text'; readonly type: 'text' | 'date'; readonly isLong: boolean }
  | { readonly kind: 'number'; readonly isWhole: boolean }
  | { readonly kind: 'flag' }
  /** The visitor chooses one of several values. */
  | { readonly kind: 'choice'; readonly choices: readonly Choice[] }
  /** Any other value, written as JSON. */
  | { readonly kind: 'json' }

interface Choice {
  readonly label: string
  /** Value as JSON text. */
  readonly json: string
}

interface Part {
  /** JSON pointer to the value in the object, such as `/address/city`. */
  readonly pointer: string
  /** Path to the value in errors of the engine, such as `address.city`. */
  readonly path: string
  /** Name of the member of the object that contains the value. */
  readonly key: string
  readonly label: string
  /** Description, or an empty text. */
  readonly hint: string
  readonly isRequired: boolean
}

export interface FormField extends Part {
  readonly kind: 'field'
  readonly input: FormInput
  /** Whether `null` is a permitted value. */
  readonly isNullable: boolean
  /** Text before the visitor changes it: the default of the schema. */
  readonly initialText: string
}

export interface FormGroup extends Part {
  readonly kind: 'group'
  readonly parts: readonly FormPart[]
}

export type FormPart = FormField | FormGroup

/** Objects that are nested deeper are written as JSON. */
const MAX_DEPTH = 4
/** Maximum length of texts that have one line. */
const MAX_LINE_LENGTH = 200

/** Returns the parts of a form for an object, in the order of the schema. Null if the schema lists no members. */
export function formParts(schema: FormSchema): readonly FormPart[] | null {
  return partsBelow(schema, { pointer: '', path: '' }, 0)
}

function partsBelow(
  schema: FormSchema,
  above: Pick<Part, 'pointer' | 'path'>,
  depth: number,
): readonly FormPart[] | null {
  const { properties, required } = schema
  if (!isObject(properties) || Object.keys(properties).length === 0) return null
  const needed: readonly unknown[] = Array.isArray(required) ? required : []
  return Object.entries(properties).map(([key, member]) => {
    const each = isObject(member) ? member : {}
    const part = {
      pointer: `${above.pointer}/${key.replaceAll('~', '~0').replaceAll('/', '~1')}`,
      path: pathBelow(above.path, key),
      key,
      label: typeof each.title === 'string' && each.title !== '' ? each.title : key,
      hint: typeof each.description === 'string' ? each.description : '',
      isRequired: needed.includes(key),
    }
    const parts = each.type === 'object' && depth < MAX_DEPTH ? partsBelow(each, part, depth + 1) : null
    return parts === null ? fieldFor(each, part) : { ...part, kind: 'group', parts }
  })
}

function pathBelow(path: string, key: string): string {
  if (/^\d+$/.test(key)) return `${path}[${key}]`
  return path === '' ? key : `${path}.${key}`
}

function fieldFor(schema: FormSchema, part: Part): FormField {
  const types = Array.isArray(schema.type) ? schema.type : [schema.type]
  const [type, ...others] = types.filter((each) => each !== 'null')
  const isNullable = types.includes('null')
  const input = others.length > 0 ? ({ kind: 'json' } as const) : inputFor(schema, type)
  return { ...part, kind: 'field', input, isNullable, initialText: initialText(schema.default, input) }
}

function inputFor(schema: FormSchema, type: unknown): FormInput {
  const { const: only, format, maxLength } = schema
  const values = Array.isArray(schema.enum) ? schema.enum : only === undefined ? null : [only]
  if (values !== null) {
    const choices = values.map((value) => {
      const json = JSON.stringify(value)
      return { label: typeof value === 'string' ? value : json, json }
    })
    return { kind: 'choice', choices }
  }
  switch (type) {
    case 'string': {
      const isLong = typeof maxLength === 'number' && maxLength > MAX_LINE_LENGTH
      return { kind: 'text', type: format === 'date' ? 'date' : 'text', isLong }
    }
    case 'number':
    case 'integer':
      return { kind: 'number', isWhole: type === 'integer' }
    case 'boolean':
      return { kind: 'flag' }
    default:
      return { kind: 'json' }
  }
}

function initialText(value: unknown, { kind }: FormInput): string {
  if (value === undefined || value === null) return ''
  return kind === 'text' && typeof value === 'string' ? value : JSON.stringify(value)
}

function isObject(value: unknown): value is FormSchema {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
