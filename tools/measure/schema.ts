// Checks data against the part of JSON Schema that our published schemas use, so that they are what is enforced.

/** A schema, as far as it is understood here: an unknown word would be ignored, and the tests allow none. */
export interface Schema {
  readonly type?: string | readonly string[];
  readonly const?: unknown;
  readonly enum?: readonly unknown[];
  readonly minimum?: number;
  readonly exclusiveMinimum?: number;
  readonly maxLength?: number;
  readonly required?: readonly string[];
  readonly properties?: { readonly [name: string]: Schema };
  readonly additionalProperties?: boolean;
  readonly items?: Schema;
}

/** What is wrong with a value, and where in it; empty where it keeps the schema. */
export function mistakes(value: unknown, schema: Schema, at = ''): string[] {
  const { type, minimum, exclusiveMinimum, maxLength, items } = schema;
  const here = at || 'the value';
  if (type !== undefined && ![type].flat().some((name) => isOf(name, value)))
    return [`${here} must be of type ${[type].flat().join(' or ')}`];
  if (schema.const !== undefined && value !== schema.const)
    return [`${here} must be ${JSON.stringify(schema.const)}`];
  if (schema.enum && !schema.enum.includes(value))
    return [`${here} must be one of ${schema.enum.join(', ')}`];
  if (typeof value === 'number' && minimum !== undefined && value < minimum)
    return [`${here} must be at least ${minimum}`];
  if (typeof value === 'number' && exclusiveMinimum !== undefined && value <= exclusiveMinimum)
    return [`${here} must be above ${exclusiveMinimum}`];
  if (typeof value === 'string' && maxLength !== undefined && value.length > maxLength)
    return [`${here} must have at most ${maxLength} characters`];
  if (Array.isArray(value))
    return items ? value.flatMap((item, i) => mistakes(item, items, `${at}[${i}]`)) : [];
  return isOf('object', value)
    ? mistakesOfFields(value as { readonly [name: string]: unknown }, schema, at)
    : [];
}

function mistakesOfFields(
  value: { readonly [name: string]: unknown },
  { required = [], properties = {}, additionalProperties }: Schema,
  at: string,
): string[] {
  const path = (name: string) => (at ? `${at}.${name}` : name);
  return [
    ...required.filter((name) => !Object.hasOwn(value, name)).map((name) => `${path(name)} is missing`),
    ...Object.entries(value).flatMap(([name, field]) => {
      if (Object.hasOwn(properties, name)) return mistakes(field, properties[name], path(name));
      return additionalProperties === false ? [`${path(name)} is not a known field`] : [];
    }),
  ];
}

function isOf(type: string, value: unknown): boolean {
  if (type === 'array') return Array.isArray(value);
  if (type === 'object') return typeof value === 'object' && value !== null && !Array.isArray(value);
  if (type === 'integer') return Number.isInteger(value);
  if (type === 'number') return typeof value === 'number' && Number.isFinite(value);
  return typeof value === type;
}
