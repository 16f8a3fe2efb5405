/**
 * `node build/http/openapi.ts` writes `resources/openapi.json`: every HTTP face of the product, from the schemas that its servers
 * read requests with. Tests hold the servers to the file, and the file to this.
 */
import { writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { failureSchema } from '../../src/updater/model/generation.ts';
import { loopbackPaths } from './loopback.ts';
import { serverPaths } from './server.ts';
import { schemaOf, type Json } from './words.ts';

if (import.meta.main) writeFileSync(fileURLToPath(new URL('../../resources/openapi.json', import.meta.url)), openapiText());

/** The document's text: JSON, the same every time. */
export function openapiText(): string {
  return `${JSON.stringify(openapi(), null, 2)}\n`;
}

function openapi(): Json {
  const port = { port: { default: '0', description: 'Chosen by chance at every start.' } };
  return {
    openapi: '3.1.0',
    info: {
      title: 'Moult',
      version: '1.0.0',
      license: { name: 'MIT', identifier: 'MIT' },
      description:
        'The update server (`moult-release serve`), and the way in that a running program opens on 127.0.0.1 for its own windows and commands.',
    },
    paths: {
      ...at({ url: 'https://updates.example' }, serverPaths()),
      ...at({ url: 'http://127.0.0.1:{port}', variables: port }, loopbackPaths()),
    },
    components: {
      schemas: { Failure: schemaOf(failureSchema) },
      securitySchemes: { key: { type: 'http', scheme: 'bearer', description: 'Traded for a ticket, or read from a file of this user.' } },
    },
  };
}

/** Paths of one of the two faces: each says where it is found. */
function at(server: Json, paths: Readonly<Record<string, Json>>): Json {
  return Object.fromEntries(Object.entries(paths).map(([path, item]) => [path, { servers: [server], ...item }]));
}
