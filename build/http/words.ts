import { z } from 'zod';

/** A piece of the document. */
export type Json = Readonly<Record<string, unknown>>;

/** A JSON body that has to be there. */
export function body(schema: Json): Json {
  return { required: true, content: { 'application/json': { schema } } };
}

/** An answer that is a JSON object of exactly these properties. */
export function json(properties: Json): Json {
  const schema = { type: 'object', required: Object.keys(properties), properties, additionalProperties: false };
  return { description: 'The answer.', content: { 'application/json': { schema } } };
}

/** An answer without a body. */
export function empty(description: string): Json {
  return { description };
}

/** What may be sent, by the schema that it is read with. */
export function schemaOf(schema: z.ZodType): Json {
  const { $schema: _, ...rest } = z.toJSONSchema(schema, { io: 'input' });
  return rest;
}
